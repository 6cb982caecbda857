"""Fields of the data under a record's id, as the platform names them, and what each of them holds.

The platform's schema says so. What lies in no named field, or in one of no category, is not known
apart: it stays as long as the record.
"""

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.events import Field


class FieldCategory(NamedTuple):
    """That a field holds a category of personal data (DPV term)."""

    name: str
    category: str


def said_of_fields(fields: Iterable[Field]) -> tuple[FieldCategory, ...]:
    """Return what an event says of fields, one by one, in its order."""
    return tuple([FieldCategory(one.name, word) for one in fields for word in one.categories])


def categories_by_field(said: Iterable[FieldCategory]) -> dict[str, tuple[str, ...]]:
    """Return the categories of each field, in the order in which they are given."""
    found: dict[str, list[str]] = {}
    for name, category in said:
        found.setdefault(name, []).append(category)
    return {name: tuple(words) for name, words in found.items()}
