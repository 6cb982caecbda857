"""What a row of the inventory tells its readers beside the facts: all of it follows from those."""

from functools import lru_cache

import msgspec

from pipeline.coverage import Gap
from pipeline.instants import MAX_INSTANT, Instant
from pipeline.ledger.unanswered import status
from pipeline.records import Record
from pipeline.rules import Plan
from pipeline.tags import Residency
from pipeline.vocabulary import FindingKind

_MEMORY = 4_096
"""Conclusions of residency whose words are remembered."""


class RowTag(msgspec.Struct, frozen=True, gc=False, array_like=True, cache_hash=True):
    """A tag with its axis: `resident` or `present`."""

    axis: str
    territory: str
    band: str
    score: int
    signals: tuple[str, ...]


class Derived(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What was concluded of a record when its row was written. See `schemas/record.avsc`."""

    status: str
    residency: tuple[str, ...] = ()
    limit_at: Instant | None = None
    tags: tuple[RowTag, ...] = ()
    method: str = ""
    kept_until: Instant | None = None
    holds: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


def derived(record: Record, plan: Plan | None) -> Derived:
    """Return what follows for a record from its plan; None: it lives nowhere."""
    if plan is None:
        return Derived(status(record))
    judged = plan.residency
    residency, tags = _told(judged)
    kept_until = max([step.kept_until for step in plan.steps], default=0)
    return Derived(
        status=status(record),
        residency=residency,
        limit_at=plan.limit_at,
        tags=tags,
        method=judged.method,
        kept_until=Instant(kept_until) if 0 < kept_until < MAX_INSTANT else None,
        holds=plan.holds,
        gaps=_gaps(record, plan.gaps),
    )


@lru_cache(_MEMORY)
def _told(judged: Residency) -> tuple[tuple[str, ...], tuple[RowTag, ...]]:
    """Return the territories of residency, and the tags."""
    resident = [("resident", tag) for tag in judged.resident.tags]
    present = [("present", tag) for tag in judged.present.tags]
    tags = [
        RowTag(axis, tag.territory, tag.band, tag.score, tag.signals)
        for axis, tag in resident + present
    ]
    return judged.names, tuple(tags)


def _gaps(record: Record, gaps: tuple[Gap, ...]) -> tuple[str, ...]:
    found = [gap.kind.value for gap in gaps]
    if not record.stores:
        found.append(FindingKind.NO_STORE.value)
    if record.untracked:
        found.append(FindingKind.UNTRACKED_RECORD.value)
    return tuple(found)
