"""The frontier: up to which instant of the broker everything published has been read.

A sample says "at broker time t, partition p ended at e". A reader whose position is at or past e
has read everything published to p before t. No timestamp of a message is trusted: a producer's
wrong clock moves nothing. A reader with a backlog stays where it was: late, never wrong.
"""

from collections import deque
from collections.abc import Iterable, Mapping

from pipeline.instants import Instant
from pipeline.transports.contract import Partition, Position, Sample

KEPT_SAMPLES = 2_048
"""Samples remembered while a backlog is read; beyond it every other one is dropped."""


class Frontier:
    """Remembers samples until the positions have passed them."""

    def __init__(self, partitions: Iterable[Partition], margin_ms: int) -> None:
        self._partitions = tuple(partitions)
        self._awaited = self._partitions
        self._margin = margin_ms
        self._samples: deque[Sample] = deque()
        self._reached: Instant | None = None

    def leave_out(self, excluded: frozenset[Partition]) -> None:
        """Wait for these partitions no more; for those that were left out before, again."""
        awaited = tuple(p for p in self._partitions if p not in excluded)
        if awaited != self._awaited:
            self._awaited = awaited
            self._samples = deque(sample for sample in self._samples if self._covers(sample))

    def observe(self, sample: Sample) -> None:
        """Remember a sample that is newer than the last one and says of every partition.

        One taken before this reader asked for its partitions could never be passed.
        """
        if not self._covers(sample):
            return
        if self._samples and sample.now <= self._samples[-1].now:
            return
        if self._reached is not None and sample.now <= self._reached:
            return
        self._samples.append(sample)
        if len(self._samples) > KEPT_SAMPLES:
            self._samples = deque(list(self._samples)[::2])

    def advance(self, positions: Mapping[Partition, Position]) -> Instant | None:
        """Return the newest broker time, less the margin, that the positions have passed.

        None until a first sample has been passed. Never goes back.
        """
        while self._samples and self._passed(self._samples[0], positions):
            self._reached = self._samples.popleft().now
        return None if self._reached is None else Instant(self._reached - self._margin)

    def _covers(self, sample: Sample) -> bool:
        return all(partition in sample.ends for partition in self._awaited)

    def _passed(self, sample: Sample, positions: Mapping[Partition, Position]) -> bool:
        return all(positions[partition] >= sample.ends[partition] for partition in self._awaited)
