"""How an end was reached, step by step, in words: for `retention period` and for evidence.

The arithmetic itself is in `counting` and `reckon`; this module only tells it.
"""

from datetime import date, timedelta

import msgspec

from pipeline.instants import Instant, format_instant
from pipeline.periods.counting import Count, Counting, Reckoning, Roll, add_months, count_days
from pipeline.periods.period import Period
from pipeline.periods.reckon import last_day, reckon
from pipeline.periods.zones import local_day, local_text, next_full_hour

_ART = "Reg 1182/71 art"
_NO_ROLL = "the last day stays even when it is no working day: roll is none"


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A period's end and the steps to it.

    Attributes:
        start: where it was counted from.
        start_day: the local day of the start.
        last_day: the last local day inside.
        end: the exclusive end.
        steps: one sentence each, in the order they were taken.
    """

    start: Instant
    start_day: date
    last_day: date
    end: Instant
    steps: tuple[str, ...]


def explain(start: Instant, period: Period, reckoning: Reckoning) -> Explanation:
    """Return what `reckon` returns, with the steps that lead to it.

    Raises:
        InvalidInput: as `reckon`.
    """
    end = reckon(start, period, reckoning)
    start_day = local_day(start, reckoning.zone)
    if period.is_clock:
        steps = _clock_steps(start, end, period, reckoning)
    else:
        count = count_days(start_day, period, reckoning)
        steps = [
            f"{format_instant(start)} is {_day(start_day)} in {reckoning.zone}",
            *_counting_steps(start_day, count, period, reckoning),
            *_roll_steps(count, period, reckoning),
            _end_step(count.last, end, reckoning.zone),
        ]
    return Explanation(
        start=start,
        start_day=start_day,
        last_day=last_day(end, reckoning.zone),
        end=end,
        steps=tuple(steps),
    )


def _clock_steps(start: Instant, end: Instant, period: Period, reckoning: Reckoning) -> list[str]:
    steps = []
    if reckoning.counting is Counting.EVENT_HOUR_EXCLUDED:
        begin = next_full_hour(start, reckoning.zone)
        steps.append(
            f"the hour of the event is not counted ({_ART} 3(1)): from "
            f"{local_text(begin, reckoning.zone)}"
        )
    steps.append(f"{period.in_words()} of elapsed time end at {format_instant(end)}")
    if reckoning.roll is not Roll.NONE:
        steps.append(f"periods in hours are not rolled ({_ART} 3(4))")
    return steps


def _counting_steps(
    start_day: date, count: Count, period: Period, reckoning: Reckoning
) -> list[str]:
    words = period.in_words()
    counting = reckoning.counting
    if counting is Counting.BUSINESS_DAYS_EXCLUSIVE:
        return [
            "the day of the event is not counted",
            _working_days_step(count, period, reckoning),
        ]
    if counting is Counting.EVENT_DAY_EXCLUDED:
        opening = f"the day of the event is not counted ({_ART} 3(1))"
    elif counting is Counting.BEGINNING_WITH:
        opening = "the day of the event is counted (a period beginning with it)"
    else:
        opening = (
            f"whole months are counted from the day after, {_day(count.first)} "
            "(Acts Interpretation Act 1901 (Cth) s 2G)"
        )
    steps = [opening]
    if count.clamped:
        steps.append(_clamp_step(start_day, count, period, counting))
    elif counting is Counting.EVENT_DAY_EXCLUDED:
        steps.append(f"{words} after {start_day}, added once: {_day(count.counted)}")
    else:
        steps.append(
            f"{words} beginning with {count.first} end the day before the corresponding date: "
            f"{_day(count.counted)}"
        )
    return steps


def _working_days_step(count: Count, period: Period, reckoning: Reckoning) -> str:
    words = "1 working day" if period.days == 1 else f"{period.days} working days"
    return f"{words} after it, by the calendar {_calendar(reckoning)}: {_day(count.counted)}"


def _end_step(last: date, end: Instant, zone: str) -> str:
    return f"the period ends when {_day(last)} is over in {zone}: {format_instant(end)}"


def _clamp_step(start_day: date, count: Count, period: Period, counting: Counting) -> str:
    origin = start_day if counting is Counting.EVENT_DAY_EXCLUDED else count.first
    month_end, _ = add_months(origin, period.total_months)
    step = (
        f"{month_end:%B %Y} has no day {origin.day}, so the months end on its last day, "
        f"{_day(month_end)}"
    )
    if period.total_days:
        step += f"; with the remaining days {_day(count.counted)}"
    return step


def _roll_steps(count: Count, period: Period, reckoning: Reckoning) -> list[str]:
    if reckoning.roll is Roll.NONE:
        return [_NO_ROLL] if reckoning.counting is not Counting.BUSINESS_DAYS_EXCLUSIVE else []
    by = f"by the calendar {_calendar(reckoning)}"
    if count.rolled == count.counted:
        steps = [f"{count.counted} is a working day {by}: not rolled"]
    else:
        passed = _days(count.counted, count.rolled)
        reasons = "; ".join(f"{day} is {_why_not(day, reckoning)}" for day in passed)
        steps = [f"rolled to {_day(count.rolled)} ({_ART} 3(4)) {by}, because {reasons}"]
    if count.last != count.rolled:
        steps.append(
            f"extended to {_day(count.last)}, because {period.in_words()} must have at least two "
            f"working days ({_ART} 3(5))"
        )
    return steps


def _why_not(day: date, reckoning: Reckoning) -> str:
    if reckoning.calendar.is_weekend(day):
        return f"a {day:%A}"
    return reckoning.calendar.holiday_name(day) or "no working day"


def _days(first: date, beyond: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((beyond - first).days)]


def _calendar(reckoning: Reckoning) -> str:
    return reckoning.calendar.name if reckoning.calendar.name != "NONE" else "NONE (weekends only)"


def _day(day: date) -> str:
    return f"{day} ({day:%A})"
