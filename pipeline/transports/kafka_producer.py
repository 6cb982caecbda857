"""The writer of Kafka: acknowledged by all in-sync replicas, idempotent, in large batches."""

import itertools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kafka import KafkaProducer, errors

from pipeline.errors import InvalidInput, RetentionError
from pipeline.instants import Instant
from pipeline.transports.contract import Broker
from pipeline.transports.kafka_batches import BATCH_BYTES, MAX_REQUEST_BYTES, Batch, Outbox
from pipeline.transports.kafka_connect import (
    REQUEST_MS,
    close_producer,
    connected,
    patiently,
    translated,
)
from pipeline.transports.kafka_keys import partition_of

LINGER_MS = 20
BLOCK_MS = 30_000
DELIVERY_MS = 60_000
"""How long a message may wait for its acknowledgement before it counts as not written."""


class KafkaLogProducer:
    """Writes messages; see `contract.Producer`."""

    def __init__(
        self, broker: Broker, settings: Callable[[], Mapping[str, Any]], connect_seconds: float
    ) -> None:
        self._broker = broker
        self._settings = settings
        self._connect_seconds = connect_seconds
        self._lock = threading.Lock()
        self._client: Any = None
        self._outbox: Outbox | None = None
        self._sent: list[Batch] = []
        self._refused: RetentionError | None = None
        self._partitions: dict[str, int] = {}
        self._turn = itertools.count()

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        timestamp: Instant | None = None,
    ) -> None:
        """Hand over one message.

        Raises:
            BrokerUnavailable: there is no connection and none can be made.
        """
        with self._lock:
            if self._outbox is None:
                self._client = patiently(self._broker.url, self._connect_seconds, self._open)
                self._outbox = Outbox(self._client)
            try:
                if key is None and value is None:
                    self._refused = InvalidInput(f"{topic}: a message needs a key or a value")
                    return
                count = self._count(topic)
                number = next(self._turn) % count if key is None else partition_of(key, count)
                self._sent += self._outbox.add(topic, number, key, value, timestamp)
            except InvalidInput as error:
                self._refused = error
            except (errors.KafkaError, OSError) as error:
                self._refused = translated(error, topic)

    def _open(self) -> Any:
        own = {
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": LINGER_MS,
            "batch_size": BATCH_BYTES,
            # The topic says what is too large for it.
            "max_request_size": MAX_REQUEST_BYTES,
            "allow_auto_create_topics": False,
            "max_block_ms": BLOCK_MS,
            "delivery_timeout_ms": DELIVERY_MS,
        }
        return connected(KafkaProducer, {**self._settings(), **own})

    def _count(self, topic: str) -> int:
        """Return a topic's partitions, asked once: the client would wait long for a missing one."""
        count = self._partitions.get(topic) or self._broker.partitions(topic)
        if count is None:
            raise InvalidInput(f"topic {topic} does not exist; create it: retention topics create")
        self._partitions[topic] = count
        return count

    def flush(self) -> None:
        """Return when everything handed over so far is acknowledged.

        Raises:
            InvalidInput: a message was refused: too large, empty, without a topic.
            BrokerUnavailable: one was not acknowledged in time.
        """
        with self._lock:
            self._give_all()
            sent, self._sent = self._sent, []
            refused, self._refused = self._refused, None
            client = self._client
        try:
            if client is not None:
                client.flush(timeout=(DELIVERY_MS + REQUEST_MS) / 1_000)
            for batch in sent:
                failure = batch.failure(REQUEST_MS / 1_000)
                if failure is not None:
                    refused = translated(failure, batch.topic)
                    break
        except (errors.KafkaError, OSError) as error:
            refused = translated(error, self._broker.url)
        if refused is not None:
            # A message that was not written is fatal to an idempotent client; send opens another.
            self._release()
            raise refused

    def _give_all(self) -> None:
        """Give the client what waits for more of its kind."""
        outbox = self._outbox
        if outbox is None:
            return
        for place in outbox.places():
            try:
                self._sent += outbox.give(place)
            except (errors.KafkaError, OSError) as error:
                self._refused = translated(error, place[0])

    def close(self) -> None:
        """Flush and release."""
        try:
            self.flush()
        finally:
            self._release()

    def _release(self) -> None:
        with self._lock:
            self._give_all()  # of whoever handed over more since: their flush hears of it
            client, self._client, self._outbox = self._client, None, None
        if client is not None:
            close_producer(client)
