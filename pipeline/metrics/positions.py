"""How far the job has read: committed positions against what was published."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.instants import MIN_INSTANT, SECOND, Instant
from pipeline.transforms.frontier import Frontier
from pipeline.transports.contract import Broker, Partition, Position

FIRST_MESSAGE_SECONDS = 5.0
"""How long, at the start, to wait for a message that is there."""


@dataclass
class Positions:
    """The input topics of one job, and its group's positions in them.

    `now` is the broker's time, `since` when it was asked first.
    """

    broker: Broker
    group: str
    topics: tuple[str, ...]
    now: Instant = MIN_INSTANT
    since: Instant = MIN_INSTANT
    existing: dict[str, int] = field(default_factory=dict)
    _partitions: tuple[Partition, ...] = ()
    _begins: Mapping[Partition, Position] = field(default_factory=dict)
    _ends: Mapping[Partition, Position] = field(default_factory=dict)
    _committed: Mapping[Partition, Position] = field(default_factory=dict)
    _frontier: Frontier | None = None
    _since: Instant = MIN_INSTANT
    _reached: Instant | None = None

    def count(self, others: Sequence[str] = ()) -> None:
        """Ask how many partitions the topics have; of `others` too, which are not read on.

        Raises:
            BrokerUnavailable: it does not answer.
        """
        counts = {topic: self.broker.partitions(topic) for topic in (*self.topics, *others)}
        self.existing = {topic: count for topic, count in counts.items() if count is not None}
        found = partitions_of(self.existing, self.topics)
        if found != self._partitions:
            self._partitions, self._frontier = found, None

    def refresh(self) -> None:
        """Read the broker's time, and where the topics and the group are.

        Raises:
            BrokerUnavailable: it does not answer.
        """
        # Positions before ends: what is published in between must not look acknowledged.
        committed = dict(self.broker.committed(self.group, self._partitions))
        sample = self.broker.sample(self._partitions)
        self._begins = self.broker.beginnings(self._partitions)
        self.now, self._ends = sample.now, sample.ends
        self.since = self.since or sample.now
        self._committed = {p: committed.get(p, self._begins[p]) for p in self._partitions}
        if self._frontier is None:
            self._frontier = Frontier(self._partitions, 0)
            self._since = self._first_waiting()
        self._frontier.observe(sample)
        self._reached = self._frontier.advance(self._committed) or self._reached

    def _first_waiting(self) -> Instant:
        """Return the time of the oldest message that is not acknowledged; now: there is none.

        Samples say nothing of what was published before the first of them.
        """
        waiting = {p: at for p, at in self._committed.items() if at < self._ends[p]}
        if not waiting:
            return self.now
        consumer = self.broker.consumer()
        found: dict[Partition, Instant] = {}
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
        return min((*found.values(), self.now))

    def lag(self) -> float:
        """Return the broker's time less that up to which everything was acknowledged, in s."""
        reached = self._since if self._reached is None else max(self._reached, self._since)
        return max(0.0, (self.now - reached) / SECOND)

    def published(self, topic: str) -> int:
        """Return the positions of a topic that were ever written."""
        return sum(end for p, end in self._ends.items() if p.topic == topic)

    def acknowledged(self, topic: str) -> int:
        """Return the positions of a topic that the group has passed."""
        return sum(at for p, at in self._committed.items() if p.topic == topic)

    def waiting(self, topic: str) -> int:
        """Return the positions of a topic that the group has not passed."""
        return sum(
            max(0, end - self._committed[p]) for p, end in self._ends.items() if p.topic == topic
        )


def partitions_of(counts: Mapping[str, int], topics: Sequence[str]) -> tuple[Partition, ...]:
    """Return every partition of the topics that exist."""
    return tuple(
        Partition(topic, number) for topic in topics for number in range(counts.get(topic, 0))
    )
