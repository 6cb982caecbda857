"""What only Kafka does: transactions, other producers' topics, and being away."""

import contextlib
import logging
import pickle
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from pipeline.errors import BrokerUnavailable, InvalidInput
from pipeline.instants import DAY
from pipeline.testing.kafka_broker import KafkaFailed, LocalKafka, fetch_kafka
from pipeline.testing.ports import LOOPBACK, free_port
from pipeline.transports import kafka_consumer
from pipeline.transports.contract import Consumer, Partition, TopicSpec
from pipeline.transports.kafka import KafkaBroker
from pipeline.transports.kafka_connect import servers_of
from tests.transports.logs import PLENTY, Log, drain, until

real = pytest.mark.integration


@pytest.fixture
def log(kafka: LocalKafka) -> Iterator[Log]:
    """Topics of one test on the session's Kafka."""
    names = Log(KafkaBroker(kafka.url))
    clock = f"{names.prefix}clock"
    with KafkaBroker(kafka.url, clock_topic=clock) as broker:
        broker.create([TopicSpec(clock, 1, log_append_time=True)])
        yield Log(broker, names.prefix)


@pytest.fixture
def own_kafka() -> Iterator[LocalKafka]:
    """A Kafka that the test may stop."""
    with LocalKafka() as broker:
        yield broker


@pytest.fixture
def transactional(log: Log) -> Iterator[Any]:
    """A producer of someone who uses transactions."""
    producer = KafkaProducer(
        bootstrap_servers=servers_of(log.broker.url), transactional_id=f"{log.prefix}producer"
    )
    producer.init_transactions()
    yield producer
    producer.close()


@real
def test_aborted_transactions_are_not_read_and_their_markers_are_passed(
    log: Log, transactional: Any
) -> None:
    partition = Partition(log.topic("events"), 0)
    for number, end in enumerate(
        [
            transactional.commit_transaction,
            transactional.abort_transaction,
            transactional.commit_transaction,
            transactional.abort_transaction,
        ]
    ):
        transactional.begin_transaction()
        transactional.send(partition.topic, str(number).encode())
        transactional.flush()
        end()
    assert log.broker.ends([partition]) == {partition: 8}  # A message and a marker each.
    consumer = log.reader({partition: 0})
    found = drain(consumer, lambda: consumer.positions()[partition] == 8)
    assert [(m.offset, m.value) for m in found] == [(0, b"0"), (4, b"2")]
    consumer.close()


@real
def test_an_open_transaction_keeps_the_reader_below_the_sampled_end(
    log: Log, transactional: Any
) -> None:
    partition = Partition(log.topic("events"), 0)
    transactional.begin_transaction()
    transactional.send(partition.topic, b"open")
    transactional.flush()
    log.write(partition.topic, [(b"key", b"behind it")])
    sample = log.broker.sample([partition])
    assert sample.ends == {partition: 2}
    consumer = log.reader({partition: 0})
    for _ in range(20):
        assert list(consumer.poll(10, PLENTY)) == []
        time.sleep(0.02)
    assert consumer.positions() == {partition: 0}
    transactional.commit_transaction()
    found = drain(consumer, lambda: consumer.positions()[partition] >= sample.ends[partition])
    assert [m.value for m in found] == [b"open", b"behind it"]
    consumer.close()


@real
def test_a_clock_topic_with_the_producers_time_is_refused(log: Log) -> None:
    topic = log.topic("clock.wrong")
    with (
        KafkaBroker(log.broker.url, clock_topic=topic) as broker,
        pytest.raises(InvalidInput, match=f"{topic} keeps the producer's time.*LogAppendTime"),
    ):
        broker.sample([])


@real
def test_a_missing_clock_topic_is_named(log: Log) -> None:
    with (
        KafkaBroker(log.broker.url, clock_topic=f"{log.prefix}missing") as broker,
        pytest.raises(InvalidInput, match=f"{log.prefix}missing/0 does not exist"),
    ):
        broker.sample([])


@real
def test_a_topic_kept_for_ever_has_no_limit_of_size_either(log: Log) -> None:
    log.broker.create([TopicSpec(f"{log.prefix}holds", 1)])
    wrong = TopicSpec(f"{log.prefix}holds", 1, retention_ms=DAY)
    assert log.broker.drift([wrong]) == [f"topic {log.prefix}holds: retention.ms is -1, not {DAY}"]
    limited = [line for line in log.broker.drift([TopicSpec(f"{log.prefix}holds", 1)]) if line]
    assert limited == []


