"""Instants: text to milliseconds and back, and clocks that never go back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.instants import (
    MAX_INSTANT,
    MIN_INSTANT,
    Instant,
    ManualClock,
    format_instant,
    from_datetime,
    parse_instant,
    to_datetime,
)

INSTANTS = st.integers(MIN_INSTANT, MAX_INSTANT).map(Instant)


@given(INSTANTS)
def test_every_instant_survives_its_text_and_its_datetime(instant: Instant) -> None:
    assert parse_instant(format_instant(instant)) == instant
    assert from_datetime(to_datetime(instant)) == instant


def test_milliseconds_are_written_only_where_there_are_any() -> None:
    assert format_instant(Instant(1_000)) == "1970-01-01T00:00:01Z"
    assert format_instant(Instant(1_001)) == "1970-01-01T00:00:01.001Z"


def test_an_offset_is_obeyed() -> None:
    assert parse_instant("1970-01-01T01:00:00+01:00") == 0
    assert parse_instant("1969-12-31T23:00:00-01:00") == 0


def test_what_is_finer_than_a_millisecond_is_dropped_not_rounded() -> None:
    assert parse_instant("1970-01-01T00:00:00.0019999Z") == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-03-01T09:00:00", "has no zone"),
        ("2026-03-01", "has no zone"),
        ("yesterday", "is not an instant"),
        ("", "is not an instant"),
        ("2026-02-30T00:00:00Z", "is not an instant"),
        ("1969-12-31T23:59:59.999Z", "outside 1970..9999"),
        ("9999-12-31T23:59:59-01:00", "outside 1970..9999"),
        ("0001-01-01T00:00:00+14:00", "outside 1970..9999"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        parse_instant(text)


def test_a_refusal_repeats_no_more_than_the_beginning_of_a_long_text() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_instant("x" * 10_000)
    assert len(str(caught.value)) < 200


def test_a_datetime_of_another_zone_is_the_same_instant() -> None:
    assert from_datetime(datetime(2026, 3, 1, tzinfo=UTC)) == 1_772_323_200_000


def test_a_manual_clock_moves_only_forward() -> None:
    clock = ManualClock(Instant(5))
    clock.advance_to(Instant(5))
    clock.advance_to(Instant(9))
    assert clock.now() == 9
    with pytest.raises(InvalidInput, match="cannot go back"):
        clock.advance_to(Instant(8))
    assert clock.now() == 9
