"""First pass: the YAML forms of documents, as pydantic models that refuse unknown keys.

Values are still text here; `meaning` reads them. What pydantic finds is said in our words in
`complaints`.
"""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)


def _listed(value: object) -> object:
    # One word stands for a list of one; a key with nothing after it must not mean "any".
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def _joined(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _printable(text: str) -> str:
    # Invisible and direction-changing characters would let a text read other than it is.
    if not text.isprintable():
        message = "printable"
        raise ValueError(message)
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""An id: it becomes part of causes and topic names."""
Version = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,15}$")]
AtMost = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,15}|[0-9]{1,2}(\.[0-9])?%)$")]
Count = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$")]
Weight = Annotated[str, StringConstraints(pattern=r"^(0|1|0\.[0-9]{1,3}|1\.0{1,3})$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,2000}$")]
Word = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_printable)]
Prose = Annotated[
    str, BeforeValidator(_joined), Field(min_length=1, max_length=2_000), AfterValidator(_printable)
]
OpaqueId = Annotated[str, Field(min_length=1, max_length=512)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed), Field(min_length=1, max_length=1_000)]
Ids = Annotated[tuple[OpaqueId, ...], BeforeValidator(_listed), Field(min_length=1)]


class Shape(BaseModel):
    """What all forms share: unknown keys are refused, values do not change.

    An optional text left out is empty. None is no default anywhere: a key with nothing after it is
    a slip, and `at_most:` or `collected_before:` would silently mean "without limit".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class CitationShape(Shape):
    """`{law: UK GDPR, article: "5(1)(e)", url: https://…, jurisdiction: GB}`."""

    law: Word
    article: Word
    url: Url = ""
    jurisdiction: Word = ""


class MatchShape(Shape):
    """`{residency: [GB], present: [FR], purpose: [dpv:…], category: [pd:…], …, source: […]}`."""

    residency: Words = ()
    present: Words = ()
    purpose: Words = ()
    category: Words = ()
    lawful_basis: Words = ()
    source: Words = ()


class DefaultShape(Shape):
    """`{limit: P30D, citation: …}`."""

    limit: Word
    citation: CitationShape
    counting: Word = "event_day_excluded"


class RuleShape(Shape):
    """One entry of `rules`."""

    id: Name
    match: MatchShape
    clock: Word
    limit: Word
    citation: CitationShape
    mode: Word
    counting: Word = "event_day_excluded"
    zone: Word = ""
    roll: Word = "none"
    action: Word = "delete"
    bound: Word = "maximum"
    at_most: AtMost = ""


class StoreShape(Shape):
    """One entry of `stores`."""

    lead: Word = "P1D"
    answer_within: Word = "P1D"
    per_minute: Count = ""


class SignalShape(Shape):
    """One entry of `residency: {signals: …}`: what differs from the default."""

    group: Word = ""
    resident: Weight = ""
    present: Weight = ""
    repeated: Weight = ""
    lasts: Word = ""


class MethodShape(Shape):
    """`residency: {method: acme/2, resident_from: 0.8, signals: {…}}`."""

    method: Word
    resident_from: Weight = ""
    likely_from: Weight = ""
    agreeing_from: Weight = ""
    signals: Annotated[dict[Word, SignalShape], Field(max_length=100)] = {}


NO_METHOD = MethodShape.model_construct(method="")
"""Stands for a method left out: no method that is given has an empty name."""


def _use(value: object) -> object:
    # `us-il-bipa/1` stands for `{pack: us-il-bipa/1}`.
    return {"pack": value} if isinstance(value, str) else value


class PackUseShape(Shape):
    """One entry of `packs`: a name, or `{pack: us-il-bipa/1, mode: observe, at_most: 1%}`."""

    pack: Word
    mode: Word = ""
    at_most: AtMost = ""


class PackShape(Shape):
    """A pack as it is shipped: a file that begins with `pack: NAME`."""

    pack: Name
    version: Version
    title: Prose
    zone: Word
    rules: Annotated[tuple[RuleShape, ...], Field(min_length=1)]


class PolicyShape(Shape):
    """A file that begins with `policy: ID`."""

    policy: Name
    version: Version
    zone: Word
    default: DefaultShape
    rules: Annotated[tuple[RuleShape, ...], Field(max_length=1_000)] = ()
    stores: Annotated[dict[Name, StoreShape], Field(max_length=1_000)] = {}
    effective_from: Word = ""
    residency: MethodShape = NO_METHOD
    packs: Annotated[
        tuple[Annotated[PackUseShape, BeforeValidator(_use)], ...], Field(max_length=100)
    ] = ()


class StepShape(Shape):
    """One entry of a notice's `steps`: with two instants, or with `after` and `within`."""

    id: Name
    action: Word
    not_before: Word = ""
    complete_by: Word = ""
    after: Word = ""
    within: Word = ""
    while_suspended: Word = "lift"


class AppealShape(Shape):
    """`{window: P28D, suspends: yes, zone: Europe/London, calendar: GB-ENG}`."""

    window: Word
    suspends: Word
    zone: Word
    calendar: Word = "NONE"


NO_APPEAL = AppealShape.model_construct(window="")
"""Stands for `appeal` left out: no window that is given is empty."""


class HappeningShape(Shape):
    """One entry of a notice's `life`."""

    happened: Word
    at: Word
    note: Prose = ""


class NoticeShape(Shape):
    """A file that begins with `notice: ID`."""

    notice: Name
    version: Version
    authority: Word
    citation: CitationShape
    match: MatchShape
    steps: Annotated[tuple[StepShape, ...], Field(min_length=1, max_length=1_000)] = ()
    kind: Word = "enforcement"
    mode: Word = "enforce"
    state: Word = "in_force"
    served: Word = ""
    urgent: Word = "no"
    appeal: AppealShape = NO_APPEAL
    life: Annotated[tuple[HappeningShape, ...], Field(max_length=100)] = ()
    collected_before: Word = ""
    unknown: Word = "restrict"


class HoldShape(Shape):
    """A file that begins with `hold: ID`."""

    hold: Name
    version: Version
    reason: Prose
    state: Word = "active"
    records: Ids = ()
    subjects: Ids = ()
    match: MatchShape = MatchShape()


class ControlShape(Shape):
    """A file that begins with `control: SCOPE`."""

    control: Word
    version: Version
    action: Word
    reason: Prose


DocumentShape = PolicyShape | NoticeShape | HoldShape | ControlShape

SHAPES: dict[str, type[DocumentShape]] = {
    "policy": PolicyShape,
    "notice": NoticeShape,
    "hold": HoldShape,
    "control": ControlShape,
}
"""First key of a document to its form."""

PARTS: dict[str, type[Shape]] = {
    "default": DefaultShape,
    "citation": CitationShape,
    "match": MatchShape,
    "rules": RuleShape,
    "steps": StepShape,
    "appeal": AppealShape,
    "life": HappeningShape,
    "stores": StoreShape,
    "packs": PackUseShape,
    "residency": MethodShape,
    "signals": SignalShape,
}
"""Key under which a part stands to its form."""
