"""The reader of Kafka: assigned partitions, exact positions, a short wait at most.

Only committed transactions are read. What the client has fetched is handed out in slices, so the
positions here count what `poll` returned, not what was fetched.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition, errors

from pipeline.errors import BrokerUnavailable, CorruptState, LogTruncated, RetentionError
from pipeline.instants import MAX_INSTANT, MIN_INSTANT
from pipeline.transports.contract import Broker, Message, Partition, Position
from pipeline.transports.kafka_connect import connected, patiently, translated

FETCH_BYTES = 32 << 20
PARTITION_FETCH_BYTES = 4 << 20
"""Large fetches: the cost of one is spread over tens of thousands of messages."""

SILENCE_SECONDS = 30.0
"""An idle broker answers twice a second; after so long without an answer it is away."""

CHECK_SECONDS = 5.0

WAIT_MS = 100
"""So long, at most, the next fetch is waited for where more is known to be there.

A source that says that it has nothing is asked again after its pause, which on Flink is a second: a
backlog would be read in single fetches, a pause after each.
"""


class KafkaLogConsumer:
    """Reads assigned partitions; see `contract.Consumer`."""

    def __init__(
        self, broker: Broker, settings: Callable[[], Mapping[str, Any]], connect_seconds: float
    ) -> None:
        self._broker = broker
        self._settings = settings
        self._connect_seconds = connect_seconds
        self._client: Any = None
        self._assigned: tuple[Partition, ...] = ()
        self._fetched: deque[tuple[Partition, list[Any]]] = deque()
        self._assigned_at = self._checked = 0.0

    def assign(self, positions: Mapping[Partition, Position]) -> None:
        """Begin reading these partitions at these positions, replacing any former assignment."""
        if self._client is None:
            self._client = patiently(self._broker.url, self._connect_seconds, self._open)
        self._fetched.clear()
        self._assigned = tuple(positions)
        self._assigned_at = self._checked = time.monotonic()
        if positions:
            self._client.assign([TopicPartition(*partition) for partition in positions])
            for partition, position in positions.items():
                self._client.seek(TopicPartition(*partition), position)
        else:
            self._client.unsubscribe()

    def _open(self) -> Any:
        own = {
            "group_id": None,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "isolation_level": "read_committed",
            "allow_auto_create_topics": False,
            "fetch_max_bytes": FETCH_BYTES,
            "max_partition_fetch_bytes": PARTITION_FETCH_BYTES,
            # Two samples are kept: the rate of answers falls to zero after twice the window.
            "metrics_sample_window_ms": int(SILENCE_SECONDS * 500),
        }
        return connected(KafkaConsumer, {**self._settings(), **own})

    def poll(self, max_messages: int, max_bytes: int) -> Sequence[Message]:
        """Return what has been fetched, at most so much; see `contract.Consumer.poll`."""
        if not self._assigned:
            return ()
        if not self._fetched:
            self._fetch(max_messages)
        found: list[Message] = []
        size = 0
        while self._fetched and len(found) < max_messages:
            partition, records = self._fetched.popleft()
            taken = 0
            for record in records[: max_messages - len(found)]:
                message = _message(partition, record)
                size += len(message.key or b"") + len(message.value or b"")
                if found and size > max_bytes:
                    break
                found.append(message)
                taken += 1
            if taken < len(records):
                self._fetched.appendleft((partition, records[taken:]))
                break
        return found

    def _fetch(self, max_messages: int) -> None:
        try:
            fetched = self._client.poll(timeout_ms=0, max_records=max_messages)
            if not fetched and self._behind():
                fetched = self._client.poll(timeout_ms=WAIT_MS, max_records=max_messages)
        except (errors.KafkaError, OSError) as error:
            raise self._explained(error) from error
        for partition, records in fetched.items():
            self._fetched.append((Partition(*partition), records))
        if not fetched:
            self._notice_silence()

    def _behind(self) -> bool:
        """Whether the last fetch of a partition told of more than it brought."""
        for partition in self._assigned:
            known = self._client.highwater(TopicPartition(*partition))
            if known is not None and known > self._position(TopicPartition(*partition)):
                return True
        return False

    def _notice_silence(self) -> None:
        """Ask the client's own count of answers, now and then."""
        now = time.monotonic()
        if now - self._checked < CHECK_SECONDS:
            return
        if now - self._checked > 3 * CHECK_SECONDS:
            # Nobody polled for a while (a runner's back-pressure): the rate says nothing yet.
            self._assigned_at = now
        self._checked = now
        answers = self._client.metrics()["consumer-metrics"]["response-rate"]
        if answers == 0 and now - self._assigned_at > SILENCE_SECONDS:
            raise BrokerUnavailable(
                f"{self._broker.url}: no answer from the broker for {SILENCE_SECONDS:.0f} s"
            )

    def _explained(self, error: Exception) -> RetentionError:
        """Return our error; for a lost position, with what is there instead."""
        if isinstance(error, errors.OffsetOutOfRangeError):
            return self._truncated(error.args[0].items())
        if isinstance(error, errors.LogTruncationError):
            offsets = [(partition, self._position(partition)) for partition in error.args[0]]
            return self._truncated(offsets)
        if isinstance(error, errors.CorruptRecordError):
            return CorruptState(f"{self._broker.url}: a message's checksum is wrong; see its log")
        return translated(error, self._broker.url)

    def _truncated(self, offsets: Iterable[tuple[Any, Position]]) -> LogTruncated:
        lost = []
        for found, position in offsets:
            partition = Partition(*found)
            oldest = self._broker.beginnings([partition])[partition]
            newest = self._broker.ends([partition])[partition]
            lost.append(
                f"{partition.topic}/{partition.number}: position {position} lies outside "
                f"{oldest}..{newest}, the oldest kept and the newest"
            )
        lost.append("history is missing: see LogTruncated in the README")
        return LogTruncated("; ".join(lost))

    def positions(self) -> Mapping[Partition, Position]:
        """Return the next position of each assigned partition."""
        waiting = {partition: records[0].offset for partition, records in self._fetched}
        return {
            partition: waiting[partition]
            if partition in waiting
            else self._position(TopicPartition(*partition))
            for partition in self._assigned
        }

    def _position(self, partition: Any) -> Position:
        """Return the client's next position, past the markers and gaps it has seen."""
        try:
            return int(self._client.position(partition, timeout_ms=0))
        except (errors.KafkaError, OSError) as error:
            raise self._explained(error) from error

    def close(self) -> None:
        """Release the connection."""
        client, self._client = self._client, None
        self._assigned = ()
        self._fetched.clear()
        if client is not None:
            client.close(autocommit=False, timeout_ms=1_000)


def _message(partition: Partition, record: Any) -> Message:
    """Convert; a producer's time outside what we can write is brought to the nearest end."""
    stamp = record.timestamp
    if not MIN_INSTANT <= stamp <= MAX_INSTANT:
        stamp = min(max(stamp, MIN_INSTANT), MAX_INSTANT)
    topic, number = partition
    return _NEW(Message, (topic, number, record.offset, stamp, record.key, record.value))


_NEW = tuple.__new__
"""Makes a named tuple in half the time of its own constructor; this runs for every message."""
