"""Ways to count a period, and the days that come of it; a rule carries them as one `Reckoning`.

Pure calendar arithmetic on dates. Instants and the cache are in `reckon`, the words in `explain`.
"""

import calendar as gregorian
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from pipeline.errors import InvalidInput
from pipeline.periods.calendars import WEEKENDS_ONLY, Calendar
from pipeline.periods.period import Period
from pipeline.periods.zones import zone_named

_ONE_DAY = timedelta(days=1)


class Counting(StrEnum):
    """How a law counts.

    - `event_day_excluded`: Reg (EEC, Euratom) 1182/71 art 3(1), (2)(c): the day of the event is
      not counted; months and years end on the same date, or on the last day of a month without it.
    - `beginning_with`: UK drafting "a period of X beginning with/on day D": D is counted, so that
      the period ends on the day before the corresponding date.
    - `au_month`: Acts Interpretation Act 1901 (Cth) s 2G: whole months from the day after.
    - `business_days_exclusive`: working days after the day of the event; the period is in days.
    - `event_hour_excluded`: Reg 1182/71 art 3(1) for hours: from the next full local hour.
    """

    EVENT_DAY_EXCLUDED = "event_day_excluded"
    BEGINNING_WITH = "beginning_with"
    AU_MONTH = "au_month"
    BUSINESS_DAYS_EXCLUSIVE = "business_days_exclusive"
    EVENT_HOUR_EXCLUDED = "event_hour_excluded"


class Roll(StrEnum):
    """What happens when the last day is no working day; never for a retention limit.

    - `none`: nothing.
    - `next_working_day`: Reg 1182/71 art 3(4): the period ends with the next working day. Periods
      in hours are not rolled.
    - `next_working_day_min2`: also art 3(5): a period of two days or more has at least two
      working days.
    """

    NONE = "none"
    NEXT_WORKING_DAY = "next_working_day"
    NEXT_WORKING_DAY_MIN2 = "next_working_day_min2"


class Reckoning(msgspec.Struct, frozen=True):
    """How a rule's period is counted: one value, hashable, equal by content.

    A retention maximum or minimum must have `roll=none`: its owner refuses another when it reads
    the rule (GDPR art 5(1)(e): no longer than is necessary).

    Raises:
        InvalidInput: unknown zone.
    """

    zone: str = "UTC"
    counting: Counting = Counting.EVENT_DAY_EXCLUDED
    roll: Roll = Roll.NONE
    calendar: Calendar = WEEKENDS_ONLY

    def __post_init__(self) -> None:
        zone_named(self.zone)


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """The days of one period, each step kept so that it can be told.

    Attributes:
        first: the first day inside.
        counted: the last day inside as counted, before any roll.
        clamped: the month had no such date, so that its last day was taken.
        rolled: `counted`, or the working day it rolled to (art 3(4)).
        last: `rolled`, or the day that gives a second working day (art 3(5)).
    """

    first: date
    counted: date
    clamped: bool
    rolled: date
    last: date


def check_fit(period: Period, counting: Counting) -> None:
    """Refuse a way of counting that says nothing about such a period.

    Raises:
        InvalidInput: hours counted in days or months, days counted in hours, or working days
            given in other units than days.
    """
    if period.is_clock and counting in {Counting.AU_MONTH, Counting.BUSINESS_DAYS_EXCLUSIVE}:
        raise InvalidInput(f"`{counting}` counts days or months, but {period} is in clock units")
    if not period.is_clock and counting is Counting.EVENT_HOUR_EXCLUDED:
        raise InvalidInput(f"`{counting}` counts hours, but {period} is in calendar units")
    if counting is Counting.BUSINESS_DAYS_EXCLUSIVE and (period.total_months or period.weeks):
        raise InvalidInput(f"`{counting}` counts working days, but {period} is not in days only")


def count_days(event_day: date, period: Period, reckoning: Reckoning) -> Count:
    """Count a calendar period from the local day of its event.

    Raises:
        InvalidInput: the counting does not fit the period, the calendar does not know a year that
            a roll or working days need, or the period ends after 9999.
    """
    check_fit(period, reckoning.counting)
    try:
        first, counted, clamped = _unrolled(event_day, period, reckoning)
        rolled, last = counted, counted
        if reckoning.roll is not Roll.NONE:
            rolled = reckoning.calendar.working_day_from(counted)
            last = rolled
        if reckoning.roll is Roll.NEXT_WORKING_DAY_MIN2 and _is_two_days_or_more(period):
            last = _with_two_working_days(first, rolled, reckoning.calendar)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{period} from {event_day} ends after the year 9999") from error
    return Count(first=first, counted=counted, clamped=clamped, rolled=rolled, last=last)


def _unrolled(event_day: date, period: Period, reckoning: Reckoning) -> tuple[date, date, bool]:
    """Return the first day, the last day and whether a month was too short."""
    counting = reckoning.counting
    after = event_day + _ONE_DAY
    if counting is Counting.BUSINESS_DAYS_EXCLUSIVE:
        return after, _working_days_after(event_day, period.days, reckoning.calendar), False
    if counting is Counting.EVENT_DAY_EXCLUDED:
        same, clamped = add_months(event_day, period.total_months)
        return after, same + timedelta(days=period.total_days), clamped
    first = event_day if counting is Counting.BEGINNING_WITH else after
    return first, *_beginning_with(first, period)


def _beginning_with(first: date, period: Period) -> tuple[date, bool]:
    """Return the last day of a period whose first day is counted, and whether it was clamped."""
    corresponding, clamped = add_months(first, period.total_months)
    # A month that lacks the corresponding date is inside to its end: its last day is the day
    # before where that date would be (s 2G(1)(b) of the Australian act says so).
    before = corresponding if clamped else corresponding - _ONE_DAY
    return before + timedelta(days=period.total_days), clamped


def add_months(day: date, months: int) -> tuple[date, bool]:
    """Add months once; return the date, and whether the month's last day had to stand in.

    Raises:
        ValueError: the result lies after 9999.
    """
    years, month_index = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month_index + 1
    if year > date.max.year:
        raise ValueError(year)
    length = gregorian.monthrange(year, month)[1]
    return date(year, month, min(day.day, length)), day.day > length


def _working_days_after(event_day: date, days: int, working: Calendar) -> date:
    day = event_day
    for _ in range(days):
        day = working.working_day_from(day + _ONE_DAY)
    return day


def _is_two_days_or_more(period: Period) -> bool:
    return bool(period.total_months) or period.total_days > 1


def _with_two_working_days(first: date, last: date, working: Calendar) -> date:
    day = working.working_day_from(working.working_day_from(first) + _ONE_DAY)
    return max(day, last)
