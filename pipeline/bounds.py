"""Bounds: a record's maxima and minima, as the clocks of its life have started them."""

from typing import NamedTuple

from pipeline.coverage import Limit
from pipeline.identifiers import Cause
from pipeline.instants import MAX_INSTANT, Instant
from pipeline.records import Record
from pipeline.steps import Step
from pipeline.vocabulary import CommandKind


class Minimum(NamedTuple):
    """A duty to keep, as it stands for one record. Without a started clock it has no end yet."""

    until: Instant
    limit: Limit


def earliest_maximum(record: Record, gone: Instant, limits: tuple[Limit, ...]) -> Step | None:
    """Return the earliest maximum whose clock has started; of equals that of the least cause."""
    best: tuple[Instant, Cause, Instant, Limit] | None = None
    for limit in limits:
        started = record.anchor(limit.clock, gone)
        if started is not None:
            found = (limit.end(started), limit.cause, started, limit)
            if best is None or found < best:
                best = found
    return None if best is None else maximum_step(best[3], best[2], best[0])


def started_maxima(record: Record, gone: Instant, limits: tuple[Limit, ...]) -> tuple[Step, ...]:
    """Return every maximum whose clock has started."""
    found = [(limit, record.anchor(limit.clock, gone)) for limit in limits]
    return tuple([maximum_step(limit, at, limit.end(at)) for limit, at in found if at is not None])


def maximum_step(limit: Limit, started: Instant, end: Instant) -> Step:
    """Return the deletion that a maximum calls for by its end."""
    return Step(
        complete_by=end,
        cause=limit.cause,
        kind=CommandKind.DELETE.value,
        not_before=started,
        cause_version=limit.version,
        citation=limit.citation,
        at_once=False,
    )


def standing_minima(record: Record, gone: Instant, limits: tuple[Limit, ...]) -> list[Minimum]:
    """Return the duties to keep, whether or not their clocks have started."""
    found = []
    for limit in limits:
        started = record.anchor(limit.clock, gone)
        # What must be kept for a time after something is kept until it has happened.
        found.append(Minimum(MAX_INSTANT if started is None else limit.end(started), limit))
    return found
