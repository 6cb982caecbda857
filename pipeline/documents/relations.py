"""How two matches relate: whether one covers all of the other, and whether both may meet."""

from collections.abc import Callable, Iterator

from pipeline.documents.match import Match
from pipeline.documents.territories import CHANGES, GROUPS, members, names_covering
from pipeline.vocabulary import (
    CATEGORY_TAXONOMY,
    LAWFUL_BASIS_TAXONOMY,
    PURPOSE_TAXONOMY,
    UNKNOWN,
    Taxonomy,
)

_LATEST = CHANGES[-1]
"""Memberships are asked as they are now."""

Covers = Callable[[str, str], bool]
"""Whether the first word covers the second."""
Axis = tuple[tuple[str, ...], tuple[str, ...], Covers]


def covers_all(wide: Match, narrow: Match, *, unknown: bool = True) -> bool:
    """Whether every record that the narrow match means is meant by the wide one too.

    Args:
        wide: the one that may cover.
        narrow: the one that may be covered.
        unknown: whether the wide one means unknown residency without naming it, as maxima do and
            minima do not.
    """
    return all(
        not some or (bool(few) and all(any(covers(one, word) for one in some) for word in few))
        for some, few, covers in _axes(wide, narrow, unknown=unknown)
    )


def may_meet(one: Match, other: Match) -> bool:
    """Whether a record of one person, purpose, basis and source may be meant by both.

    A record often has several categories: two of them never keep matches apart.
    """
    purposes = _share(one.purposes, other.purposes, PURPOSE_TAXONOMY)
    bases = _share(one.lawful_bases, other.lawful_bases, LAWFUL_BASIS_TAXONOMY)
    places = ((one.residency, other.residency), (one.present, other.present))
    sources = not one.sources or not other.sources or set(one.sources) & set(other.sources)
    return (
        purposes
        and bases
        and bool(sources)
        and all(
            not some
            or not few
            or any(_place_covers(a, b) or _place_covers(b, a) for a in some for b in few)
            for some, few in places
        )
    )


def _share(some: tuple[str, ...], few: tuple[str, ...], taxonomy: Taxonomy) -> bool:
    """Whether one term may lie below a word of each list."""
    if not some or not few:
        return True
    return any(
        not above.isdisjoint(some) and not above.isdisjoint(few)
        for above in map(taxonomy.ancestors, taxonomy.terms)
    )


def _axes(one: Match, other: Match, *, unknown: bool) -> Iterator[Axis]:
    places = _place_covers if unknown else _known_place_covers
    yield one.residency, other.residency, places
    yield one.present, other.present, places
    yield one.purposes, other.purposes, PURPOSE_TAXONOMY.covers
    yield one.categories, other.categories, CATEGORY_TAXONOMY.covers
    yield one.lawful_bases, other.lawful_bases, LAWFUL_BASIS_TAXONOMY.covers
    yield one.sources, other.sources, str.__eq__


def _known_place_covers(wide: str, narrow: str) -> bool:
    return wide == narrow if narrow == UNKNOWN else _place_covers(wide, narrow)


def _place_covers(wide: str, narrow: str) -> bool:
    if wide == narrow or narrow == UNKNOWN:
        return True  # every rule covers unknown residency
    if narrow in GROUPS:
        return all(_place_covers(wide, code) for code in members(narrow, _LATEST))
    return wide in names_covering(narrow, _LATEST)
