"""Batches that are given to Kafka's client as a whole: none of what it answers is missed."""

import pytest

from pipeline.errors import InvalidInput
from pipeline.transports.contract import Partition, TopicSpec
from pipeline.transports.kafka_batches import BATCH_BYTES, MAX_REQUEST_BYTES
from tests.transports.logs import Log, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("log", ["kafka"], indirect=True),
]

SMALL_BYTES = 60_000
"""The most that a topic takes at once: less than `BATCH_BYTES`."""
SIZE = 500


def test_a_batch_that_is_too_large_for_its_topic_is_written_in_parts(log: Log) -> None:
    topic, count = f"{log.prefix}small", BATCH_BYTES // SIZE
    log.broker.create([TopicSpec(topic, 1, max_message_bytes=SMALL_BYTES)])
    producer, place = log.broker.producer(), Partition(topic, 0)
    for number in range(count):
        producer.send(topic, b"%d" % number, bytes(SIZE))
    until(lambda: log.broker.ends([place])[place] > count // 2)  # without a flush: it was full
    producer.flush()
    assert [message.key for message in log.read(topic)] == [b"%d" % n for n in range(count)]
    producer.close()


def test_a_message_that_its_topic_refuses_is_told_of_beside_others(log: Log) -> None:
    topic = f"{log.prefix}small"
    log.broker.create([TopicSpec(topic, 1, max_message_bytes=SMALL_BYTES)])
    producer = log.broker.producer()
    for size in (SMALL_BYTES + SIZE, MAX_REQUEST_BYTES):
        producer.send(topic, b"large", bytes(size))
        producer.send(log.topic(f"events{size}"), b"key", b"value")
        with pytest.raises(InvalidInput, match="MessageSizeTooLarge"):
            producer.flush()
    producer.send(topic, b"key", b"value")
    producer.flush()
    assert [message.key for message in log.read(topic)] == [b"key"]
    producer.close()


def test_what_another_thread_hands_over_while_a_flush_fails_is_told_of(log: Log) -> None:
    topic = log.topic("events")
    producer = log.broker.producer()
    producer.send(topic, b"key", b"value")
    producer._release()  # type: ignore[attr-defined]  # as a flush does that failed
    producer.flush()
    assert [message.key for message in log.read(topic)] == [b"key"]
    producer.close()


def test_what_is_no_bytes_costs_no_other_message(log: Log) -> None:
    topic = log.topic("events")
    producer = log.broker.producer()
    producer.send(topic, b"key", b"value")
    with pytest.raises(TypeError, match="are bytes or None"):
        producer.send(topic, b"key", "text")  # type: ignore[arg-type]
    producer.flush()
    assert [message.value for message in log.read(topic)] == [b"value"]
    producer.close()
