"""One log of each kind behind the same few verbs, for the conformance suite."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.transports.contract import (
    Broker,
    Consumer,
    Message,
    Partition,
    Position,
    TopicSpec,
)
from pipeline.transports.kafka_connect import servers_of
from pipeline.transports.sqlite import SqliteBroker

PATIENCE_SECONDS = 30.0
PLENTY = 1 << 30

Sent = tuple[bytes | None, bytes | None]


@dataclass
class Log:
    """A broker with topics that no other test uses."""

    broker: Broker
    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:12]}.")

    def topic(
        self,
        name: str,
        *,
        partitions: int = 1,
        compacted: bool = False,
        log_append_time: bool = False,
    ) -> str:
        """Create a topic; return its full name."""
        spec = TopicSpec(
            self.prefix + name,
            partitions,
            compacted=compacted,
            log_append_time=log_append_time,
        )
        assert self.broker.create([spec]) == [spec.name]
        return spec.name

    def write(self, topic: str, messages: Sequence[Sent]) -> None:
        """Send and flush."""
        producer = self.broker.producer()
        for key, value in messages:
            producer.send(topic, key, value)
        producer.flush()
        producer.close()

    def reader(self, positions: Mapping[Partition, Position]) -> Consumer:
        """Open a consumer at these positions."""
        consumer = self.broker.consumer()
        consumer.assign(positions)
        return consumer

    def read(self, topic: str, number: int = 0, position: Position = 0) -> list[Message]:
        """Read a partition from a position to its end."""
        partition = Partition(topic, number)
        end = self.broker.ends([partition])[partition]
        consumer = self.reader({partition: position})
        found = drain(consumer, lambda: consumer.positions()[partition] >= end)
        consumer.close()
        return found

    def compact(self, topic: str, done: Callable[[], bool]) -> None:
        """Have superseded messages of a topic's partition 0 removed."""
        if isinstance(self.broker, SqliteBroker):
            self.broker.compact()
            assert done()
            return
        admin = _admin(self.broker)
        eager = {"segment.ms": "1", "min.cleanable.dirty.ratio": "0.001"}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=eager)])
        admin.close()

        def rolled() -> bool:
            self.write(topic, [(b"roll", b"")])  # The cleaner leaves the active segment alone.
            return done()

        until(rolled)

    def truncate(self, partition: Partition, before: Position) -> None:
        """Have everything below a position removed."""
        if isinstance(self.broker, SqliteBroker):
            self.broker.truncate(partition, before)
            return
        admin = _admin(self.broker)
        admin.delete_records({TopicPartition(*partition): before})
        admin.close()


def _admin(broker: Broker) -> Any:
    return KafkaAdminClient(bootstrap_servers=servers_of(broker.url))


def drain(
    consumer: Consumer,
    done: Callable[[], bool],
    *,
    max_messages: int = PLENTY,
    max_bytes: int = PLENTY,
) -> list[Message]:
    """Poll until done; fail when nothing has come for long."""
    found: list[Message] = []
    heard = time.monotonic()
    while not done():
        messages = consumer.poll(max_messages, max_bytes)
        found += messages
        if messages:
            heard = time.monotonic()
        else:
            assert time.monotonic() - heard < PATIENCE_SECONDS, "nothing came"
            time.sleep(0.005)
    return found


def until(done: Callable[[], bool]) -> None:
    """Wait for something to become true; fail when it does not."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def numbered(count: int) -> list[Sent]:
    """Return messages of which some share a key."""
    return [(f"key-{n % 97}".encode(), f"value-{n}".encode()) for n in range(count)]
