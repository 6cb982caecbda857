"""Watermarks of partitions whose messages bear the broker's time."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.instants import MIN_INSTANT, Instant
from pipeline.transports.contract import Partition, Sample
from pipeline.transports.positions import partition_watermark, read_watermark

NOW = Instant(1_000_000)
ONE, OTHER = Partition("events", 0), Partition("events", 1)

times = st.integers(0, 2_000_000).map(Instant)
margins = st.integers(0, 20_000)


def at(position: int, end: int, last: Instant | None, *, margin_ms: int = 10) -> Instant:
    return partition_watermark(
        position=position,
        end_at_sample=end,
        last_timestamp=last,
        sample_now=NOW,
        margin_ms=margin_ms,
    )


def test_a_partition_read_to_its_end_stands_at_the_sample_less_the_margin() -> None:
    assert at(7, 7, Instant(5)) == NOW - 10
    assert at(9, 7, Instant(5)) == NOW - 10
    assert at(0, 0, None) == NOW - 10


def test_a_partition_with_a_backlog_stands_at_its_last_message() -> None:
    assert at(6, 7, Instant(999_000)) == 999_000


def test_a_backlog_of_which_nothing_is_read_stands_at_the_beginning_of_time() -> None:
    assert at(0, 7, None) == MIN_INSTANT


def test_a_last_message_later_than_the_sample_does_not_count() -> None:
    assert at(6, 7, Instant(NOW + 5)) == NOW - 10


def test_a_margin_larger_than_the_time_does_not_lead_before_the_beginning_of_time() -> None:
    assert at(7, 7, None, margin_ms=NOW + 1) == MIN_INSTANT


def test_the_least_partition_counts() -> None:
    sample = Sample(NOW, {ONE: 5, OTHER: 5})
    lasts = {ONE: Instant(900_000), OTHER: Instant(800_000)}
    assert read_watermark({ONE: 4, OTHER: 4}, lasts, sample, margin_ms=10) == 800_000
    assert read_watermark({ONE: 4, OTHER: 5}, lasts, sample, margin_ms=10) == 900_000


def test_a_partition_without_sample_or_no_partition_at_all_holds_everything_back() -> None:
    sample = Sample(NOW, {ONE: 5})
    assert read_watermark({ONE: 5, OTHER: 5}, {}, sample, margin_ms=10) == MIN_INSTANT
    assert read_watermark({}, {}, sample, margin_ms=10) == MIN_INSTANT


@given(position=st.integers(0, 50), end=st.integers(0, 50), last=st.none() | times, margin=margins)
def test_the_watermark_never_exceeds_the_sample_less_the_margin(
    position: int, end: int, last: Instant | None, margin: int
) -> None:
    reached = at(position, end, last, margin_ms=margin)
    assert MIN_INSTANT <= reached <= max(MIN_INSTANT, NOW - margin)


@given(
    published=st.lists(times, max_size=30).map(sorted),
    read=st.integers(0, 30),
    now=times,
    margin=margins,
)
def test_the_watermark_never_passes_the_publish_time_of_an_unread_message(
    published: list[Instant], read: int, now: Instant, margin: int
) -> None:
    read = min(read, len(published))
    end = sum(time < now for time in published)  # What the broker had stamped before the sample.
    reached = read_watermark(
        {ONE: read},
        {ONE: published[read - 1]} if read else {},
        Sample(now, {ONE: end}),
        margin_ms=margin,
    )
    assert all(reached <= time for time in published[read:])
