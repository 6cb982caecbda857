"""A deletion of a derived record waits for the word of its parents."""

from pipeline.instants import HOUR, Instant
from pipeline.ledger.issuing import Draft
from pipeline.ledger.kinship import awaited
from pipeline.vocabulary import FindingKind

AWAITED_FOR = HOUR
"""How long a parent's word is waited for before it is asked for again (milliseconds)."""


def awaits_parents(draft: Draft, due_at: Instant) -> bool:
    """Whether a parent has not told yet what it knew when a deletion fell due; then it is asked.

    Whatever may be lost between shards, it is asked again every hour, and a person is told.
    """
    wanted = max(due_at, draft.planner.since)
    if not awaited(draft.record, wanted):
        return False
    draft.asks = max(draft.asks, wanted)
    since = wanted
    if draft.now >= wanted + AWAITED_FOR:
        since, draft.repeats = draft.now, True
        draft.find(
            FindingKind.AWAITING_PARENT,
            draft.record.record_id,
            "a derived record is due, and for an hour a parent has not said what means it",
            "look at the lag of the shards and of the topic `lineage`; the parent is asked again "
            "every hour, and the record deleted once it has answered",
        )
    draft.wakes.append(Instant(since + AWAITED_FOR))
    return True
