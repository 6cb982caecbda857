"""What a shard does for records that were derived from each other: asking, telling, remembering.

Pure functions of records; `book` calls them and sends what they return. The protocol:

- A record asks each parent once when it is first seen, and again before a deletion of it goes out.
- The parent's shard answers with what means the parent, and tells its children whenever that
  changes. It answers only once the watermark has passed the instant for which it is asked, so that
  everything published before then is in its answer.
- A parent that is gone, or was never seen, answers too: with what it was deleted under.
"""

import heapq
from collections.abc import Iterable, Iterator

import msgspec

from pipeline.documents import Reach
from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.records import (
    ASK,
    MAX_VALUES,
    TOLD,
    Heard,
    Issued,
    Mail,
    Record,
    Taint,
    merged,
)
from pipeline.rules import Planner
from pipeline.vocabulary import SETTLED, CommandKind

_DELETE = CommandKind.DELETE.value

Ask = tuple[RecordId, RecordId, Instant]
"""Parent, child, and the instant of which the parent's word is wanted."""


class Asks:
    """Parents that were asked for their word of an instant that has not passed yet."""

    def __init__(self, asks: Iterable[Ask] = ()) -> None:
        self._heap: list[tuple[Instant, RecordId, RecordId]] = []
        for parent, child, at in asks:
            self.add(parent, child, at)

    def add(self, parent: RecordId, child: RecordId, at: Instant) -> None:
        """Remember who asks whom, and for when."""
        heapq.heappush(self._heap, (at, parent, child))

    def ready(
        self,
        mails: Iterable[Mail],
        vouched: Instant,
        added: list[Ask],
    ) -> Iterator[Mail]:
        """Yield the questions that can be answered; remember the others, in `added` too.

        Args:
            mails: what arrived.
            vouched: up to when everything published was taken into account.
            added: what the journal has to keep.
        """
        for mail in mails:
            if mail.what != ASK:
                continue
            if mail.at <= vouched:
                yield mail
                continue
            ask = (mail.record_id, mail.other_id, mail.at)
            self.add(*ask)
            added.append(ask)

    def __iter__(self) -> Iterator[Ask]:
        """Yield parent, child and instant, sorted by instant."""
        for at, parent, child in sorted(self._heap):
            yield parent, child, at

    def next(self) -> Instant | None:
        """Return the earliest instant that is awaited."""
        return self._heap[0][0] if self._heap else None

    def taken(self, until: Instant) -> list[tuple[RecordId, RecordId]]:
        """Take out parent and child of every question for an instant that has passed."""
        found: dict[tuple[RecordId, RecordId], None] = {}
        while self._heap and self._heap[0][0] <= until:
            _, parent, child = heapq.heappop(self._heap)
            found[parent, child] = None
        return list(found)


def asking(
    record: Record, wanted: Instant | None = None, *, again: bool = False
) -> tuple[Record, list[Mail]]:
    """Ask the parents that were not asked yet.

    Args:
        record: which was derived; what its parents said is forgotten of those that it has no more.
        wanted: the instant of which the word of each is wanted; None: any.
        again: whether to repeat what was not answered, as after a rebuild.
    """
    if not (record.parents or record.heard):
        return record, []
    known = {one.parent_id: one for one in record.heard}
    heard, mails = [], []
    for parent in record.parents:
        found = known.get(parent)
        asked = max(MIN_INSTANT if found is None else found.asked, wanted or MIN_INSTANT)
        repeats = again and found is not None and not (found.answered and found.asked <= found.at)
        if found is None or asked > found.asked or repeats:
            mails.append(Mail(parent, record.record_id, ASK, asked))
            found = msgspec.structs.replace(found or Heard(parent), asked=asked)
        heard.append(found)
    if tuple(heard) == record.heard:
        return record, mails
    return msgspec.structs.replace(record, heard=tuple(heard)), mails


def awaited(record: Record, wanted: Instant) -> bool:
    """Whether a parent has not said yet what it knew at an instant."""
    if not record.parents:
        return False
    known = {one.parent_id: one for one in record.heard if one.answered}
    return any(known[name].at < wanted if name in known else True for name in record.parents)


def taken_in(record: Record | None, mail: Mail) -> Record:
    """Take a message into the record that it is for, which may never have been seen."""
    record = Record(mail.record_id) if record is None else record
    if mail.what == ASK:
        children = set(record.children)
        if mail.other_id in children or len(children) >= MAX_VALUES:
            return record
        return msgspec.structs.replace(record, children=tuple(sorted({*children, mail.other_id})))
    if mail.what == TOLD:
        heard = tuple([_heard(one, mail) for one in record.heard])
        return record if heard == record.heard else msgspec.structs.replace(record, heard=heard)
    told = merged(record.told, mail.taints)
    return record if told == record.told else msgspec.structs.replace(record, told=told)


def _heard(known: Heard, mail: Mail) -> Heard:
    # Messages may come again, the older ones after the newer.
    if known.parent_id != mail.other_id or mail.version < known.version:
        return known
    return Heard(
        known.parent_id,
        known.asked,
        max(known.at, mail.at),
        mail.version,
        answered=True,
        known=mail.known,
        taints=mail.taints,
    )


def telling(record: Record, planner: Planner) -> tuple[Record, bool]:
    """Return a parent with what means it now, and whether its children must be told."""
    if not record.children:
        return record, False
    told = _means(record, planner)
    if told == record.told:
        return record, False
    return msgspec.structs.replace(record, told=told), True


def word(record: Record, child: RecordId, at: Instant) -> Mail:
    """Return what a parent tells a child.

    Args:
        record: the parent.
        child: to whom.
        at: up to when everything published was taken into account.
    """
    return Mail(child, record.record_id, TOLD, at, record.version, record.is_known, record.told)


def words(record: Record, at: Instant) -> list[Mail]:
    """Return what a parent tells all of its children."""
    return [word(record, child, at) for child in record.children]


def _means(record: Record, planner: Planner) -> tuple[Taint, ...]:
    lives = record.lives()
    found = [planner.taints(record, gone) for gone in lives]
    if not lives:
        # What meant it before it went means what was derived from it still.
        found.append(record.told)
    return merged(*found, deleted_under(record))


def deleted_under(record: Record) -> tuple[Taint, ...]:
    """Return under which documents data of a record was deleted, as its stores confirmed."""
    return tuple([_tombstone(item) for item in record.issued if _is_done(item)])


def _is_done(item: Issued) -> bool:
    return item.kind == _DELETE and item.outcome in SETTLED


def _tombstone(item: Issued) -> Taint:
    name = item.cause if item.cause.startswith("policy:") else item.cause.rpartition("/")[0]
    return Taint(name, Reach.CERTAIN, item.answered_at or item.issued_at)
