"""A broker in memory: topics, partitions, offsets, its own clock, committed positions, compaction.

It implements `pipeline.transports.contract`. Which messages a fetch brings is drawn from a seed.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self
from zlib import crc32

from pipeline.errors import LogTruncated
from pipeline.instants import Instant
from pipeline.transports.contract import Message, Partition, Position, Sample, Topic, TopicSpec

_MOST = 7
"""How many messages one fetch brings at most."""


class Crash(Exception):  # nothing is wrong: it is what happens
    """The worker's process ends here."""


class Log:
    """What the broker keeps. `now` is true time; `skew` is how far its stamps are ahead of it."""

    def __init__(self, specs: Sequence[TopicSpec], now: int, skew: int, seed: str) -> None:
        self.now, self.skew = now, skew
        self.rng = random.Random(seed)
        self.specs = {spec.name: spec for spec in specs}
        self.messages: dict[Partition, list[Message]] = {}
        self.next: dict[Partition, int] = {}
        for spec in specs:
            for number in range(spec.partitions):
                self.messages[Partition(spec.name, number)] = []
                self.next[Partition(spec.name, number)] = 0
        self.commits: dict[Partition, Position] = {}
        self.stalled: set[Partition] = set()
        self.torn = False
        self.grown = 0
        self.on_append: Callable[[Message], None] = lambda _: None
        self.on_commit: Callable[[Partition, Position], None] = lambda *_: None

    def append(
        self, topic: str, key: bytes, value: bytes | None, timestamp: Instant | None = None
    ) -> None:
        """Write one message."""
        spec = self.specs[topic]
        partition = Partition(topic, crc32(key) % spec.partitions)
        at = Instant(self.now + self.skew)
        if timestamp is not None and not spec.log_append_time:
            at = timestamp
        message = Message(*partition, self.next[partition], at, key, value)
        self.next[partition] += 1
        self.messages[partition].append(message)
        self.grown += 1
        self.on_append(message)

    def flush(self, pending: list[tuple[str, bytes, bytes | None]]) -> None:
        """Write all; when it is to be torn, of each partition only the first few, and crash."""
        if not (self.torn and pending):
            for topic, key, value in pending:
                self.append(topic, key, value)
            return
        self.torn = False
        most: dict[tuple[str, int], int] = {}
        for topic, key, value in pending:
            place = (topic, crc32(key) % self.specs[topic].partitions)
            left = most.setdefault(place, self.rng.randint(0, len(pending)))
            if left:
                most[place] = left - 1
                self.append(topic, key, value)
        raise Crash("while it flushed")

    def compact(self, topic: str) -> None:
        """Drop what a later message of the same key supersedes, up to somewhere."""
        for partition, messages in self.messages.items():
            if partition.topic != topic or not messages:
                continue
            upto = self.rng.choice(messages).offset
            newest = {message.key: message.offset for message in messages}
            messages[:] = [m for m in messages if m.offset > upto or newest[m.key] == m.offset]

    def newest(self, topic: str) -> Iterator[Message]:
        """Yield the newest message of each key."""
        found: dict[bytes | None, Message] = {}
        for partition, messages in self.messages.items():
            if partition.topic == topic:
                found |= {message.key: message for message in messages}
        yield from found.values()


