"""What writing, topics, time and positions must do on every transport."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import InvalidInput, RetentionError
from pipeline.instants import DAY, Instant
from pipeline.transports.contract import Partition, Sample, TopicSpec
from pipeline.transports.reading import read_to_end
from tests.transports.logs import Log, numbered, until

YEAR = 365 * DAY


def test_samples_never_go_back_and_their_ends_come_after_their_time(log: Log) -> None:
    partition = Partition(log.topic("events", log_append_time=True), 0)
    samples: list[Sample] = []
    for _ in range(10):
        log.write(partition.topic, [(b"key", b"value")])
        samples.append(log.broker.sample([partition]))
    assert [s.now for s in samples] == sorted(s.now for s in samples)
    assert [s.ends[partition] for s in samples] == list(range(1, 11))
    for message, before, after in zip(
        log.read(partition.topic)[1:], samples, samples[1:], strict=False
    ):
        assert before.now <= message.timestamp <= after.now


def test_time_is_the_brokers_even_when_a_producers_clock_is_a_year_ahead(log: Log) -> None:
    kept, stamped = log.topic("kept"), log.topic("stamped", log_append_time=True)
    before = log.broker.sample([]).now
    ahead = Instant(before + YEAR)
    producer = log.broker.producer()
    for topic in (kept, stamped):
        producer.send(topic, b"key", b"value", timestamp=ahead)
    producer.close()
    after = log.broker.sample([]).now
    assert before <= after < before + DAY
    assert [m.timestamp for m in log.read(kept)] == [ahead]
    assert before <= log.read(stamped)[0].timestamp <= after


def test_a_message_without_a_time_gets_the_present_one(log: Log) -> None:
    topic = log.topic("events")
    before = log.broker.sample([]).now
    log.write(topic, [(b"key", b"value")])
    assert before - DAY < log.read(topic)[0].timestamp < before + DAY


def test_committed_positions_are_kept_by_group_and_seen_by_others(log: Log) -> None:
    topic = log.topic("events", partitions=3)
    log.write(topic, [(None, b"value")] * 30)
    first, second, third = (Partition(topic, n) for n in range(3))
    group, other = f"{log.prefix}group", f"{log.prefix}other"
    assert log.broker.committed(group, [first, second, third]) == {}
    log.broker.commit(group, {first: 4, second: 0})
    log.broker.commit(group, {first: 7})
    log.broker.commit(other, {first: 1})
    log.broker.commit(group, {})
    with pickle.loads(pickle.dumps(log.broker)) as elsewhere:
        assert elsewhere.committed(group, [first, second, third]) == {first: 7, second: 0}
        assert elsewhere.committed(other, [first]) == {first: 1}
        assert elsewhere.committed(group, [third]) == {}


def test_what_flush_acknowledged_is_there_for_others(log: Log) -> None:
    partition = Partition(log.topic("events"), 0)
    producer = log.broker.producer()
    with pickle.loads(pickle.dumps(log.broker)) as elsewhere:
        for count in range(1, 6):
            producer.send(partition.topic, b"key", b"value")
            producer.flush()
            assert elsewhere.ends([partition]) == {partition: count}
    producer.close()


@pytest.mark.parametrize(
    ("key", "value"),
    [(b"key", b"x" * (2 << 20)), (None, None)],
    ids=["too large", "nothing at all"],
)
def test_flush_reports_a_refused_message_once_and_the_producer_goes_on(
    log: Log, key: bytes | None, value: bytes | None
) -> None:
    topic = log.topic("events")
    producer = log.broker.producer()
    producer.send(topic, key, value)
    with pytest.raises(InvalidInput, match=topic):
        producer.flush()
    producer.send(topic, b"key", b"value")
    producer.flush()
    producer.close()
    assert [m.value for m in log.read(topic)] == [b"value"]


def test_flush_reports_a_message_without_key_to_a_compacted_topic(log: Log) -> None:
    topic = log.topic("records", compacted=True)
    producer = log.broker.producer()
    producer.send(topic, None, b"value")
    with pytest.raises(InvalidInput, match=topic):
        producer.flush()
    producer.close()
    assert log.broker.ends([Partition(topic, 0)]) == {Partition(topic, 0): 0}


def test_flush_reports_a_topic_that_does_not_exist_and_does_not_create_it(log: Log) -> None:
    missing = f"{log.prefix}missing"
    producer = log.broker.producer()
    producer.send(missing, b"key", b"value")
    with pytest.raises(InvalidInput, match=missing):
        producer.flush()
    producer.close()
    assert log.broker.partitions(missing) is None


def test_closing_a_producer_flushes_it(log: Log) -> None:
    topic = log.topic("events")
    producer = log.broker.producer()
    producer.send(topic, b"key", b"value")
    producer.close()
    assert len(log.read(topic)) == 1


def test_errors_hold_neither_keys_nor_values(log: Log) -> None:
    topic = log.topic("events")
    producer = log.broker.producer()
    producer.send(topic, b"subject-4711", b"secret" * (1 << 19))
    with pytest.raises(RetentionError) as raised:
        producer.flush()
    assert "4711" not in str(raised.value)
    assert "secret" not in str(raised.value)
    producer.close()


def test_create_makes_what_is_missing_and_changes_nothing_else(log: Log) -> None:
    kept = TopicSpec(f"{log.prefix}kept", 2)
    assert log.broker.create([kept]) == [kept.name]
    other = TopicSpec(kept.name, 5, compacted=True)
    added = TopicSpec(f"{log.prefix}added", 3)
    assert log.broker.create([other, added]) == [added.name]
    assert log.broker.create([other, added]) == []
    assert log.broker.partitions(kept.name) == 2
    assert log.broker.partitions(added.name) == 3
    assert log.broker.drift([kept, added]) == []


def test_drift_says_what_is_missing_and_what_differs(log: Log) -> None:
    name, missing = f"{log.prefix}here", f"{log.prefix}missing"
    log.broker.create([TopicSpec(name, 2, retention_ms=7 * DAY)])
    wanted = TopicSpec(name, 4, compacted=True, log_append_time=True)
    lines = log.broker.drift([wanted, TopicSpec(missing, 1)])
    assert lines[-1] == f"topic {missing} does not exist"
    assert lines[0] == f"topic {name}: partitions is 2, not 4"
    assert len(lines) >= 4
    (retention,) = log.broker.drift([TopicSpec(name, 2, retention_ms=8 * DAY)])
    assert str(7 * DAY) in retention
    assert str(8 * DAY) in retention


def test_every_topic_spec_is_created_as_it_was_asked_for(log: Log) -> None:
    specs = [
        TopicSpec(f"{log.prefix}forever", 1, log_append_time=True),
        TopicSpec(f"{log.prefix}compacted", 2, compacted=True),
        TopicSpec(f"{log.prefix}week", 3, retention_ms=7 * DAY),
    ]
    assert log.broker.create(specs) == [spec.name for spec in specs]
    assert log.broker.drift(specs) == []


def test_a_partition_that_does_not_exist_is_named(log: Log) -> None:
    topic = log.topic("events")
    with pytest.raises(InvalidInput, match=f"{topic}/1"):
        log.broker.ends([Partition(topic, 0), Partition(topic, 1)])
    with pytest.raises(InvalidInput, match=f"{log.prefix}missing/0"):
        log.broker.sample([Partition(f"{log.prefix}missing", 0)])


def test_a_pickled_broker_connects_by_itself(log: Log) -> None:
    topic = log.topic("events")
    log.write(topic, numbered(3))
    log.broker.sample([])
    with pickle.loads(pickle.dumps(log.broker)) as copy:
        assert copy.url == log.broker.url
        assert Log(copy).read(topic) == log.read(topic)
        assert copy.sample([]).now >= log.broker.sample([]).now - DAY


def test_a_broker_and_a_producer_may_be_used_by_several_threads(log: Log) -> None:
    topic = log.topic("events", partitions=2)
    partitions = [Partition(topic, 0), Partition(topic, 1)]
    group, producer = f"{log.prefix}group", log.broker.producer()
    together = threading.Barrier(4)

    def work(worker: int) -> None:
        together.wait()
        for number in range(25):
            producer.send(topic, None, f"{worker}/{number}".encode())
            producer.flush()
            log.broker.sample(partitions)
            log.broker.commit(group, {partitions[0]: number})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    producer.close()
    values = {m.value for m in read_to_end(log.broker, partitions)}
    assert values == {f"{worker}/{number}".encode() for worker in range(4) for number in range(25)}
    assert sum(log.broker.ends(partitions).values()) == 100


def test_a_closed_broker_may_be_used_again(log: Log) -> None:
    topic = log.topic("events")
    log.broker.close()
    until(lambda: log.broker.partitions(topic) == 1)
