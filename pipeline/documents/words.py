"""Words of a document checked against the vocabulary, with the nearest known one as the remedy."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeVar

import pycountry

from pipeline.documents.form import MatchShape
from pipeline.documents.match import Match
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.territories import GROUPS, residency_entry
from pipeline.errors import InvalidInput
from pipeline.vocabulary import (
    CATEGORY_TAXONOMY,
    LAWFUL_BASIS_TAXONOMY,
    PURPOSE_TAXONOMY,
    UNKNOWN,
    Taxonomy,
)

W = TypeVar("W", bound=str)

_SHOWN = 60


def known_word(word: str, known: Iterable[W], path: Path, notes: Notes) -> W | None:
    """Return the word, or note that it is unknown and which it may have been meant to be."""
    found = next((candidate for candidate in known if candidate == word), None)
    if found is not None or notes.is_full:
        return found
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    what = f"`{key}`: `{word[:_SHOWN]}` is not in the vocabulary"
    notes.add(path, what=what, remedy=_nearest(word, known))
    return None


def _nearest(word: str, known: Iterable[str]) -> str:
    # Prefixes (`dpv:`) are set aside, so that a word without one is found, and case does not count.
    bare: dict[str, str] = {}
    for candidate in sorted(known):
        bare.setdefault(candidate.rpartition(":")[2].lower(), candidate)
    close = get_close_matches(word[:_SHOWN].rpartition(":")[2].lower(), bare, 1, 0.6)
    if close:
        return f"did you mean `{bare[close[0]]}`?"
    shown = sorted(known)
    more = "" if len(shown) <= 8 else f" and {len(shown) - 8} more in pipeline/vocabulary"
    return f"known are: {', '.join(shown[:8])}{more}"


def read_match(shape: MatchShape, path: Path, notes: Notes) -> Match:
    """Read what a document matches; unknown words are noted and left out."""
    axes = {
        "purpose": (shape.purpose, PURPOSE_TAXONOMY),
        "category": (shape.category, CATEGORY_TAXONOMY),
        "lawful_basis": (shape.lawful_basis, LAWFUL_BASIS_TAXONOMY),
    }
    words = {
        key: _known_only(
            _term(word, taxonomy, (*path, key, at), notes) for at, word in enumerate(given)
        )
        for key, (given, taxonomy) in axes.items()
    }
    return Match(
        residency=_territories(shape.residency, (*path, "residency"), notes),
        present=_territories(shape.present, (*path, "present"), notes),
        purposes=words["purpose"],
        categories=words["category"],
        lawful_bases=words["lawful_basis"],
        sources=_known_only(shape.source),
    )


def _known_only(words: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({word for word in words if word is not None}))


def _term(word: str, taxonomy: Taxonomy, path: Path, notes: Notes) -> str | None:
    normal = taxonomy.normal(word)
    return normal or known_word(word, taxonomy.terms, path, notes)


def _territories(words: Iterable[str], path: Path, notes: Notes) -> tuple[str, ...]:
    return _known_only(residency(word, (*path, at), notes) for at, word in enumerate(words))


def residency(word: str, path: Path, notes: Notes, *, unknown: bool = True) -> str | None:
    """Return a territory, group or UNKNOWN in its normal form, or note what is wrong with it.

    Args:
        word: what is written.
        path: where.
        notes: where problems go.
        unknown: whether UNKNOWN may be written.
    """
    try:
        return residency_entry(word, unknown=unknown)
    except InvalidInput as error:
        key = next((part for part in reversed(path) if isinstance(part, str)), "residency")
        what = str(error).partition("; ")[0]
        others = (*GROUPS, UNKNOWN) if unknown else GROUPS
        remedy = f"write an ISO 3166 code, {', '.join(others[:-1])} or {others[-1]}"
        code = None if notes.is_full or word == UNKNOWN else _code_of(word)
        if code is not None:
            remedy = f"did you mean `{code}`?"
        notes.add(path, what=f"`{key}`: {what}", remedy=remedy)
        return None


def _code_of(word: str) -> str | None:
    """Return the code that a country's name, three-letter code or a lower-case code stands for."""
    for candidate in (word.upper(), word.upper().replace("_", "-")):
        try:
            return residency_entry(candidate)
        except InvalidInput:
            continue
    try:
        return str(pycountry.countries.lookup(word[:_SHOWN]).alpha_2)
    except LookupError:
        return None


def read_purpose(word: str, path: Path, notes: Notes) -> str:
    """Return a purpose in its normal form; the word itself where there is none, which is noted."""
    known = PURPOSE_TAXONOMY.normal(word)
    if known is None:
        what = f"`{word[:60]}` is no purpose of the vocabulary"
        notes.add(path, what=what, remedy="name one of DPV 2.3, e.g. dpv:Marketing")
    return known or word
