"""How two matches relate: whether one covers all of the other, and whether both may meet."""

from collections.abc import Callable, Iterator

from pipeline.documents.match import Match
from pipeline.documents.territories import CHANGES, GROUPS, members, names_covering
from pipeline.vocabulary import (
    CATEGORY_TAXONOMY,
    LAWFUL_BASIS_TAXONOMY,
    PURPOSE_TAXONOMY,
    UNKNOWN,
)

_LATEST = CHANGES[-1]
"""Memberships are asked as they are now."""

Covers = Callable[[str, str], bool]
"""Whether the first word covers the second."""
Axis = tuple[tuple[str, ...], tuple[str, ...], Covers]


def covers_all(wide: Match, narrow: Match) -> bool:
    """Whether every record that the narrow match means is meant by the wide one too."""
    return all(
        not some or (bool(few) and all(any(covers(one, word) for one in some) for word in few))
        for some, few, covers in _axes(wide, narrow)
    )


def may_meet(one: Match, other: Match) -> bool:
    """Whether some record may be meant by both."""
    return all(
        not some or not few or any(covers(a, b) or covers(b, a) for a in some for b in few)
        for some, few, covers in _axes(one, other)
    )


def _axes(one: Match, other: Match) -> Iterator[Axis]:
    yield one.residency, other.residency, _place_covers
    yield one.present, other.present, _place_covers
    yield one.purposes, other.purposes, PURPOSE_TAXONOMY.covers
    yield one.categories, other.categories, CATEGORY_TAXONOMY.covers
    yield one.lawful_bases, other.lawful_bases, LAWFUL_BASIS_TAXONOMY.covers
    yield one.sources, other.sources, str.__eq__


def _place_covers(wide: str, narrow: str) -> bool:
    if wide == narrow or narrow == UNKNOWN:
        return True  # every rule covers unknown residency
    if narrow in GROUPS:
        return all(_place_covers(wide, code) for code in members(narrow, _LATEST))
    return wide in names_covering(narrow, _LATEST)
