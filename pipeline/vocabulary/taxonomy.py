"""Taxonomies: terms with their wider terms, read once from the tables beside this file.

A table has one term a row and its direct parents; `fideslang.csv` gives the nearest term for each
key of another vocabulary. `SOURCES.md` says where the tables come from.
"""

import csv
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from typing import Literal

import msgspec

from pipeline.errors import InvalidInput

Axis = Literal["category", "purpose"]
AXES: tuple[Axis, ...] = ("category", "purpose")
"""Which taxonomy a row of `fideslang.csv` belongs to."""

NAMESPACES: Mapping[str, str] = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
}
"""The prefixes that terms are written with, and the IRI that each stands for."""


class Taxonomy(msgspec.Struct, frozen=True, eq=False):
    """Terms and what is above them. Made by `load` or `build`, which check them.

    Attributes:
        terms: the canonical words, e.g. `dpv:Marketing`.
        names: every accepted word, with the term it stands for: terms, their IRIs, keys, aliases.
        above: for each term, itself and all its ancestors.
    """

    terms: frozenset[str]
    names: dict[str, str]
    above: dict[str, frozenset[str]]

    def normal(self, word: str) -> str | None:
        """Return the term that a word stands for, or None if the word is unknown.

        Exact: another case, spaces, or a name without its prefix are unknown.
        """
        return self.names.get(word)

    def ancestors(self, term: str) -> frozenset[str]:
        """Return a term and everything above it.

        Raises:
            InvalidInput: this is no term; normalise words first.
        """
        try:
            return self.above[term]
        except KeyError:
            raise _no_term(term) from None

    def covers(self, wide: str, narrow: str) -> bool:
        """Tell whether `wide` is `narrow` or an ancestor of it.

        Raises:
            InvalidInput: one of them is no term; normalise words first.
        """
        if wide in self.ancestors(narrow):
            return True
        if wide not in self.above:
            raise _no_term(wide)
        return False


def load(
    table: str, axis: Axis | None = None, aliases: Mapping[str, str] | None = None
) -> Taxonomy:
    """Read a taxonomy from this package, with the fideslang keys of an axis.

    Args:
        table: name of the table without its ending, e.g. `purposes`.
        axis: whose keys are accepted beside the terms; none if left out.
        aliases: further words, with the term that each stands for.

    Raises:
        InvalidInput: a table is broken; see `read_parents`, `read_keys` and `build`.
    """
    words = dict(aliases or {})
    if axis is not None:
        words |= read_keys("fideslang.csv", _text("fideslang.csv"), axis)
    name = f"{table}.csv"
    return build(name, read_parents(name, _text(name)), words)


def build(name: str, wider: Mapping[str, tuple[str, ...]], words: Mapping[str, str]) -> Taxonomy:
    """Make a taxonomy from direct parents.

    Args:
        name: what complaints call it.
        wider: for each term its direct parents; empty for a root.
        words: further accepted words, with the term that each stands for.

    Raises:
        InvalidInput: a parent or the term of a word is unknown, parents go round in a circle, or a
            word is a term already.
    """
    for term, above in wider.items():
        for parent in above:
            if parent not in wider:
                raise InvalidInput(
                    f"`{name}`: `{parent}`, the parent of `{term}`, is no term of it"
                )
    for word, term in words.items():
        if term not in wider:
            raise InvalidInput(f"`{name}`: `{term}`, which `{word}` stands for, is no term of it")
        if word in wider:
            raise InvalidInput(f"`{name}`: `{word}` is a term and cannot stand for `{term}`")
    names = dict(words)
    for term in wider:
        names[term] = names[iri(term)] = term
    return Taxonomy(frozenset(wider), names, _closure(name, wider))


def iri(term: str) -> str:
    """Write a term in full: `pd:Picture` is `https://w3id.org/dpv/pd#Picture`.

    Raises:
        InvalidInput: the term has no known prefix.
    """
    prefix, colon, name = term.partition(":")
    if not colon or not name or prefix not in NAMESPACES:
        known = ", ".join(f"`{prefix}:`" for prefix in NAMESPACES)
        raise InvalidInput(f"`{term[:80]}` does not begin with {known} and a name")
    return NAMESPACES[prefix] + name


def read_parents(name: str, text: str) -> dict[str, tuple[str, ...]]:
    """Read a table of terms: columns `term` and `parents`, parents separated by spaces.

    Raises:
        InvalidInput: another heading, a row of another length, a term that is there twice or has no
            known prefix.
    """
    found: dict[str, tuple[str, ...]] = {}
    for line, (term, above) in _rows(name, text, ("term", "parents")):
        if term in found:
            raise InvalidInput(f"`{name}` line {line}: `{term}` is there twice")
        try:
            iri(term)
        except InvalidInput as problem:
            raise InvalidInput(f"`{name}` line {line}: {problem}") from None
        found[term] = tuple(above.split())
    return found


def read_keys(name: str, text: str, axis: Axis) -> dict[str, str]:
    """Read one axis of a table of keys: columns `axis`, `key` and `term`.

    Raises:
        InvalidInput: another heading, a row of another length, an unknown axis, or a key that is
            there twice.
    """
    found: dict[str, str] = {}
    for line, (of, key, term) in _rows(name, text, ("axis", "key", "term")):
        if of not in AXES:
            raise InvalidInput(f"`{name}` line {line}: `{of}` is not one of {', '.join(AXES)}")
        if of != axis:
            continue
        if key in found:
            raise InvalidInput(f"`{name}` line {line}: `{key}` is there twice")
        found[key] = term
    return found


def _rows(name: str, text: str, heading: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Give each row with its line number, after the heading."""
    lines = csv.reader(text.splitlines())
    if next(lines, None) != list(heading):
        raise InvalidInput(f"`{name}` line 1: the heading must be `{','.join(heading)}`")
    for row in lines:
        if len(row) != len(heading):
            raise InvalidInput(
                f"`{name}` line {lines.line_num}: {len(row)} columns instead of {len(heading)}"
            )
        yield lines.line_num, row


def _closure(name: str, wider: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Return for each term itself and all its ancestors, each wider term worked out first."""
    above: dict[str, frozenset[str]] = {}
    try:
        for term in TopologicalSorter(wider).static_order():
            above[term] = frozenset({term}).union(*(above[parent] for parent in wider[term]))
    except CycleError as problem:
        circle = " < ".join(f"`{term}`" for term in reversed(problem.args[1]))
        raise InvalidInput(f"`{name}`: parents go round in a circle: {circle}") from None
    return above


def _text(name: str) -> str:
    return (files("pipeline.vocabulary") / name).read_text(encoding="utf-8")


def _no_term(word: str) -> InvalidInput:
    return InvalidInput(f"`{word[:80]}` is no term of this taxonomy; normalise words first")
