"""From a start to the end of a period: `reckon`, which the pipeline calls for every event.

The ways to count are in `counting`; `explain` gives the same answer with its steps.
"""

from datetime import date
from functools import lru_cache

from pipeline.errors import InvalidInput
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant
from pipeline.periods.calendars import WEEKENDS_ONLY, Calendar
from pipeline.periods.counting import Counting, Reckoning, Roll, check_fit, count_days
from pipeline.periods.period import Period
from pipeline.periods.zones import local_day, local_ordinal, next_full_hour, start_of_day

_CACHED_ENDS = 65_536


def reckon(start: Instant, period: Period, reckoning: Reckoning) -> Instant:
    """Return the EXCLUSIVE end of a period: what must be kept is kept until just before it.

    Calendar periods end at 00:00 local of the day after their last day, added once from the
    original start; a clock period ends when that much time has elapsed. Hot path: the ends of
    calendar periods are cached by local day.

    Raises:
        InvalidInput: as `count_days`, or the start or end lies outside 1970..9999.
    """
    if period.is_clock:
        return _clock_end(start, period, reckoning)
    return _end_of_days(local_ordinal(start, reckoning.zone), period, reckoning)


def period_end(
    start: Instant,
    period: Period,
    *,
    zone: str = "UTC",
    counting: Counting = Counting.EVENT_DAY_EXCLUDED,
    roll: Roll = Roll.NONE,
    calendar: Calendar | None = None,
) -> Instant:
    """Return what `reckon` does, for callers that hold no `Reckoning`; None is weekends only.

    Raises:
        InvalidInput: as `reckon`, or an unknown zone.
    """
    reckoning = Reckoning(
        zone=zone, counting=counting, roll=roll, calendar=calendar or WEEKENDS_ONLY
    )
    return reckon(start, period, reckoning)


def last_day(end: Instant, zone: str) -> date:
    """Return the last local day of which some part lies before an exclusive end, for display.

    Raises:
        InvalidInput: unknown zone, or the end lies outside 1970..9999.
    """
    return local_day(Instant(end - 1), zone)


@lru_cache(maxsize=_CACHED_ENDS)
def _end_of_days(ordinal: int, period: Period, reckoning: Reckoning) -> Instant:
    count = count_days(date.fromordinal(ordinal), period, reckoning)
    if count.last >= date.max:
        raise InvalidInput(f"{period} ends after the year 9999")
    return start_of_day(date.fromordinal(count.last.toordinal() + 1), reckoning.zone)


def _clock_end(start: Instant, period: Period, reckoning: Reckoning) -> Instant:
    check_fit(period, reckoning.counting)
    begin = start
    if reckoning.counting is Counting.EVENT_HOUR_EXCLUDED:
        begin = next_full_hour(start, reckoning.zone)
    end = begin + period.clock_ms
    if not MIN_INSTANT <= start < end <= MAX_INSTANT:
        raise InvalidInput(f"{period} starts or ends outside 1970..9999")
    return Instant(end)
