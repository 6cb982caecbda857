"""What lies in quarantine: pointers to messages that could not be read, and which were replayed.

What was done about a message is marked on the topic of the quarantine, as a pointer to the same
place whose reason is `replayed` or `dismissed`: it outlives the pointer that it marks.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipeline.documents import check_author, check_reason
from pipeline.errors import InvalidInput
from pipeline.findings import Quarantined
from pipeline.instants import Instant

REPLAYED = "replayed"
"""Reason of the pointer that marks a replay; no decoder gives it."""
DISMISSED = "dismissed"
"""Reason of the pointer that marks what needs no replay; no decoder gives it."""


class Place(NamedTuple):
    """Where a message lies."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Write as `TOPIC/PARTITION/OFFSET`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Unread(msgspec.Struct, frozen=True):
    """A message that could not be read.

    Attributes:
        pointer: where it lies, and why it could not be read.
        replayed_at: when it was published again; None: it was not.
        replayed_by: by whom.
        dismissed_at: when somebody said that it needs no replay; None: nobody did.
        dismissed: who, and why.
    """

    pointer: Quarantined
    replayed_at: Instant | None = None
    replayed_by: str = ""
    dismissed_at: Instant | None = None
    dismissed: str = ""

    @property
    def waits(self) -> bool:
        """Whether nobody has dealt with it."""
        return self.replayed_at is None and self.dismissed_at is None

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
    marks: dict[Place, dict[str, Quarantined]] = {}
    for pointer in pointers:
        if is_mark(pointer):
            marks.setdefault(place_of(pointer), {})[pointer.reason] = pointer
        else:
            found.setdefault(place_of(pointer), pointer)
    return tuple([_marked(pointer, marks.get(place, {})) for place, pointer in found.items()])


def is_mark(pointer: Quarantined) -> bool:
    """Whether a pointer says what was done about a message, not that one could not be read."""
    return pointer.reason in (REPLAYED, DISMISSED)


def _marked(pointer: Quarantined, marks: dict[str, Quarantined]) -> Unread:
    replayed, dismissed = marks.get(REPLAYED), marks.get(DISMISSED)
    return Unread(
        pointer,
        replayed_at=None if replayed is None else replayed.at,
        replayed_by="" if replayed is None else replayed.detail,
        dismissed_at=None if dismissed is None else dismissed.at,
        dismissed="" if dismissed is None else dismissed.detail,
    )


def dismissing(item: Unread, author: str, reason: str, at: Instant) -> Quarantined:
    """Return the pointer that marks a message as one that needs no replay.

    Args:
        item: which.
        author: who says so.
        reason: why; no personal data.
        at: the broker's time.

    Raises:
        InvalidInput: the author or the reason is empty, too long or holds invisible characters.
    """
    check_author(author)
    check_reason(reason)
    detail = f"{author}: {reason}"
    return msgspec.structs.replace(item.pointer, reason=DISMISSED, detail=detail, at=at)


def mark(item: Unread, author: str, at: Instant) -> Quarantined:
    """Return the pointer that marks a message as replayed by somebody at an instant.

    Raises:
        InvalidInput: the author is empty, too long or holds invisible characters.
    """
    check_author(author)
    return msgspec.structs.replace(item.pointer, reason=REPLAYED, detail=author, at=at)


def by_reason(items: Iterable[Unread]) -> dict[str, int]:
    """Count what nobody has dealt with, by reason, most first."""
    return dict(Counter(one.pointer.reason for one in items if one.waits).most_common())


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
