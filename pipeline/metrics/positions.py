"""How far the job has read: committed positions against what was published."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.instants import MIN_INSTANT, SECOND, Instant
from pipeline.transforms.frontier import Frontier
from pipeline.transports.contract import Broker, Partition, Position, Sample

FIRST_MESSAGE_SECONDS = 5.0
"""How long, at the start, to wait for a message that is there."""
MAX_PARTITIONS = 200
"""Partitions that are told of one by one: those that are furthest behind."""


@dataclass
class Track:
    """How far one partition is acknowledged, and since when it has not moved.

    Attributes:
        reached: the time up to which everything published was acknowledged.
        moved: when it was seen last that something was acknowledged, or that nothing waits.
    """

    frontier: Frontier
    partition: Partition
    reached: Instant
    moved: Instant = MIN_INSTANT
    _committed: Position = -1

    @classmethod
    def of(cls, partition: Partition, waiting_since: Instant) -> "Track":
        """Begin with the time of the oldest message that waits."""
        return cls(Frontier((partition,), 0), partition, waiting_since)

    def follow(self, sample: Sample, committed: Position) -> None:
        """Take what the broker says now. A partition that nobody serves has an end unknown."""
        self.frontier.observe(sample)
        found = self.frontier.advance({self.partition: committed})
        self.reached = self.reached if found is None else max(self.reached, found)
        end = sample.ends.get(self.partition)
        if committed != self._committed or (end is not None and committed >= end):
            self._committed, self.moved = committed, sample.now


@dataclass
class Positions:
    """The input topics of one job, and its group's positions in them.

    `now` is the broker's time, `since` when it was asked first. `excluded` are partitions that
    deadlines do not wait for.
    """

    broker: Broker
    group: str
    topics: tuple[str, ...]
    now: Instant = MIN_INSTANT
    since: Instant = MIN_INSTANT
    existing: dict[str, int] = field(default_factory=dict)
    excluded: frozenset[Partition] = frozenset()
    _tracks: dict[Partition, Track] = field(default_factory=dict)
    _partitions: tuple[Partition, ...] = ()
    _begins: Mapping[Partition, Position] = field(default_factory=dict)
    _ends: Mapping[Partition, Position] = field(default_factory=dict)
    _committed: Mapping[Partition, Position] = field(default_factory=dict)
    _passed: dict[Partition, Position] = field(default_factory=dict)

    def count(self, others: Sequence[str] = ()) -> None:
        """Ask how many partitions the topics have; of `others` too, which are not read on.

        Raises:
            BrokerUnavailable: it does not answer.
        """
        counts = {topic: self.broker.partitions(topic) for topic in (*self.topics, *others)}
        self.existing = {topic: count for topic, count in counts.items() if count is not None}
        self._partitions = partitions_of(self.existing, self.topics)
        self._tracks = {p: track for p, track in self._tracks.items() if p in self._partitions}

    def refresh(self) -> None:
        """Read the broker's time, and where the topics and the group are.

        Raises:
            BrokerUnavailable: it does not answer.
        """
        # Positions before ends: what is published in between must not look acknowledged.
        committed = dict(self.broker.committed(self.group, self._partitions))
        sample = self.broker.sample(self._partitions)
        served = [p for p in self._partitions if p in sample.ends]
        self._begins = {**self._begins, **self.broker.beginnings(served)}
        self._ends = {**self._ends, **sample.ends}
        self.now = sample.now
        self.since = self.since or sample.now
        self._committed = {p: committed.get(p, self._begins.get(p, 0)) for p in self._partitions}
        for partition, at in self._committed.items():
            self._passed[partition] = max(at, self._passed.get(partition, 0))
        fresh = [p for p in served if p not in self._tracks]
        self._tracks |= {p: Track.of(p, at) for p, at in self._first_waiting(fresh).items()}
        for partition, track in self._tracks.items():
            track.follow(sample, self._committed.get(partition, 0))

    def _first_waiting(self, fresh: Sequence[Partition]) -> dict[Partition, Instant]:
        """Return the times of the oldest messages not acknowledged; now: there is none.

        Samples say nothing of what was published before the first of them.
        """
        waiting = {p: self._committed[p] for p in fresh if self._committed[p] < self._ends[p]}
        found: dict[Partition, Instant] = {}
        if waiting:
            consumer = self.broker.consumer()
            try:
                consumer.assign(waiting)
                deadline = time.monotonic() + FIRST_MESSAGE_SECONDS
                while len(found) < len(waiting) and time.monotonic() < deadline:
                    for message in consumer.poll(len(waiting), 1 << 20):
                        place = Partition(message.topic, message.partition)
                        found.setdefault(place, message.timestamp)
                    time.sleep(0.01)
            finally:
                consumer.close()
        # A producer's clock may be ahead: its stamp must not hide what waits later.
        return {p: min(found.get(p, self.now), self.now) for p in fresh}

    def lag(self) -> float:
        """Return the broker's time less that up to which everything was acknowledged, in s.

        What lies in partitions that are excluded does not count.
        """
        awaited = [track for p, track in self._tracks.items() if p not in self.excluded]
        reached = min((track.reached for track in awaited), default=self.now)
        return max(0.0, (self.now - reached) / SECOND)

    def partition_lags(self) -> dict[Partition, float]:
        """Return the same of single partitions, those that are furthest behind."""
        return self._worst({p: self.now - track.reached for p, track in self._tracks.items()})

    def stalled(self) -> dict[Partition, float]:
        """Return for how many seconds messages have waited and none was acknowledged."""
        return self._worst({p: self.now - track.moved for p, track in self._tracks.items()})

    def _worst(self, found: Mapping[Partition, int]) -> dict[Partition, float]:
        """Keep the highest, in seconds: a label more for every partition has an end."""
        worst = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return {p: max(0, time) / SECOND for p, time in worst[:MAX_PARTITIONS]}

    def published(self, topic: str) -> int:
        """Return the positions of a topic that were ever written."""
        return sum(end for p, end in self._ends.items() if p.topic == topic)

    def acknowledged(self, topic: str) -> int:
        """Return the positions of a topic that the group has passed, be it read again or not.

        A counter that falls would be taken for one that begins anew.
        """
        return sum(at for p, at in self._passed.items() if p.topic == topic)

    def waiting(self, topic: str) -> int:
        """Return the positions of a topic that the group has not passed."""
        return sum(
            max(0, end - self._committed.get(p, end))
            for p, end in self._ends.items()
            if p.topic == topic
        )


def partitions_of(counts: Mapping[str, int], topics: Sequence[str]) -> tuple[Partition, ...]:
    """Return every partition of the topics that exist."""
    return tuple(
        Partition(topic, number) for topic in topics for number in range(counts.get(topic, 0))
    )
