"""The inventory in numbers: the newest row of each record, in few bytes.

Of each record are held: 8 bytes of a hash of its id, the number of its standing, the version of its
row, the hour in which it falls due and the second since which a command waits. `tests/bench/
exporter.py` says what that takes. Nothing else of a record is kept.
"""

from array import array
from collections import Counter
from hashlib import blake2b

from pipeline.instants import DAY, HOUR, SECOND, Instant
from pipeline.metrics.standing import Standing, seen
from pipeline.records import Record
from pipeline.rules import Planner

_NONE = -1
_GONE = Standing("")
"""In place of the standing of a record whose row was removed."""


class Inventory:
    """Sums over the newest row of each record, under one state of the documents.

    A row counts once: one that was written again, or that is older than the one known, changes
    nothing.
    """

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._slots: dict[int, int] = {}
        self._standings: list[Standing] = [_GONE]
        self._numbers: dict[Standing, int] = {_GONE: 0}
        self._counts = [0]
        self._unused: list[int] = []
        self._standing = array("i")
        self._versions = array("q")
        self._hours = array("i")
        self._since = array("q")
        self._due: Counter[int] = Counter()
        self._waiting: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._slots)

    def put(self, record: Record) -> None:
        """Take a row of the inventory."""
        slot = self._slot(record.record_id.encode())
        if record.version <= self._versions[slot]:
            return
        found = seen(record, self._planner)
        number = self._number(found.standing)
        hour = _NONE if found.due_at is None else found.due_at // HOUR
        since = _NONE if found.waiting_since is None else found.waiting_since // SECOND
        self._replace(slot, number, record.version, hour, since)

    def follow(self, planner: Planner) -> None:
        """Take rows from now on under other documents; those that were taken stay as they are."""
        self._planner = planner

    def drop(self, key: bytes) -> None:
        """Take the removal of a row; the next one of its key counts, whatever its version."""
        slot = self._slots.get(_hashed(key))
        if slot is not None:
            self._replace(slot, 0, _NONE, _NONE, _NONE)

    def _slot(self, key: bytes) -> int:
        slot = self._slots.setdefault(_hashed(key), len(self._standing))
        if slot == len(self._standing):
            self._standing.append(0)
            self._versions.append(_NONE)
            self._hours.append(_NONE)
            self._since.append(_NONE)
            self._counts[0] += 1
        return slot

    def _number(self, standing: Standing) -> int:
        number = self._numbers.get(standing)
        if number is None:
            if self._unused:
                number = self._unused.pop()
                self._standings[number] = standing
            else:
                number = len(self._counts)
                self._counts.append(0)
                self._standings.append(standing)
            self._numbers[standing] = number
        return number

    def _replace(self, slot: int, number: int, version: int, hour: int, since: int) -> None:
        self._counts[number] += 1
        former = self._standing[slot]
        self._counts[former] -= 1
        if former and not self._counts[former]:
            # Standings tell of hours: what nobody shares any more would pile up.
            del self._numbers[self._standings[former]]
            self._unused.append(former)
        self._standing[slot], self._versions[slot] = number, version
        _moved(self._due, self._hours[slot], hour)
        _moved(self._waiting, self._since[slot], since)
        self._hours[slot], self._since[slot] = hour, since

    def standings(self) -> list[tuple[Standing, int]]:
        """Return how many records share each standing."""
        counts = self._counts
        return [(standing, counts[number]) for standing, number in self._numbers.items() if number]

    def due_within(self, now: Instant, days: int) -> int:
        """Return how many deletions must be done within days from now; -1: before this hour."""
        last = now // HOUR - 1 if days < 0 else (now + days * DAY) // HOUR
        return sum(count for hour, count in self._due.items() if hour <= last)

    def waiting_since(self) -> Instant | None:
        """Return when the oldest outstanding command was issued; None: none is outstanding."""
        oldest = min(self._waiting, default=None)
        return None if oldest is None else Instant(oldest * SECOND)


def _moved(counter: Counter[int], old: int, new: int) -> None:
    if old == new:
        return
    if new != _NONE:
        counter[new] += 1
    if old != _NONE:
        counter[old] -= 1
        if not counter[old]:
            del counter[old]


def _hashed(key: bytes) -> int:
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big")
