"""First pass for policies and packs: their YAML forms. See `shape`."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from pipeline.documents.form import (
    AtMost,
    CitationShape,
    Count,
    MatchShape,
    Name,
    Prose,
    Shape,
    Version,
    Weight,
    Word,
    Words,
)


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


class InformShape(Shape):
    """One entry of `inform`."""

    id: Name
    match: MatchShape
    within: Word
    citation: CitationShape
    mode: Word
    counting: Word = "event_day_excluded"
    zone: Word = ""


class LawfulnessShape(InformShape):
    """One entry of `lawfulness`."""

    requires: Word
    purposes: Words = ()


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
    signals: dict[Word, SignalShape] = Field(default_factory=dict, max_length=100)


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
    stores: dict[Name, StoreShape] = Field(default_factory=dict, max_length=1_000)
    inform: Annotated[tuple[InformShape, ...], Field(max_length=100)] = ()
    lawfulness: Annotated[tuple[LawfulnessShape, ...], Field(max_length=100)] = ()
    effective_from: Word = ""
    tombstones: Word = "P6Y"
    notifier: Word = ""
    residency: MethodShape = NO_METHOD
    packs: Annotated[
        tuple[Annotated[PackUseShape, BeforeValidator(_use)], ...], Field(max_length=100)
    ] = ()
