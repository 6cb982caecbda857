"""The log on Kafka, through kafka-python.

`kafka_consumer`, `kafka_producer` and `kafka_topics` are its parts; `kafka_connect` says how
connecting and errors work.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from kafka import (
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
    errors,
)

from pipeline.errors import BrokerUnavailable, InvalidInput, NoSuchPartition
from pipeline.instants import Instant
from pipeline.transports.contract import Partition, Position, Sample, Topic, TopicSpec
from pipeline.transports.kafka_acls import Compared, compared, give
from pipeline.transports.kafka_connect import (
    CONNECT_SECONDS,
    REQUEST_MS,
    Result,
    client_settings,
    close_producer,
    connected,
    patiently,
    servers_of,
)
from pipeline.transports.kafka_consumer import KafkaLogConsumer
from pipeline.transports.kafka_producer import KafkaLogProducer
from pipeline.transports.kafka_security import security_at
from pipeline.transports.kafka_topics import (
    create_missing,
    described,
    differences,
    partition_counts,
)
from pipeline.transports.permissions import Permission
from pipeline.transports.topics import DEFAULT_PREFIX

_UNSTAMPED = 1
"""The producer's time of a clock message: an answer with it was not stamped by the broker."""


class KafkaBroker:
    """A Kafka cluster. Thread-safe; a pickled copy connects by itself.

    Args:
        url: `kafka://host:port[,host:port]`, and `?security=FILE` where one is needed.
        clock_topic: a topic stamped by the broker, from which its time is read.
        connect_seconds: for how long a broker that does not answer is tried again.
    """

    def __init__(
        self,
        url: str,
        *,
        clock_topic: str = f"{DEFAULT_PREFIX}clock",
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self.url = url
        self._clock_topic = clock_topic
        self._connect_seconds = connect_seconds
        self._servers = servers_of(url)
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}

    def __getstate__(self) -> tuple[str, str, float]:
        """Pickle the address and the options, never a connection."""
        return (self.url, self._clock_topic, self._connect_seconds)

    def __setstate__(self, state: tuple[str, str, float]) -> None:
        """Begin without connections."""
        url, clock_topic, connect_seconds = state
        KafkaBroker.__init__(self, url, clock_topic=clock_topic, connect_seconds=connect_seconds)

    # -- connections -------------------------------------------------------------------------

    def _settings(self) -> Mapping[str, Any]:
        # The security file is read at each connection: what is in it may have changed.
        return client_settings(self._servers, self._connect_seconds, security_at(self.url))

    def _ask(self, name: str, connect: Callable[..., Any], call: Callable[[Any], Result]) -> Result:
        """Call with the client of this name, connected when first needed; see `patiently`."""

        def attempt() -> Result:
            if name not in self._clients:
                self._clients[name] = connected(connect, self._settings())
            return call(self._clients[name])

        with self._lock:
            try:
                return patiently(self.url, self._connect_seconds, attempt)
            except BrokerUnavailable:
                # A client (3.0.12) may never come back to a broker that was killed: begin anew.
                client = self._clients.pop(name, None)
                if client is not None:
                    _release(client)
                raise

    def _ask_admin(self, call: Callable[[Any], Result]) -> Result:
        return self._ask("admin", KafkaAdminClient, call)

    def _ask_offsets(self, call: Callable[[Any], Result]) -> Result:
        return self._ask("offsets", _standalone_consumer, call)

    # -- positions ---------------------------------------------------------------------------

    def partitions(self, topic: str) -> int | None:
        """Return how many partitions a topic has, or None when there is no such topic."""
        return self._ask_admin(lambda admin: partition_counts(admin, [topic])).get(topic)

    def topics(self, names: Sequence[str]) -> Mapping[str, Topic]:
        """Return the topics of these names as they are now; what does not exist is left out."""
        return self._ask_admin(lambda admin: described(admin, names)) if names else {}

    def beginnings(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the oldest kept position of each partition."""
        return self._offsets("beginning_offsets", partitions)

    def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the position after the newest message of each partition."""
        return self._offsets("end_offsets", partitions)

    def _offsets(self, which: str, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        if not partitions:
            return {}
        self._demand(partitions)
        return self._listed(which, partitions)

    def _listed(self, which: str, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        wanted = [TopicPartition(*partition) for partition in partitions]
        found = self._ask_offsets(lambda client: _listed(client, which, wanted))
        return {Partition(*partition): offset for partition, offset in found.items()}

    def _demand(self, partitions: Sequence[Partition]) -> Mapping[str, Topic]:
        """Refuse partitions that do not exist: the client would wait for them to appear."""
        topics = self.topics(sorted({partition.topic for partition in partitions}))
        for topic, number in partitions:
            if topic not in topics or number >= topics[topic].partitions:
                raise NoSuchPartition(
                    f"partition {topic}/{number} does not exist; "
                    "create its topic: retention topics create"
                )
        return topics

    def sample(self, partitions: Sequence[Partition]) -> Sample:
        """Read the broker's time from the stamp of a message, then the ends of the partitions.

        Raises:
            InvalidInput: the clock topic keeps the producer's time.
            NoSuchPartition: the clock topic, or one of the partitions, does not exist.
            BrokerUnavailable: the broker does not answer.
        """
        if "clock" not in self._clients:
            self._demand([Partition(self._clock_topic, 0)])
        now = self._ask("clock", _clock_producer, self._stamp)
        if now == _UNSTAMPED:
            raise InvalidInput(
                f"topic {self._clock_topic} keeps the producer's time; "
                "set its message.timestamp.type to LogAppendTime"
            )
        topics = self._demand(partitions)
        # Asked for the end of a partition that nobody serves, the client would wait for it.
        led = [p for p in partitions if p.number not in topics[p.topic].unled]
        return Sample(Instant(now), self._listed("end_offsets", led) if led else {}, topics)

    def _stamp(self, producer: Any) -> int:
        future = producer.send(self._clock_topic, b"", partition=0, timestamp_ms=_UNSTAMPED)
        return int(future.get(timeout=self._connect_seconds).timestamp)

    def committed(
        self, group: str, partitions: Sequence[Partition]
    ) -> Mapping[Partition, Position]:
        """Return the committed positions; partitions without one are left out."""
        wanted = [TopicPartition(*partition) for partition in partitions]
        found = self._ask_group(
            group, lambda c: {p: c.committed(p, timeout_ms=REQUEST_MS) for p in wanted}
        )
        return {Partition(*p): offset for p, offset in found.items() if offset is not None}

    def commit(self, group: str, positions: Mapping[Partition, Position]) -> None:
        """Record positions durably as the group's; the client never subscribes."""
        offsets = {
            TopicPartition(*partition): OffsetAndMetadata(position, "", -1)
            for partition, position in positions.items()
        }
        if offsets:
            self._ask_group(group, lambda c: c.commit(offsets, timeout_ms=REQUEST_MS))

    def _ask_group(self, group: str, call: Callable[[Any], Result]) -> Result:
        def connect(**settings: Any) -> Any:
            return _standalone_consumer(group_id=group, **settings)

        return self._ask(f"group {group}", connect, call)

    # -- reading, writing, provisioning ------------------------------------------------------

    def consumer(self) -> KafkaLogConsumer:
        """Open a reader."""
        return KafkaLogConsumer(self, self._settings, self._connect_seconds)

    def producer(self) -> KafkaLogProducer:
        """Open a writer."""
        return KafkaLogProducer(self, self._settings, self._connect_seconds)

    def create(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Create the topics that do not exist, and nothing else; return their names."""
        return self._ask_admin(lambda admin: create_missing(admin, specs))

    def drift(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Return one sentence for each way in which an existing topic differs, or is missing."""
        return self._ask_admin(lambda admin: differences(admin, specs))

    def rights(self, principal: str, wanted: Sequence[Permission]) -> Compared:
        """Compare what a user may do with what it should.

        Raises:
            InvalidInput: the broker has no access rules, or may not be asked for them.
        """
        return self._ask_admin(lambda admin: compared(admin, principal, wanted))

    def permit(self, principal: str, wanted: Sequence[Permission]) -> None:
        """Give a user rights.

        Raises:
            InvalidInput: as `rights`.
        """
        self._ask_admin(lambda admin: give(admin, principal, wanted))

    def close(self) -> None:
        """Release connections; the next call opens others."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            _release(client)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _release(client: Any) -> None:
    if isinstance(client, KafkaProducer):
        close_producer(client)
    elif isinstance(client, KafkaConsumer):
        client.close(autocommit=False, timeout_ms=1_000)
    else:
        client.close()


def _standalone_consumer(**settings: Any) -> Any:
    """Connect a consumer that reads nothing; uncommitted, so that ends count open transactions."""
    return KafkaConsumer(
        **settings,
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        isolation_level="read_uncommitted",
        metrics_enabled=False,
    )


def _clock_producer(**settings: Any) -> Any:
    return KafkaProducer(
        **settings,
        acks="all",
        linger_ms=0,
        allow_auto_create_topics=False,
        max_block_ms=settings["bootstrap_timeout_ms"],
        delivery_timeout_ms=settings["bootstrap_timeout_ms"] + REQUEST_MS,
    )


def _listed(client: Any, which: str, wanted: list[TopicPartition]) -> dict[TopicPartition, int]:
    try:
        listed: dict[TopicPartition, int] = getattr(client, which)(wanted, timeout_ms=REQUEST_MS)
    except KeyError as missing:
        # The client (3.0.12) leaves out a partition whose metadata it is just refreshing.
        raise errors.LeaderNotAvailableError from missing
    return listed
