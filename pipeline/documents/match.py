"""Which records a rule, notice or hold speaks of, and how surely.

Groups of territories are in `territories`, hierarchies of words in `vocabulary`.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol

import msgspec

from pipeline.documents.territories import names_covering
from pipeline.instants import Instant
from pipeline.vocabulary import (
    CATEGORY_TAXONOMY,
    LAWFUL_BASIS_TAXONOMY,
    PURPOSE_TAXONOMY,
    UNKNOWN,
    Taxonomy,
)


class Reach(IntEnum):
    """How surely a document speaks of a record; what follows is for `rules` to say."""

    NO = 0
    UNKNOWN = 1
    """Nothing is concluded of somebody's residency, and evidence hints elsewhere."""
    POSSIBLE = 2
    """Nothing is concluded, and either nothing hints anywhere or something hints here."""
    LIKELY = 3
    CERTAIN = 4


class HasBand(Protocol):
    """A tag as `tags.Tag` is."""

    @property
    def territory(self) -> str:
        """ISO 3166 code."""
        ...

    @property
    def band(self) -> str:
        """How sure: LIKELY, or RESIDENT or PRESENT."""
        ...


class Concluded(Protocol):
    """What is concluded of an axis, as `tags.Conclusion` is."""

    @property
    def tags(self) -> Sequence[HasBand]:
        """Conclusions."""
        ...

    @property
    def candidates(self) -> tuple[str, ...]:
        """Territories that evidence hints at."""
        ...

    @property
    def unknown(self) -> bool:
        """Whether nothing is concluded of somebody."""
        ...

    @property
    def groundless(self) -> bool:
        """Whether nothing hints at any territory of somebody."""
        ...

    @property
    def coarse(self) -> Sequence[str]:
        """Countries of which, for somebody, no subdivision is named as surely."""
        ...


class Judged(Protocol):
    """Both axes, as `tags.Residency` is."""

    @property
    def resident(self) -> Concluded:
        """Where people reside."""
        ...

    @property
    def present(self) -> Concluded:
        """Where people are."""
        ...


class Matchable(Protocol):
    """The words of a record that a match looks at; `records.Record` has them."""

    @property
    def purposes(self) -> tuple[str, ...]:
        """Why it is held."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """What it is."""
        ...

    @property
    def lawful_bases(self) -> tuple[str, ...]:
        """By what right it is held."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it came from."""
        ...


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Lists of words, one per axis; an empty list is any. All axes must agree.

    A word covers what lies below it: `EU` covers `FR`, `dpv:Marketing` what is marketing.

    Attributes:
        residency: where people reside: ISO 3166 codes (`GB`; `US` covers `US-CA`), `EU`, `EEA` or
            `UNKNOWN`.
        present: where people are, likewise. Notices that speak of people "located in" use it.
        purposes: DPV purposes.
        categories: DPV categories of personal data.
        lawful_bases: DPV lawful bases.
        sources: where the data came from, in the platform's own words.
    """

    residency: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    lawful_bases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether no axis is named, so that every record matches."""
        return not any(msgspec.structs.astuple(self))

    def reach(self, record: Matchable, judged: Judged, at: Instant) -> Reach:
        """Tell how surely a record is meant.

        Args:
            record: its words; those of its axes that are named must have one in common.
            judged: its residency.
            at: when membership of territories in groups is asked.
        """
        if not (
            _overlap(self.purposes, record.purposes, PURPOSE_TAXONOMY)
            and _overlap(self.categories, record.categories, CATEGORY_TAXONOMY)
            and _overlap(self.lawful_bases, record.lawful_bases, LAWFUL_BASIS_TAXONOMY)
            and (not self.sources or not set(self.sources).isdisjoint(record.sources))
        ):
            return Reach.NO
        return min(
            _placed(self.residency, judged.resident, at), _placed(self.present, judged.present, at)
        )


def _overlap(named: tuple[str, ...], found: tuple[str, ...], taxonomy: Taxonomy) -> bool:
    if not named:
        return True
    return any(not taxonomy.ancestors(word).isdisjoint(named) for word in found)


def _placed(named: tuple[str, ...], concluded: Concluded, at: Instant) -> Reach:
    if not named or (UNKNOWN in named and concluded.unknown):
        return Reach.CERTAIN
    reach = Reach.NO
    for tag in concluded.tags:
        if not names_covering(tag.territory, at).isdisjoint(named):
            reach = max(reach, Reach.LIKELY if tag.band == "LIKELY" else Reach.CERTAIN)
        elif _inside(tag.territory, named, concluded):
            reach = max(reach, Reach.POSSIBLE)
    if concluded.unknown:
        reach = max(reach, Reach.POSSIBLE if _plausible(named, concluded, at) else Reach.UNKNOWN)
    return reach


def _plausible(named: tuple[str, ...], concluded: Concluded, at: Instant) -> bool:
    return concluded.groundless or any(
        not names_covering(place, at).isdisjoint(named) or _inside(place, named, concluded)
        for place in concluded.candidates
    )


def _inside(place: str, named: tuple[str, ...], concluded: Concluded) -> bool:
    """Whether somebody in a country may be in a subdivision that is named."""
    return place in concluded.coarse and any(word.startswith(f"{place}-") for word in named)
