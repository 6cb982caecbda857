"""What reading must do on every transport: see `pipeline.transports.contract`."""

import pytest

from pipeline.errors import LogTruncated
from pipeline.transports.contract import Partition
from pipeline.transports.reading import read_to_end
from tests.transports.logs import PLENTY, Log, Sent, drain, numbered


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


def test_topics_are_told_as_they_are_and_samples_tell_them_too(log: Log) -> None:
    one, three = log.topic("one"), log.topic("three", partitions=3)
    found = log.broker.topics([one, three, f"{log.prefix}missing"])
    assert {name: topic.partitions for name, topic in found.items()} == {one: 1, three: 3}
    assert all(not topic.unled for topic in found.values())
    sample = log.broker.sample([Partition(three, 2)])
    assert sample.topics == {three: found[three]}
    # Only a log whose topics can be deleted tells them from their successors.
    distinct = {topic.identity for topic in found.values()}
    assert len(distinct) == 2 or distinct == {""}
