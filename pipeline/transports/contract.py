"""What a transport must offer. One conformance suite (`tests/transports`) runs over every one.

A *log* is topics of partitions of messages with consecutive offsets and the broker's timestamps.
Positions are "the next offset to read": ranges of positions, not offsets of messages, because
compaction and transaction markers leave gaps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, Protocol, Self

from pipeline.instants import Instant

Position = int


class Partition(NamedTuple):
    """A topic and a partition number."""

    topic: str
    number: int


class Message(NamedTuple):
    """One message as it lies in the log. `value` is None for a compaction tombstone."""

    topic: str
    partition: int
    offset: int
    timestamp: Instant
    key: bytes | None
    value: bytes | None


class Topic(NamedTuple):
    """A topic as it is now.

    Attributes:
        partitions: how many it has.
        identity: another one when the topic was deleted and made anew; empty: not known.
        unled: numbers of the partitions that nobody serves at the moment.
    """

    partitions: int
    identity: str = ""
    unled: frozenset[int] = frozenset()


class Sample(NamedTuple):
    """The broker's time, and where each partition ended *after* that time was read.

    A reader whose position has reached `ends[p]` has therefore read everything that was published
    to `p` before `now` (less the broker's margin, which the reader subtracts). Of a partition that
    nobody serves no end is known. `topics` are those of the partitions, as they were after `now`:
    what was published before to a partition that a reader does not know shows there.
    """

    now: Instant
    ends: Mapping[Partition, Position]
    topics: Mapping[str, Topic] = MappingProxyType({})


MESSAGE_BYTES = 1 << 20
"""Largest message of a topic, unless it says otherwise."""


@dataclass(frozen=True)
class TopicSpec:
    """How a topic is provisioned. `retention_ms` None keeps for ever."""

    name: str
    partitions: int
    compacted: bool = False
    log_append_time: bool = False
    retention_ms: int | None = None
    max_message_bytes: int = MESSAGE_BYTES
    purpose: str = field(default="", compare=False)


class Consumer(Protocol):
    """Reads assigned partitions from given positions. Not thread-safe; never joins a group."""

    def assign(self, positions: Mapping[Partition, Position]) -> None:
        """Begin reading these partitions at these positions, replacing any former assignment."""
        ...

    def poll(self, max_messages: int, max_bytes: int) -> Sequence[Message]:
        """Return what has already been fetched, at most so much.

        Waits for a tenth of a second at most, and only where the end of a partition lies ahead.

        Messages of one partition come in order. Never skips: what lies between the position and the
        first returned offset does not exist (any more, or it is a marker).

        Raises:
            LogTruncated: a position lies below the oldest or above the newest message.
            BrokerUnavailable: nothing was heard from the broker for longer than the time limit.
        """
        ...

    def positions(self) -> Mapping[Partition, Position]:
        """Return the next position of each assigned partition, past everything `poll` returned."""
        ...

    def close(self) -> None:
        """Release the connection."""
        ...


class Producer(Protocol):
    """Writes messages, acknowledged by all in-sync replicas, in order per partition.

    Thread-safe.
    """

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        timestamp: Instant | None = None,
    ) -> None:
        """Hand over one message; it may be buffered.

        The key decides the partition; without one, partitions take turns. `timestamp` is the
        producer's own clock, for topics that keep it: a topic with `log_append_time` ignores it.
        What is refused is reported by `flush`, so that no caller can miss it.
        """
        ...

    def flush(self) -> None:
        """Return when everything handed over so far is acknowledged.

        Raises:
            RetentionError: something handed over since the last flush was refused or not
                acknowledged in time; the caller must treat all of it as not written.
        """
        ...

    def close(self) -> None:
        """Flush and release."""
        ...


class Broker(Protocol):
    """One log: the only thing that knows an address. Cheap to create; connects when first used."""

    url: str

    def partitions(self, topic: str) -> int | None:
        """Return how many partitions a topic has, or None when there is no such topic."""
        ...

    def topics(self, names: Sequence[str]) -> Mapping[str, Topic]:
        """Return the topics of these names as they are now; what does not exist is left out."""
        ...

    def beginnings(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the oldest kept position of each partition."""
        ...

    def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the position after the newest message of each partition."""
        ...

    def sample(self, partitions: Sequence[Partition]) -> Sample:
        """Read the broker's time, then the ends of the partitions, in that order. May block.

        The ends count messages of transactions that are still open, which a consumer waits for.

        Raises:
            NoSuchPartition: one of the partitions, or the clock's, does not exist.
        """
        ...

    def committed(
        self, group: str, partitions: Sequence[Partition]
    ) -> Mapping[Partition, Position]:
        """Return the committed positions; partitions without one are left out."""
        ...

    def commit(self, group: str, positions: Mapping[Partition, Position]) -> None:
        """Record positions durably as the group's, from a client that never subscribes."""
        ...

    def consumer(self) -> Consumer:
        """Open a reader."""
        ...

    def producer(self) -> Producer:
        """Open a writer."""
        ...

    def create(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Create the topics that do not exist, and nothing else; return their names."""
        ...

    def drift(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Return one sentence for each way in which an existing topic differs, or is missing."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...

    def __enter__(self) -> Self:
        """Return itself."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close."""
        ...