@real
def test_closed_clients_leave_no_threads_behind(log: Log) -> None:
    topic = log.topic("events")
    before = _network_threads()
    with pickle.loads(pickle.dumps(log.broker)) as broker:
        other = Log(broker, log.prefix)
        other.write(topic, [(b"key", b"value")])
        other.read(topic)
        broker.commit(f"{log.prefix}group", {Partition(topic, 0): 1})
        broker.sample([Partition(topic, 0)])
        assert _network_threads() > before
    until(lambda: _network_threads() == before)


@real
def test_a_killed_and_restarted_broker_loses_nothing_acknowledged(own_kafka: LocalKafka) -> None:
    with KafkaBroker(own_kafka.url) as broker:
        log = Log(broker)
        partition = Partition(log.topic("events"), 0)
        consumer, producer = log.reader({partition: 0}), broker.producer()
        for number in range(100):
            producer.send(partition.topic, b"key", str(number).encode())
        producer.flush()
        broker.commit("group", {partition: 60})
        found = drain(consumer, lambda: consumer.positions()[partition] >= 50, max_messages=10)
        own_kafka.restart()
        producer.send(partition.topic, b"key", b"100")
        producer.flush()
        found += drain(consumer, lambda: consumer.positions()[partition] >= 101)
        assert [m.value for m in found] == [str(number).encode() for number in range(101)]
        assert broker.committed("group", [partition]) == {partition: 60}
        producer.close()
        consumer.close()


@real
def test_silence_of_the_broker_is_reported_to_the_reader_and_then_overcome(
    own_kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_consumer, "SILENCE_SECONDS", 2.0)
    monkeypatch.setattr(kafka_consumer, "CHECK_SECONDS", 0.2)
    with KafkaBroker(own_kafka.url, connect_seconds=3.0) as broker:
        log = Log(broker)
        partition = Partition(log.topic("events"), 0)
        consumer = log.reader({partition: 0})
        quiet = time.monotonic() + 4
        while time.monotonic() < quiet:  # An idle broker is not a silent one.
            assert list(consumer.poll(10, PLENTY)) == []
            time.sleep(0.05)
        own_kafka.kill()
        with pytest.raises(BrokerUnavailable, match="no answer from the broker for 2 s"):
            drain(consumer, lambda: False)
        with pytest.raises(BrokerUnavailable):
            broker.ends([partition])
        own_kafka.restart()
        log.write(partition.topic, [(b"key", b"value")])
        until(lambda: _goes_on(consumer, partition))
        consumer.close()


@real
def test_what_the_broker_has_not_taken_does_not_keep_a_client_from_closing(
    own_kafka: LocalKafka,
) -> None:
    before = _network_threads()
    with KafkaBroker(own_kafka.url, clock_topic="clock", connect_seconds=2.0) as broker:
        broker.create([TopicSpec("clock", 1, log_append_time=True)])
        broker.sample(())
        own_kafka.kill()
        with pytest.raises(BrokerUnavailable):
            broker.sample(())
    until(lambda: _network_threads() == before)


def test_a_broker_that_is_not_there_is_given_up_in_time_and_leaves_no_thread() -> None:
    before = _network_threads()
    with KafkaBroker(f"kafka://{LOOPBACK}:{free_port()}", connect_seconds=0.5) as broker:
        started = time.monotonic()
        with pytest.raises(BrokerUnavailable, match=broker.url):
            broker.partitions("events")
        with pytest.raises(BrokerUnavailable, match=broker.url):
            broker.producer().send("events", b"key", b"value")
        with pytest.raises(BrokerUnavailable, match=broker.url):
            broker.consumer().assign({Partition("events", 0): 0})
        assert time.monotonic() - started < 10
    until(lambda: _network_threads() == before)


def test_a_broker_costs_nothing_until_it_is_used() -> None:
    broker = KafkaBroker(f"kafka://{LOOPBACK}:9", clock_topic="other.clock", connect_seconds=3.0)
    copy = pickle.loads(pickle.dumps(broker))
    assert copy.url == broker.url
    assert copy.__getstate__() == (broker.url, "other.clock", 3.0)


def test_the_clients_log_does_not_show_payloads_unless_asked_to() -> None:
    KafkaBroker(f"kafka://{LOOPBACK}:9").consumer()
    assert not logging.getLogger("kafka.producer.kafka").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("kafka.net.connection").isEnabledFor(logging.INFO)


def test_fetching_kafka_without_maven_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KafkaFailed, match="java is not on the PATH: install"):
        fetch_kafka(tmp_path)


def _goes_on(consumer: Consumer, partition: Partition) -> bool:
    """Poll once, as a job does that waits for the broker to come back."""
    with contextlib.suppress(BrokerUnavailable):
        consumer.poll(10, PLENTY)
    return consumer.positions() == {partition: 1}


def _network_threads() -> int:
    return sum(thread.name.startswith("kafka") for thread in threading.enumerate())
