"""What holds for every legal period, whatever the start, the zone and the way of counting."""

from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.instants import DAY, SECOND, Instant, parse_instant
from pipeline.periods import (
    Calendar,
    Counting,
    Period,
    Reckoning,
    Roll,
    explain,
    last_day,
    local_day,
    parse_period,
    reckon,
    start_of_day,
)
from pipeline.periods.reckon import _end_of_days

ZONES = (
    "UTC", "Europe/London", "America/Sao_Paulo", "America/St_Johns", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Apia", "Antarctica/Casey", "Asia/Colombo",
)  # fmt: skip
FIRST, LAST = parse_instant("1972-01-01T00:00:00Z"), parse_instant("2060-01-01T00:00:00Z")

starts = st.integers(FIRST, LAST).map(Instant)
# Near a known clock change as often as anywhere: that is where days repeat or are missing.
near_changes = st.builds(
    lambda change, by: Instant(change + by),
    st.sampled_from([
        parse_instant(text)
        for text in (
            "2009-11-01T02:31:00Z", "2011-12-30T10:00:00Z", "2010-03-04T15:00:00Z",
            "2018-11-04T03:00:00Z", "2026-03-29T01:00:00Z", "2006-04-14T18:30:00Z",
        )
    ]),
    st.integers(-2 * DAY, 2 * DAY),
)  # fmt: skip
instants = starts | near_changes

calendar_periods = (
    st.builds(
        lambda y, m, d: Period(years=y, months=m, days=d),
        st.integers(0, 7), st.integers(0, 30), st.integers(1, 90),
    )
    | st.builds(lambda w: Period(weeks=w), st.integers(1, 60))
    | st.builds(lambda m: Period(months=m), st.integers(1, 90))
)  # fmt: skip
clock_periods = st.builds(
    lambda h, m, s: Period(hours=h, minutes=m, seconds=s),
    st.integers(0, 500), st.integers(0, 90), st.integers(1, 90),
)  # fmt: skip
day_countings = st.sampled_from([
    Counting.EVENT_DAY_EXCLUDED, Counting.BEGINNING_WITH, Counting.AU_MONTH,
])  # fmt: skip
calendars = st.sampled_from([Calendar(), Calendar("GB-ENG"), Calendar("FR"), Calendar("SA")])
rolls = st.sampled_from(list(Roll))
day_reckonings = st.builds(Reckoning, st.sampled_from(ZONES), day_countings, rolls, calendars)
hour_reckonings = st.builds(
    Reckoning,
    st.sampled_from(ZONES),
    st.sampled_from([Counting.EVENT_DAY_EXCLUDED, Counting.EVENT_HOUR_EXCLUDED]),
)
business = st.tuples(
    st.builds(lambda d: Period(days=d), st.integers(1, 90)),
    st.builds(
        Reckoning,
        st.sampled_from(ZONES),
        st.just(Counting.BUSINESS_DAYS_EXCLUSIVE),
        rolls,
        calendars,
    ),
)
cases = (
    st.tuples(calendar_periods, day_reckonings)
    | st.tuples(clock_periods, hour_reckonings)
    | business
)


@given(instants, instants, cases)
def test_a_later_start_never_ends_earlier(
    one: Instant, other: Instant, case: tuple[Period, Reckoning]
) -> None:
    period, reckoning = case
    earlier, later = sorted((one, other))
    assert reckon(earlier, period, reckoning) <= reckon(later, period, reckoning)


@given(instants, st.integers(0, 2 * DAY), cases)
def test_a_start_shortly_after_never_ends_earlier(
    start: Instant, by: int, case: tuple[Period, Reckoning]
) -> None:
    period, reckoning = case
    assert reckon(start, period, reckoning) <= reckon(Instant(start + by), period, reckoning)


@given(instants, cases)
def test_the_end_lies_after_the_start(start: Instant, case: tuple[Period, Reckoning]) -> None:
    period, reckoning = case
    assert reckon(start, period, reckoning) > start


@given(instants, calendar_periods, day_reckonings)
def test_a_roll_never_moves_earlier_and_ends_on_a_working_day(
    start: Instant, period: Period, reckoning: Reckoning
) -> None:
    unrolled = Reckoning(reckoning.zone, reckoning.counting, Roll.NONE, reckoning.calendar)
    end = reckon(start, period, reckoning)
    assert reckon(start, period, unrolled) <= end
    if reckoning.roll is not Roll.NONE and reckoning.zone != "Pacific/Apia":  # it lost a Friday
        assert reckoning.calendar.is_working_day(last_day(end, reckoning.zone))


@given(starts, st.integers(1, 60), st.integers(1, 60), st.sampled_from(ZONES))
def test_an_extension_is_counted_from_the_original_start(
    start: Instant, months: int, more: int, zone: str
) -> None:
    reckoning = Reckoning(zone)
    day = local_day(start, zone)
    found = last_day(reckon(start, Period(months=months + more), reckoning), zone)
    assume(zone != "Pacific/Apia")
    months_apart = (found.year - day.year) * 12 + found.month - day.month
    assert months_apart == months + more
    next_month = (found.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert found.day == min(day.day, (next_month - timedelta(days=1)).day)


@given(calendar_periods | clock_periods)
def test_a_period_survives_writing_and_reading(period: Period) -> None:
    assert parse_period(str(period)) == period


@given(instants, calendar_periods, day_reckonings)
def test_the_cache_answers_as_the_arithmetic_does(
    start: Instant, period: Period, reckoning: Reckoning
) -> None:
    ordinal = local_day(start, reckoning.zone).toordinal()
    computed = _end_of_days.__wrapped__(ordinal, period, reckoning)
    assert reckon(start, period, reckoning) == computed
    assert reckon(start, period, reckoning) == computed


@given(instants, cases)
def test_the_explanation_gives_the_same_end(start: Instant, case: tuple[Period, Reckoning]) -> None:
    period, reckoning = case
    told = explain(start, period, reckoning)
    assert told.end == reckon(start, period, reckoning)
    assert told.steps


@given(instants, st.sampled_from(ZONES))
def test_an_instant_lies_between_the_bounds_of_its_day(instant: Instant, zone: str) -> None:
    day = local_day(instant, zone)
    assert start_of_day(day, zone) <= instant < start_of_day(day + timedelta(days=1), zone)


@given(starts, clock_periods)
def test_a_clock_period_is_exactly_that_long(start: Instant, period: Period) -> None:
    length = (period.hours * 3_600 + period.minutes * 60 + period.seconds) * SECOND
    assert reckon(start, period, Reckoning("Europe/London")) == start + length
