"""When to look at which record next: a two-level timing wheel with lazy deletion.

Far deadlines lie unsorted in buckets of a day; a bucket is sorted into a heap when its day comes.
An entry is only a hint: the record's own plan decides, so stale entries are harmless and nothing
has to be removed. After Varghese & Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
"""

import heapq
from collections.abc import Iterator

from pipeline.identifiers import RecordId
from pipeline.instants import DAY, Instant


class Wakes:
    """Hints of the form "look at this record at this instant"."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[RecordId]] = {}
        self._near: list[tuple[Instant, RecordId]] = []
        self._horizon = 0  # days before this one are in the heap

    def add(self, record_id: RecordId, at: Instant) -> None:
        """Ask for a look at the record at the instant."""
        day = at // DAY
        if day < self._horizon:
            heapq.heappush(self._near, (at, record_id))
        else:
            self._buckets.setdefault(day, []).append(record_id)

    def next(self) -> Instant | None:
        """Return when to look next: exact for near entries, the start of the day for far ones."""
        if self._near:
            return self._near[0][0]
        return Instant(min(self._buckets) * DAY) if self._buckets else None

    def due(self, now: Instant) -> Iterator[tuple[RecordId, bool]]:
        """Take out every hint up to now.

        Yields:
            The record, and whether the hint was exact (False: a far bucket was opened, and the
            caller adds the record again with its exact instant).
        """
        self._horizon = max(self._horizon, now // DAY + 1)
        for day in sorted(day for day in self._buckets if day < self._horizon):
            for record_id in self._buckets.pop(day):
                yield record_id, False
        while self._near and self._near[0][0] <= now:
            yield heapq.heappop(self._near)[1], True

    def clear(self) -> None:
        """Forget all hints; the horizon stays."""
        self._buckets.clear()
        self._near.clear()
