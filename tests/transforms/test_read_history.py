"""Reading history to its end, and the watermark, which promises."""

import pytest
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp

from pipeline.instants import Instant
from tests.transforms.readers import KEYS, P0, P1, P2, Log, seen, take


def test_empty_partitions_of_history_are_announced(log: Log) -> None:
    batches = take(log.reader(history=True, follow=False))
    assert sorted((b.partition, b.start, b.next, b.begin, b.end) for b in batches) == [
        (0, 0, 0, 0, 0), (1, 0, 0, 0, 0), (2, 0, 0, 0, 0),
    ]  # fmt: skip


def test_a_partition_whose_messages_are_all_gone_is_announced_where_it_ends(log: Log) -> None:
    log.write(*KEYS)
    end = log.broker.ends([P0])[P0]
    log.broker.truncate(P0, end)
    batches = take(log.reader(history=True, follow=False))
    [empty] = [batch for batch in batches if batch.partition == 0]
    assert (empty.start, empty.next, empty.begin, empty.end) == (end, end, end, end)


def test_history_ignores_committed_positions(log: Log) -> None:
    log.write(*KEYS)
    log.broker.commit("g", {P0: 2, P1: 2, P2: 2})
    assert seen(take(log.reader(history=True, follow=False))) == log.offsets()


def test_history_ends_where_the_partitions_ended_at_the_start(log: Log) -> None:
    log.write(*KEYS)
    before = log.offsets()
    reader = log.reader(history=True, follow=False)
    batches = take(reader, 2)
    log.write(*KEYS, *KEYS)
    batches += take(reader, start=False)
    for partition, offsets in seen(batches).items():
        assert offsets[: len(before[partition])] == before[partition]
    ends = {batch.partition: batch.end for batch in batches}
    assert ends == {p.number: len(offsets) for p, offsets in before.items()}
    assert not reader.advance()
    log.write(*KEYS)
    assert not reader.advance()


def test_documents_go_on_after_their_history(log: Log) -> None:
    log.write(*KEYS[:6])
    reader = log.reader(history=True, follow=True)
    batches = take(reader)
    log.write(*KEYS[6:])
    batches += take(reader, start=False)
    assert seen(batches) == log.offsets()


@pytest.mark.parametrize("follow", [True, False])
def test_the_watermark_of_history_is_the_minimum_until_its_end_was_handed_out(
    log: Log, follow: bool
) -> None:
    log.write(*KEYS)
    log.sample(50_000)
    reader = log.reader(history=True, follow=follow)
    left = sum(map(len, log.offsets().values()))
    more = reader.start()
    while more:
        left -= len(reader.get_current().messages)
        mark = reader.get_watermark()
        assert (mark == MIN_TIMESTAMP) == (left > 0)
        more = reader.advance()
    assert left == 0
    assert reader.get_watermark() == Timestamp(micros=(50_000 - 10) * 1_000)


def test_finished_history_lets_time_pass_although_its_topic_grows(log: Log) -> None:
    reader = log.reader(history=True, follow=False)
    take(reader)
    log.write(*KEYS)
    log.sample(60_000)
    assert reader.get_watermark() == Timestamp(micros=(60_000 - 10) * 1_000)


# -- the watermark ---------------------------------------------------------------------------------


def test_without_a_sample_there_is_no_watermark(log: Log) -> None:
    reader = log.reader()
    take(reader)
    assert reader.get_watermark() == MIN_TIMESTAMP


def test_the_watermark_is_the_time_of_a_sample_that_was_passed_less_the_margin(log: Log) -> None:
    log.write(*KEYS)
    log.sample(50_000)
    reader = log.reader()
    take(reader, 2)
    assert reader.get_watermark() == MIN_TIMESTAMP
    take(reader, start=False)
    assert reader.get_watermark() == Timestamp(micros=(50_000 - 10) * 1_000)


def test_a_backlog_holds_the_watermark_whatever_time_its_producers_claim(log: Log) -> None:
    reader = log.reader()
    reader.start()
    for key in KEYS:
        log.producer.send("t", key.encode(), b"v", timestamp=Instant(10**13))
    log.producer.flush()
    log.sample(50_000)
    assert reader.get_watermark() == MIN_TIMESTAMP
    assert reader.advance()
    assert reader.get_watermark() == MIN_TIMESTAMP
    take(reader, start=False)
    assert reader.get_watermark() == Timestamp(micros=(50_000 - 10) * 1_000)


def test_every_element_is_early_so_that_it_never_waits_behind_a_timer(log: Log) -> None:
    log.write(*KEYS)
    reader = log.reader()
    assert reader.start()
    assert reader.get_current_timestamp() == MIN_TIMESTAMP