class Broker:
    """See `contract.Broker`."""

    url = "simulated://"

    def __init__(self, log: Log) -> None:
        self.log = log

    def partitions(self, topic: str) -> int | None:
        """Return how many partitions a topic has."""
        spec = self.log.specs.get(topic)
        return None if spec is None else spec.partitions

    def topics(self, names: Sequence[str]) -> Mapping[str, Topic]:
        """Return the topics of these names."""
        counts = {name: self.partitions(name) for name in names}
        return {name: Topic(count) for name, count in counts.items() if count is not None}

    def beginnings(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the oldest kept positions: compaction moves none."""
        return dict.fromkeys(partitions, 0)

    def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the positions after the newest messages."""
        return {partition: self.log.next[partition] for partition in partitions}

    def sample(self, partitions: Sequence[Partition]) -> Sample:
        """Read the time and the ends."""
        return Sample(Instant(self.log.now + self.log.skew), self.ends(partitions))

    def committed(
        self, group: str, partitions: Sequence[Partition]
    ) -> Mapping[Partition, Position]:
        """Return committed positions."""
        del group
        return {p: self.log.commits[p] for p in partitions if p in self.log.commits}

    def commit(self, group: str, positions: Mapping[Partition, Position]) -> None:
        """Record positions."""
        del group
        for partition, position in positions.items():
            self.log.on_commit(partition, position)
            self.log.commits[partition] = position

    def consumer(self) -> "Consumer":
        """Open a reader."""
        return Consumer(self.log)

    def producer(self) -> "Producer":
        """Open a writer."""
        return Producer(self.log)

    def create(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Create nothing: every topic is there."""
        del specs
        return ()

    def drift(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Return nothing: every topic is as it should be."""
        del specs
        return ()

    def close(self) -> None:
        """Release nothing."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""


class Consumer:
    """See `contract.Consumer`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._positions: dict[Partition, Position] = {}

    def assign(self, positions: Mapping[Partition, Position]) -> None:
        """Read these partitions from these positions on."""
        self._positions = dict(positions)

    def poll(self, max_messages: int, max_bytes: int) -> Sequence[Message]:
        """Return a few messages of one partition or of some, in an order that the seed decides."""
        del max_bytes
        log, found = self._log, list[Message]()
        unread = [
            p for p, at in self._positions.items() if at != log.next[p] and p not in log.stalled
        ]
        for partition in log.rng.sample(unread, log.rng.randint(min(1, len(unread)), len(unread))):
            position = self._positions[partition]
            if position > log.next[partition]:
                raise LogTruncated(f"{partition}: {position} is past the end")
            most = min(max_messages, log.rng.randint(1, _MOST))
            there = [m for m in log.messages[partition] if m.offset >= position]
            found += there[:most]
            rest = there[most:]
            self._positions[partition] = rest[0].offset if rest else log.next[partition]
        return found

    def positions(self) -> Mapping[Partition, Position]:
        """Return the next position of each partition."""
        return dict(self._positions)

    def close(self) -> None:
        """Release nothing."""


class Producer:
    """See `contract.Producer`. What is not flushed when the process ends was never written."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pending: list[tuple[str, bytes, bytes | None]] = []

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        timestamp: Instant | None = None,
    ) -> None:
        """Hand over one message."""
        del timestamp
        assert key is not None, "every message of the job has a key"
        self._pending.append((topic, key, value))

    def flush(self) -> None:
        """Write what was handed over."""
        pending, self._pending = self._pending, []
        self._log.flush(pending)

    def close(self) -> None:
        """Release nothing: only a crash ends a simulated process."""


class Sampler:
    """The process's sampler of the broker's time: it samples when the scheduler says so."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._broker = Broker(log)
        self._partitions: dict[Partition, None] = {}
        self._latest: Sample | None = None
        self._grown = -1

    def watch(self, partitions: tuple[Partition, ...]) -> None:
        """Include these partitions from now on."""
        new = dict.fromkeys(partitions)
        if new.keys() - self._partitions.keys():
            self._grown = -1
        self._partitions |= new

    def leave(self, partitions: tuple[Partition, ...]) -> None:
        """Keep them: a sample that says more hurts nobody."""

    def latest(self) -> Sample | None:
        """Return the newest sample."""
        return self._latest

    @property
    def is_stale(self) -> bool:
        """Whether another sample would say more."""
        now = self._log.now + self._log.skew
        return self._latest is None or self._latest.now != now or self._grown == -1

    def take(self) -> None:
        """Sample."""
        self._grown = self._log.grown
        self._latest = self._broker.sample(tuple(self._partitions))
