"""The gate: a shard applies no event and emits nothing before it has all its history.

A watermark holds timers, not elements: without the gate an event applied to an empty shard would
overwrite the record's history in a compacted topic for good. Each partition of history is delivered
to every shard as ranges; the gate is open once every awaited partition is covered to its end.
"""

import msgspec

from pipeline.ledger.parts import Span
from pipeline.ledger.spans import Coverage


class GateState(msgspec.Struct, array_like=True):
    """The gate as it lies in the journal: ranges received, and each partition's whole range."""

    ranges: dict[str, list[tuple[int, int]]] = {}
    targets: dict[str, tuple[int, int]] = {}


class Gate:
    """Counts ranges of history. `awaited` maps each topic of history to its partitions."""

    def __init__(self, awaited: dict[str, int], state: GateState | None = None) -> None:
        state = state or GateState()
        self._coverage = {key: Coverage(list(ranges)) for key, ranges in state.ranges.items()}
        self._targets = dict(state.targets)
        self._missing = {
            f"{topic}:{number}" for topic, count in awaited.items() for number in range(count)
        }
        for key in tuple(self._missing):
            self._settle(key)

    @property
    def open(self) -> bool:
        """Whether every awaited partition has been received to its end."""
        return not self._missing

    def add(self, span: Span) -> None:
        """Take note of a delivered range, in any order, any number of times."""
        key = f"{span.topic}:{span.partition}"
        if key not in self._missing:
            return
        self._targets[key] = (span.begin, span.end)
        self._coverage.setdefault(key, Coverage()).add(span.start, span.next)
        self._settle(key)

    def state(self) -> GateState:
        """Return what the journal keeps."""
        ranges = {key: coverage.ranges for key, coverage in self._coverage.items()}
        return GateState(ranges, self._targets)

    def _settle(self, key: str) -> None:
        target = self._targets.get(key)
        if target is None:
            return
        begin, end = target
        if self._coverage.get(key, Coverage()).reach(begin) >= end:
            self._missing.discard(key)
