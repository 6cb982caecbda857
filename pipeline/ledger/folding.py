"""A ledger and its journal: what changed becomes a chunk, chunks become the ledger again."""

from collections.abc import Iterable

from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT
from pipeline.ledger.book import Ledger
from pipeline.ledger.due import owed
from pipeline.ledger.gate import Gate
from pipeline.ledger.journal import Chunk
from pipeline.ledger.pending import Pending
from pipeline.rules import Planner


def take_chunk(ledger: Ledger, number: int) -> Chunk | None:
    """Return what changed since the last call; None when nothing did."""
    draft, ledger.draft = ledger.draft, Pending(len(ledger.holdings.classes))
    keys = dict.fromkeys((*draft.history, *draft.records))
    asks, answered = ledger.asks.changes()
    if not (draft.gate or keys or draft.changed or asks or answered):
        return None
    return Chunk(
        number=number,
        now=ledger.now,
        classes=tuple(ledger.holdings.classes[draft.classes :]),
        records=ledger.holdings.packed(keys),
        envelopes=tuple(draft.envelopes),
        parked=tuple(draft.parked),
        emptied=draft.emptied,
        gate=ledger.gate.state() if draft.gate else None,
        findings=tuple(draft.findings),
        commanding=ledger.commanding,
        reviewing=bool(ledger.review),
        resending=ledger.review.resending,
        opened=ledger.opened,
        asks=asks,
        answered=answered,
        since=ledger.planner.since,
        removed=tuple(draft.removed),
    )


def whole_chunk(ledger: Ledger, number: int) -> Chunk:
    """Return everything, for compaction."""
    ledger.draft = Pending(len(ledger.holdings.classes))
    ledger.asks.changes()
    return Chunk(
        number=number,
        now=ledger.now,
        whole=True,
        classes=tuple(ledger.holdings.classes),
        records=ledger.holdings.packed(ledger.holdings),
        envelopes=ledger.versions.envelopes,
        parked=tuple(ledger.parked),
        emptied=True,
        gate=ledger.gate.state(),
        findings=tuple(ledger.findings),
        commanding=ledger.commanding,
        reviewing=bool(ledger.review),
        resending=ledger.review.resending,
        opened=ledger.opened,
        asks=tuple(ledger.asks),
        since=ledger.planner.since,
    )


def folded(
    shard: int,
    awaited: dict[str, int],
    chunks: Iterable[Chunk],
    approvals: tuple[str, ...] = (),
    shards: int = 1,
) -> Ledger:
    """Rebuild a ledger from its journal, its chunks in order."""
    ledger = Ledger(shard, awaited, approvals, shards)
    last = Chunk(number=0)
    for chunk in chunks:
        _fold(ledger, chunk)
        ledger.resumes = True  # until the first tick its time is of before: see `pending`
        last = chunk
    ledger.in_force = ledger.versions.in_force(ledger.now)
    ledger.planner = Planner(ledger.in_force, last.since)
    if ledger.opened:
        for record in ledger.holdings.records():
            due = owed(record, ledger.planner, MIN_INSTANT, may_delete=False)
            if due.wake is not None:
                ledger.wakes.add(record.record_id.encode(), due.wake)
        if last.reviewing:
            # How far it was is not known: what was sent again already is sent once more.
            ledger.start_review(resending=last.resending)
    ledger.draft = Pending(len(ledger.holdings.classes))
    ledger.asks.changes()
    return ledger


def _fold(ledger: Ledger, chunk: Chunk) -> None:
    ledger.now = max(ledger.now, chunk.now)
    ledger.holdings.restore(chunk.classes, chunk.records)
    for key in chunk.removed:
        ledger.holdings.remove(RecordId(key.decode()))
    for envelope in chunk.envelopes:
        ledger.versions = ledger.versions.applied(envelope)
    if chunk.gate is not None:
        ledger.gate = Gate(ledger.awaited, chunk.gate)
    if chunk.emptied:
        ledger.parked.clear()
    ledger.parked += chunk.parked
    ledger.findings.add_all(chunk.findings)
    ledger.opened |= chunk.opened
    for parent, child in chunk.answered:
        ledger.asks.answered(parent, child)
    for parent, child, at in chunk.asks:  # those that came after the answers
        ledger.asks.add(parent, child, at)
    ledger.commanding = chunk.commanding
