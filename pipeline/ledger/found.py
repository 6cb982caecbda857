"""Which findings a look at a record leads to."""

from collections.abc import Iterator

from pipeline.coverage import Gap
from pipeline.documents import InForce
from pipeline.findings import Finding
from pipeline.instants import Instant
from pipeline.ledger.due import Due
from pipeline.ledger.telling import gap_found, too_deep, too_large
from pipeline.ledger.told import Told
from pipeline.records import MAX_DEPTH, is_full


def found_by(
    due: Due, gaps: Told[Gap], now: Instant, clock: Instant, in_force: InForce
) -> Iterator[Finding]:
    """Yield what a person must be told of.

    Args:
        due: what the look came to.
        gaps: those that were told of under these documents; new ones are added.
        now: up to which everything published was taken into account.
        clock: the broker's time.
        in_force: the documents.
    """
    yield from due.findings
    for gap in due.gaps:
        if gaps.add(gap):
            yield gap_found(gap, clock, in_force)
    if is_full(due.record):
        yield too_large(due.record, now)
    if due.record.depth >= MAX_DEPTH:
        yield too_deep(due.record, now)
