"""First pass: the YAML forms of documents, as pydantic models that refuse unknown keys.

Values are still text here; `meaning` reads them. What pydantic finds is said in our words in
`complaints`.
"""

from typing import Annotated

from pydantic import Field

from pipeline.documents.form import (
    NO_CITATION,
    CitationShape,
    Ids,
    MatchShape,
    Name,
    Prose,
    Shape,
    Version,
    Word,
    Words,
)
from pipeline.documents.policy_form import (
    DefaultShape,
    InformShape,
    LawfulnessShape,
    MethodShape,
    PackUseShape,
    PolicyShape,
    RuleShape,
    SignalShape,
    StoreShape,
)


class StepShape(Shape):
    """One entry of a notice's `steps`: with two instants, or with `after` and `within`."""

    id: Name
    action: Word
    not_before: Word = ""
    complete_by: Word = ""
    after: Word = ""
    within: Word = ""
    while_suspended: Word = "lift"
    tell: Ids = ()
    uses: Words = ()


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
    reach: Word = ""


class ClockShape(Shape):
    """`{within: P1M, extended: P3M, roll: next_working_day}`: of a law that is not known here."""

    within: Word
    extended: Word = ""
    roll: Word = "none"


NO_CLOCK = ClockShape.model_construct(within="")
"""Stands for `clock` left out: no time that is given is empty."""


class ExtendedShape(Shape):
    """`{at: 2026-10-01T09:00:00Z, reason: …}`."""

    at: Word
    reason: Prose


NOT_EXTENDED = ExtendedShape.model_construct(at="")
"""Stands for `extended` left out: no instant that is given is empty."""


class RefusalShape(Shape):
    """One entry of a request's `refused`."""

    code: Word
    records: Ids = ()
    match: MatchShape = MatchShape()
    note: Prose = ""


class RequestShape(Shape):
    """A file that begins with `request: ID`."""

    request: Name
    version: Version
    kind: Word
    state: Word
    received: Word
    law: Word = ""
    citation: CitationShape = NO_CITATION
    clock: ClockShape = NO_CLOCK
    zone: Word = ""
    calendar: Word = ""
    identified: Word = ""
    extended: ExtendedShape = NOT_EXTENDED
    answered: Word = ""
    subjects: Ids = ()
    records: Ids = ()
    match: MatchShape = MatchShape()
    collected_before: Word = ""
    refused: Annotated[tuple[RefusalShape, ...], Field(max_length=100)] = ()


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


DocumentShape = PolicyShape | NoticeShape | HoldShape | RequestShape | ControlShape

SHAPES: dict[str, type[DocumentShape]] = {
    "policy": PolicyShape,
    "notice": NoticeShape,
    "hold": HoldShape,
    "request": RequestShape,
    "control": ControlShape,
}
"""First key of a document to its form."""

PARTS: dict[str, type[Shape]] = {
    "default": DefaultShape,
    "citation": CitationShape,
    "match": MatchShape,
    "rules": RuleShape,
    "inform": InformShape,
    "lawfulness": LawfulnessShape,
    "steps": StepShape,
    "appeal": AppealShape,
    "clock": ClockShape,
    "extended": ExtendedShape,
    "refused": RefusalShape,
    "life": HappeningShape,
    "stores": StoreShape,
    "packs": PackUseShape,
    "residency": MethodShape,
    "signals": SignalShape,
}
"""Key under which a part stands to its form."""
