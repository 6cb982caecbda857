"""When to look at which record next: a two-level timing wheel with lazy deletion.

Far deadlines lie unsorted in buckets of a day; a bucket is sorted into a heap when its day comes.
An entry is only a hint: the record's own plan decides, so stale entries are harmless and nothing
has to be removed. After Varghese & Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
"""

import heapq
from collections.abc import Iterator

from pipeline.instants import DAY, Instant


class _Wheel:
    """Hints of the form "look at this record at this instant"."""

    def __init__(self, horizon: int = 0) -> None:
        self._buckets: dict[int, list[bytes]] = {}
        self._near: list[tuple[Instant, bytes]] = []
        self.horizon = horizon  # days before this one are in the heap

    def add(self, key: bytes, at: Instant) -> None:
        day = at // DAY
        if day < self.horizon:
            heapq.heappush(self._near, (at, key))
        else:
            self._buckets.setdefault(day, []).append(key)

    def next(self) -> Instant | None:
        if self._near:
            return self._near[0][0]
        return Instant(min(self._buckets) * DAY) if self._buckets else None

    def due(self, now: Instant) -> Iterator[bytes]:
        self.horizon = max(self.horizon, now // DAY + 1)
        for day in sorted(day for day in self._buckets if day < self.horizon):
            yield from self._buckets.pop(day)
        while self._near and self._near[0][0] <= now:
            yield heapq.heappop(self._near)[1]


class Wakes:
    """When to look at which record, by its key.

    While documents that changed are brought to every record (`renew` until `settle`), hints of
    before still count: a record that was not looked at yet has no other.
    """

    def __init__(self) -> None:
        self._wheel = _Wheel()
        self._former: list[_Wheel] = []

    def add(self, key: bytes, at: Instant) -> None:
        """Ask for a look at the record at the instant."""
        self._wheel.add(key, at)

    def next(self) -> Instant | None:
        """Return when to look next: exact for near entries, the start of the day for far ones."""
        found = [wheel.next() for wheel in (self._wheel, *self._former)]
        return min((at for at in found if at is not None), default=None)

    def due(self, now: Instant) -> list[bytes]:
        """Take out every hint up to now, and those of the whole day: their looks add exact ones."""
        return list(
            dict.fromkeys(key for wheel in (self._wheel, *self._former) for key in wheel.due(now))
        )

    def renew(self) -> None:
        """Begin with new hints, beside those of before."""
        self._former.append(self._wheel)
        self._wheel = _Wheel(self._wheel.horizon)

    def settle(self) -> None:
        """Forget the hints of before: every record has given new ones."""
        self._former.clear()
