"""What is written, given to kafka-python a batch at a time.

Its `send` takes 15 µs of CPU more for a message: it looks the topic up, locks twice and makes a
future that is told of the outcome, where a flush needs but one for a batch. What becomes of a batch
is the client's business as ever: its sequence numbers, retries, timeouts, and the splitting of one
that is too large for its topic. A flush that meets the client at such a split fails, whoever made
the batch: topics take a megabyte at least (`TopicSpec`), and a batch is a quarter of that.

This reaches into the client, as `RecordAccumulator.append` does where it begins a batch, and hence
is written for the version that `pyproject.toml` names.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from kafka import TopicPartition, errors
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.memory_records import MemoryRecordsBuilder

BATCH_BYTES = 256 << 10
MAX_REQUEST_BYTES = 32 << 20
_VERSION = 2
"""Of the format of batches: the one that an idempotent producer needs."""
_PLAIN = 0
_OVERHEAD = 21
"""The most that a message takes beside its key and value, and the lengths of those."""

_BYTES = (bytes, type(None))

_Message = tuple[int, bytes | None, bytes | None]
"""A timestamp, a key and a value."""


class Batch:
    """Messages that the client has."""

    def __init__(self, topic: str, made: Any) -> None:
        self.topic = topic
        self._made = made
        self._parts = made._record_futures = _Parts(made)  # noqa: SLF001  # see the module

    def failure(self, seconds: float) -> Any:
        """Return why not all of it was written, or None.

        Args:
            seconds: how long to wait for what is not settled.
        """
        if self._parts.made:
            return next(filter(None, (_failure(one, seconds) for one in self._parts.made)), None)
        future = self._made.produce_future
        if not future.wait(seconds):
            return errors.KafkaTimeoutError("no acknowledgement")
        if not future.is_done:  # it is being split
            return errors.KafkaTimeoutError("not all of it is acknowledged")
        if future.failed():
            return future.exception
        failed = future.value[-1]  # a function of a message's place in the batch
        return None if failed is None else failed(0)


class _Parts(Sequence[Any]):
    """A future a message, as the client wants them when it splits a batch, and made only then."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch
        self.made: list[Any] = []

    def __len__(self) -> int:
        return int(self._batch.record_count)

    def __getitem__(self, place: Any) -> Any:
        future = FutureRecordMetadata(self._batch.produce_future, place, None, None, -1, -1, -1)
        self.made.append(future)
        return future


def _failure(future: Any, seconds: float) -> Any:
    try:
        future.get(timeout=seconds)
    except errors.KafkaError as error:
        return error
    return None


class Outbox:
    """Messages that wait until there are enough for a batch, or for `give`. Not thread-safe."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._waiting: dict[tuple[str, int], list[_Message]] = {}
        self._sizes: dict[tuple[str, int], int] = {}

    def add(
        self, topic: str, number: int, key: bytes | None, value: bytes | None, at: int | None
    ) -> Sequence[Batch]:
        """Take a message; return what was given to the client because of it.

        Raises:
            KafkaError: the client refuses it or the topic.
            TypeError: it is not bytes; nothing is taken, so that no other message suffers.
        """
        if type(key) not in _BYTES or type(value) not in _BYTES:
            raise TypeError(f"{topic}: keys and values are bytes or None")
        place = (topic, number)
        size = len(key or b"") + len(value or b"") + _OVERHEAD
        if size > MAX_REQUEST_BYTES:
            raise errors.MessageSizeTooLargeError(f"{size} bytes")
        waiting = self._waiting.get(place)
        if waiting is None:
            waiting = self._waiting[place] = []
        waiting.append((int(time.time() * 1_000) if at is None else at, key, value))
        size += self._sizes.get(place, 0)
        self._sizes[place] = size
        return () if size < BATCH_BYTES else self.give(place)

    def places(self) -> list[tuple[str, int]]:
        """Return for which topics and partitions something waits."""
        return list(self._waiting)

    def give(self, place: tuple[str, int]) -> list[Batch]:
        """Give the client what waits for a partition of a topic.

        Raises:
            KafkaError: the client refuses the topic; its messages are dropped.
        """
        messages = self._waiting.pop(place)
        del self._sizes[place]
        topic, number = place
        if number not in self._client.partitions_for(topic):
            raise errors.UnknownTopicOrPartitionError(topic)
        partition = TopicPartition(topic, number)
        now = time.monotonic()
        made = [ProducerBatch(partition, records, now=now) for records in _packed(messages)]
        found = [Batch(topic, batch) for batch in made]
        self._enqueue(partition, made)
        return found

    def _enqueue(self, partition: TopicPartition, batches: list[Any]) -> None:
        queues = self._client._accumulator  # noqa: SLF001  # see the module
        queues._appends_in_progress.increment()  # noqa: SLF001
        try:
            with queues._tp_lock(partition):  # noqa: SLF001
                if queues._closed:  # noqa: SLF001
                    raise errors.KafkaConnectionError("the client is closed")
                for batch in batches:
                    queues._batches[partition].append(batch)  # noqa: SLF001
                    queues._incomplete.add(batch)  # noqa: SLF001
        finally:
            queues._appends_in_progress.decrement()  # noqa: SLF001
        self._client._sender.wakeup()  # noqa: SLF001


def _packed(messages: list[_Message]) -> Iterator[Any]:
    """Yield the records of one batch after the other."""
    records = None
    for timestamp, key, value in messages:
        if records is None or records.append(timestamp, key, value) is None:
            if records is not None:
                yield records
            records = MemoryRecordsBuilder(_VERSION, _PLAIN, BATCH_BYTES)
            records.append(timestamp, key, value)  # the first fits, whatever its size
    if records is not None:
        yield records
