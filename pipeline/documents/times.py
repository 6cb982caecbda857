"""When what a notice orders begins, and by when it must be obeyed, as its life stands.

After a decision time begins anew: deadlines count from the decision, not from the original date.
Whatever happens, nothing is required before the law lets the authority require it.
"""

from typing import Literal

from pipeline.documents.course import Course, suspends
from pipeline.documents.values import Given, Notice, Order
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.periods import Counting, Period, Reckoning, reckon

URGENT = Period(hours=24)
"""What even an urgent notice leaves (DPA 2018 s.150(8)(b))."""

Counted = Literal["", "service", "appeal_period", "decision"]
"""From what a time counts; empty: it is given by two instants."""


def window_end(notice: Notice) -> Instant | None:
    """Return the exclusive end of the time to appeal; None: it is not known."""
    if notice.served is None or notice.appeal is None:
        return None
    return reckon(notice.served, notice.appeal.window, notice.appeal.reckoning)


def urgent_from(notice: Notice) -> Instant | None:
    """Return before when even an urgent notice requires nothing; None: not known when served."""
    if notice.served is None:
        return None
    zone = "UTC" if notice.appeal is None else notice.appeal.reckoning.zone
    return reckon(notice.served, URGENT, Reckoning(zone, Counting.EVENT_HOUR_EXCLUDED))


def earliest(notice: Notice, found: Course) -> Instant | None:
    """Return before when the law lets nothing be required; None: nothing forbids it."""
    if found.urgent:
        return urgent_from(notice)
    return window_end(notice) if suspends(notice, found) else None


def window(notice: Notice, order: Order, found: Course) -> tuple[Instant, Instant, Counted]:
    """Return from when an order is in force, by when it must be obeyed, and how that is counted."""
    times = order.times
    if not isinstance(times, Given):
        return times.not_before, times.complete_by, ""
    reckoning = Reckoning() if notice.appeal is None else notice.appeal.reckoning
    begins = notice.served or MIN_INSTANT
    counted: Counted = "service"
    if found.restarted is not None:
        begins, counted = found.restarted, "decision"
    if found.urgent:
        floor = urgent_from(notice) or begins
        return max(begins, floor), max(floor, reckon(begins, times.within, reckoning)), counted
    waits = suspends(notice, found) or times.after == "appeal_period"
    end = window_end(notice) if waits else None
    if end is None or end <= begins:
        return begins, reckon(begins, times.within, reckoning), counted
    # "Within 3 months of the expiry of the appeal period": counted from its last day.
    start = end if times.within.is_clock else Instant(end - 1)
    return end, reckon(start, times.within, reckoning), "appeal_period"
