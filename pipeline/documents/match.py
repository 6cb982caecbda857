"""Which records a rule, notice or hold speaks of. Groups of territories are in `territories`."""

from functools import lru_cache

import msgspec

from pipeline.documents.territories import names_covering
from pipeline.vocabulary import UNKNOWN


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Lists of words, one per axis; an empty list is any. All axes must agree.

    Attributes:
        residency: ISO 3166 codes (`GB`; `US` covers `US-CA`), `EU`, `EEA` or `UNKNOWN`.
        purposes: DPV purposes.
        categories: DPV categories of personal data.
        lawful_bases: DPV lawful bases.
        sources: where the data came from, in the platform's own words.
    """

    residency: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    lawful_bases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether no axis is named, so that every record matches."""
        axes = (self.residency, self.purposes, self.categories, self.lawful_bases, self.sources)
        return not any(axes)

    def covers(
        self,
        *,
        residency: tuple[str, ...],
        purposes: tuple[str, ...],
        categories: tuple[str, ...],
        lawful_bases: tuple[str, ...],
        sources: tuple[str, ...],
        unknown_residency_covered: bool = False,
    ) -> bool:
        """Tell whether a record with these tags matches: some word in common on every named axis.

        Args:
            residency: as `tags.residency` gives it; empty means unknown.
            purposes: the record's purposes.
            categories: its categories.
            lawful_bases: its lawful bases.
            sources: its sources.
            unknown_residency_covered: True for a retention maximum, which fails closed: a record of
                unknown residency is then covered by every residency list, so that the strictest
                limit holds. False for what must name `UNKNOWN` to reach it: notices and holds.
        """
        if not (
            (not self.purposes or _overlap(self.purposes, purposes))
            and (not self.categories or _overlap(self.categories, categories))
            and (not self.lawful_bases or _overlap(self.lawful_bases, lawful_bases))
            and (not self.sources or _overlap(self.sources, sources))
        ):
            return False
        if not self.residency or (unknown_residency_covered and _is_unknown(residency)):
            return True
        return _resides(self.residency, residency or (UNKNOWN,))


def _overlap(named: tuple[str, ...], found: tuple[str, ...]) -> bool:
    # A loop rather than sets: both are a few words long, and this runs for every rule and record.
    for word in found:  # noqa: SIM110
        if word in named:
            return True
    return False


def _is_unknown(residency: tuple[str, ...]) -> bool:
    return not residency or UNKNOWN in residency


@lru_cache(maxsize=65_536)
def _resides(named: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return any(not names_covering(code).isdisjoint(named) for code in found)
