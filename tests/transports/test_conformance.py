"""What every transport must do, tried on each: see `pipeline.transports.contract`."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import InvalidInput, LogTruncated, RetentionError
from pipeline.instants import DAY, Instant
from pipeline.transports.contract import Partition, Sample, TopicSpec
from pipeline.transports.reading import read_to_end
from tests.transports.logs import PLENTY, Log, Sent, drain, until

YEAR = 365 * DAY


def numbered(count: int) -> list[Sent]:
    return [(f"key-{n % 97}".encode(), f"value-{n}".encode()) for n in range(count)]


def test_messages_of_a_partition_come_in_the_order_they_were_sent(log: Log) -> None:
    topic = log.topic("events")
    log.write(topic, numbered(3_000))
    log.write(topic, numbered(2_000))
    found = log.read(topic)
    assert [(m.key, m.value) for m in found] == numbered(3_000) + numbered(2_000)
    assert [m.offset for m in found] == list(range(5_000))


def test_several_partitions_are_read_whole_and_each_in_order(log: Log) -> None:
    topic = log.topic("events", partitions=4)
    log.write(topic, numbered(8_000))
    partitions = [Partition(topic, number) for number in range(4)]
    ends = log.broker.ends(partitions)
    consumer = log.reader(log.broker.beginnings(partitions))
    found = drain(consumer, lambda: consumer.positions() == ends, max_messages=500)
    assert sum(ends.values()) == len(found) == 8_000
    assert {(m.key, m.value) for m in found} == set(numbered(8_000))
    for partition in partitions:
        offsets = [m.offset for m in found if m.partition == partition.number]
        assert offsets == list(range(ends[partition]))
    consumer.close()


def test_a_key_always_goes_to_the_same_partition_and_keys_spread(log: Log) -> None:
    topic = log.topic("events", partitions=4)
    log.write(topic, numbered(1_000))
    log.write(topic, numbered(1_000))
    homes: dict[bytes | None, set[int]] = {}
    for message in read_to_end(log.broker, [Partition(topic, n) for n in range(4)]):
        homes.setdefault(message.key, set()).add(message.partition)
    assert len(homes) == 97
    assert all(len(where) == 1 for where in homes.values())
    assert set.union(*homes.values()) == {0, 1, 2, 3}


def test_messages_without_a_key_take_turns_over_the_partitions(log: Log) -> None:
    topic = log.topic("events", partitions=4)
    log.write(topic, [(None, b"value")] * 40)
    ends = log.broker.ends([Partition(topic, n) for n in range(4)])
    assert list(ends.values()) == [10, 10, 10, 10]


def test_absent_keys_and_absent_values_are_kept_apart_from_empty_ones(log: Log) -> None:
    topic = log.topic("events")
    sent: list[Sent] = [(b"key", None), (None, b"value"), (b"", b""), (b"key", b"")]
    log.write(topic, sent)
    assert [(m.key, m.value) for m in log.read(topic)] == sent


def test_an_empty_topic_begins_and_ends_at_zero_and_poll_returns_nothing(log: Log) -> None:
    partition = Partition(log.topic("events"), 0)
    assert log.broker.beginnings([partition]) == log.broker.ends([partition]) == {partition: 0}
    consumer = log.reader({partition: 0})
    assert [list(consumer.poll(10, PLENTY)) for _ in range(20)] == [[]] * 20
    assert consumer.positions() == {partition: 0}
    consumer.close()


def test_an_idle_partition_keeps_its_position_while_another_is_read(log: Log) -> None:
    topic = log.topic("events", partitions=2)
    log.write(topic, [(b"key", b"value")] * 10)
    partitions = [Partition(topic, 0), Partition(topic, 1)]
    ends = log.broker.ends(partitions)
    assert sorted(ends.values()) == [0, 10]
    consumer = log.reader(dict.fromkeys(partitions, 0))
    drain(consumer, lambda: consumer.positions() == ends)
    assert consumer.poll(10, PLENTY) in ([], ())
    assert consumer.positions() == ends
    consumer.close()


def test_poll_returns_at_most_so_many_messages_and_positions_count_only_those(log: Log) -> None:
    partition = Partition(log.topic("events"), 0)
    log.write(partition.topic, numbered(100))
    consumer = log.reader({partition: 0})
    read = 0
    while read < 100:
        messages = consumer.poll(7, PLENTY)
        assert len(messages) <= 7
        assert [m.offset for m in messages] == list(range(read, read + len(messages)))
        read += len(messages)
        assert consumer.positions() == {partition: read}
    consumer.close()


def test_poll_returns_at_most_so_many_bytes_but_at_least_one_message(log: Log) -> None:
    partition = Partition(log.topic("events"), 0)
    sizes = [100, 100, 100, 5_000, 100, 100]
    log.write(partition.topic, [(None, b"x" * size) for size in sizes])
    consumer = log.reader({partition: 0})
    polls: list[list[int]] = []
    while sum(map(len, polls)) < len(sizes):
        messages = consumer.poll(PLENTY, 250)
        if messages:
            polls.append([len(m.value or b"") for m in messages])
        assert consumer.positions() == {partition: sum(map(len, polls))}
    assert [size for poll in polls for size in poll] == sizes
    assert all(sum(poll) <= 250 or len(poll) == 1 for poll in polls)
    assert [5_000] in polls
    consumer.close()


def test_another_reader_goes_on_exactly_at_the_positions_of_the_first(log: Log) -> None:
    topic = log.topic("events", partitions=3)
    log.write(topic, numbered(900))
    ends = log.broker.ends([Partition(topic, n) for n in range(3)])
    first = log.reader(dict.fromkeys(ends, 0))
    before = drain(first, lambda: sum(first.positions().values()) >= 400, max_messages=150)
    second = log.reader(first.positions())
    after = drain(second, lambda: second.positions() == ends)
    assert sorted(m.value or b"" for m in before + after) == sorted(
        v or b"" for _, v in numbered(900)
    )
    first.close()
    second.close()


def test_assigning_anew_replaces_positions_and_forgets_what_was_fetched(log: Log) -> None:
    topic = log.topic("events", partitions=2)
    log.write(topic, [(None, str(n).encode()) for n in range(200)])
    one, other = Partition(topic, 0), Partition(topic, 1)
    consumer = log.reader({one: 0, other: 0})
    drain(consumer, lambda: sum(consumer.positions().values()) > 0, max_bytes=10)
    consumer.assign({one: 40})
    found = drain(consumer, lambda: consumer.positions() == {one: 100})
    assert {m.partition for m in found} == {0}
    assert [m.offset for m in found] == list(range(40, 100))
    consumer.assign({})
    assert list(consumer.poll(10, PLENTY)) == []
    assert consumer.positions() == {}
    consumer.close()


def test_compaction_leaves_gaps_that_readers_pass_without_losing_a_key(log: Log) -> None:
    topic = log.topic("records", compacted=True)
    partition = Partition(topic, 0)
    log.write(topic, [(f"k{n % 5}".encode(), f"v{n}".encode()) for n in range(1_000)])
    log.write(topic, [(b"k0", None)])
    log.compact(topic, lambda: len(log.read(topic)) < 100)
    found = log.read(topic)
    latest = {m.key: m.value for m in found}
    latest.pop(b"roll", None)
    expected = {b"k0": None, b"k1": b"v996", b"k2": b"v997", b"k3": b"v998", b"k4": b"v999"}
    assert latest == expected
    assert log.broker.ends([partition])[partition] >= 1_001
    assert log.read(topic, position=500) == [m for m in found if m.offset >= 500]


def test_deletion_moves_the_beginning_and_never_the_end(log: Log) -> None:
    partition = Partition(log.topic("events"), 0)
    log.write(partition.topic, numbered(50))
    log.truncate(partition, 30)
    assert log.broker.beginnings([partition]) == {partition: 30}
    assert log.broker.ends([partition]) == {partition: 50}
    assert [m.offset for m in log.read(partition.topic, position=30)] == list(range(30, 50))
    log.truncate(partition, 50)
    assert log.broker.beginnings([partition]) == log.broker.ends([partition]) == {partition: 50}


@pytest.mark.parametrize(("position", "kept"), [(29, "30..50"), (51, "30..50")])
def test_a_position_outside_the_log_is_reported_and_never_skipped(
    log: Log, position: int, kept: str
) -> None:
    partition = Partition(log.topic("events"), 0)
    log.write(partition.topic, numbered(50))
    log.truncate(partition, 30)
    consumer = log.reader({partition: position})
    for _ in range(2):  # It stays so: a second poll must not go on from elsewhere.
        with pytest.raises(LogTruncated) as raised:
            drain(consumer, lambda: False)
        assert f"{partition.topic}/0: position {position} " in str(raised.value)
        assert kept in str(raised.value)
    consumer.close()


def test_the_very_end_and_the_very_beginning_are_inside_the_log(log: Log) -> None:
    partition = Partition(log.topic("events"), 0)
    log.write(partition.topic, numbered(50))
    log.truncate(partition, 30)
    consumer = log.reader({partition: 50})
    assert [list(consumer.poll(10, PLENTY)) for _ in range(20)] == [[]] * 20
    log.write(partition.topic, [(b"key", b"new")])
    found = drain(consumer, lambda: consumer.positions()[partition] == 51)
    assert [(m.offset, m.value) for m in found] == [(50, b"new")]
    consumer.close()


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
