"""What lies in quarantine: pointers to messages that could not be read, and which were replayed.

A replay is marked on the topic of the quarantine, as a pointer to the same place whose reason is
`replayed`: it outlives the pointer that it marks.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipeline.documents import check_author
from pipeline.errors import InvalidInput
from pipeline.findings import Quarantined
from pipeline.instants import Instant

REPLAYED = "replayed"
"""Reason of the pointer that marks a replay; no decoder gives it."""


class Place(NamedTuple):
    """Where a message lies."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Write as `TOPIC/PARTITION/OFFSET`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Unread(msgspec.Struct, frozen=True):
    """A message that could not be read; `replayed_at` None: it was not published again."""

    pointer: Quarantined
    replayed_at: Instant | None = None
    replayed_by: str = ""

    @property
    def place(self) -> Place:
        """Where it lies."""
        return place_of(self.pointer)


def place_of(pointer: Quarantined) -> Place:
    """Return where the message of a pointer lies."""
    return Place(pointer.topic, pointer.partition, pointer.offset)


def unread(pointers: Iterable[Quarantined]) -> tuple[Unread, ...]:
    """Return what lies in quarantine, each place once, in the order in which it came.

    Args:
        pointers: and marks, in the order of their topic.
    """
    found: dict[Place, Quarantined] = {}
    marks: dict[Place, Quarantined] = {}
    for pointer in pointers:
        if pointer.reason == REPLAYED:
            marks[place_of(pointer)] = pointer
        else:
            found.setdefault(place_of(pointer), pointer)
    return tuple(
        [
            Unread(pointer, marks[place].at, marks[place].detail)
            if place in marks
            else Unread(pointer)
            for place, pointer in found.items()
        ]
    )


def mark(item: Unread, author: str, at: Instant) -> Quarantined:
    """Return the pointer that marks a message as replayed by somebody at an instant.

    Raises:
        InvalidInput: the author is empty, too long or holds invisible characters.
    """
    check_author(author)
    return msgspec.structs.replace(item.pointer, reason=REPLAYED, detail=author, at=at)


def by_reason(items: Iterable[Unread]) -> dict[str, int]:
    """Count what was not replayed, by reason, most first."""
    return dict(
        Counter(one.pointer.reason for one in items if one.replayed_at is None).most_common()
    )


def parse_place(text: str) -> Place:
    """Read `TOPIC/PARTITION/OFFSET`.

    Raises:
        InvalidInput: it is not written so.
    """
    topic, _, rest = text.partition("/")
    partition, _, offset = rest.partition("/")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        raise InvalidInput(
            f"`{text[:80]}` is not the place of a message; write TOPIC/PARTITION/OFFSET, as "
            "`retention quarantine list` shows it"
        )
    return Place(topic, int(partition), int(offset))
