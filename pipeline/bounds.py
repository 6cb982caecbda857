"""Bounds: a record's maxima and minima, as the clocks of its life have started them."""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

import msgspec

from pipeline.coverage import Limit
from pipeline.identifiers import Cause
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant
from pipeline.records import Record
from pipeline.steps import Step
from pipeline.vocabulary import CommandKind

_DELETE = CommandKind.DELETE.value
_REDACT = CommandKind.REDACT.value
_NOBODY = Cause("")


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
        kind=_DELETE,
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


def held_back(step: Step, minima: Sequence[Minimum]) -> Step:
    """Hold a step back until the latest of the minima that qualify against it has ended."""
    latest = max(minima, key=lambda kept: (kept.until, kept.limit.cause), default=None)
    if latest is None or latest.until <= step.not_before:
        return step
    return msgspec.structs.replace(step, kept_until=latest.until, kept_by=latest.limit.cause)


def redactions(
    step: Step, minima: Sequence[Minimum], means: Mapping[str, Container[Cause]]
) -> list[Step]:
    """Return what goes sooner than the whole: fields, once the minima that mean them have ended.

    A duty to keep is one to keep what it names (GDPR art 17(3)(b): to the extent that processing is
    necessary); the rest goes when it would have gone (art 5(1)(e)).

    Args:
        step: a deletion that is held back.
        minima: those that qualify against it.
        means: of each field that the platform has named, the causes of the minima that mean it.
    """
    bare = msgspec.structs.replace(step, kind=_REDACT, kept_until=MIN_INSTANT, kept_by=_NOBODY)
    found: dict[Step, list[str]] = {}
    for name in sorted(means):
        made = held_back(bare, [kept for kept in minima if kept.limit.cause in means[name]])
        if made.kept_until < step.kept_until:
            found.setdefault(made, []).append(name)
    return [msgspec.structs.replace(made, fields=tuple(names)) for made, names in found.items()]
