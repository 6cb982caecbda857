"""The ledger of one shard: its state, and what each arrival or wake changes.

No I/O and no clock: `now` is the highest tick that arrived. The Beam stage around it
(`transforms.sharded`) reads the journal, calls `apply` or `wake`, writes what `Outcome` holds and
sets one timer.
"""

from collections.abc import Iterable

import msgspec

from pipeline.documents.envelope import Envelope
from pipeline.documents.in_force import InForce
from pipeline.findings import Finding, finding
from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT, SECOND, Instant
from pipeline.ledger.answering import received
from pipeline.ledger.due import open_commands, owed
from pipeline.ledger.gate import Gate
from pipeline.ledger.issuing import DELETE, command_of
from pipeline.ledger.journal import Chunk, pack, unpack
from pipeline.ledger.outcome import Outcome, Row
from pipeline.ledger.parts import Part
from pipeline.ledger.pending import Pending, from_the_future, gap_found, is_from_the_future
from pipeline.ledger.wakes import Wakes
from pipeline.records import Record, applied
from pipeline.rules import Planner
from pipeline.tags import residency
from pipeline.vocabulary import FindingKind

CLOCK_TOLERANCE = 300 * SECOND
"""Ticks and the worker's clock may differ by this much before deletion pauses (milliseconds)."""


class Ledger:
    """All records of one shard. Mutable, single-threaded; equal histories give equal content."""

    def __init__(self, shard: int, awaited: dict[str, int]) -> None:
        self.shard = shard
        self.awaited = awaited
        self.gate = Gate(awaited)
        self.now = MIN_INSTANT
        self.in_force = InForce()
        self.planner = Planner(self.in_force)
        self.records: dict[RecordId, bytes] = {}
        self.wakes = Wakes()
        self.parked: list[Part] = []
        self.findings: set[str] = set()
        self.commanding = True
        self.outstanding: dict[RecordId, int] = {}
        self._draft = Pending()

    def apply(self, part: Part) -> Outcome:
        """Take one delivery. Emits nothing while history is missing; input waits in `parked`."""
        outcome = Outcome()
        if part.tick is not None:
            self.now = max(self.now, part.tick)
        for row in part.rows:
            self._take_row(row)
        self._take_documents(part.envelopes, outcome)
        was_open = self.gate.open
        for span in part.spans:
            self.gate.add(span)
        if part.spans and not was_open:
            self._draft.gate = True
        if not self.gate.open:
            if part.events or part.receipts or part.origins:
                self.parked.append(part)
                self._draft.parked.append(part)
            return outcome
        if not was_open:
            self._open(outcome)
        self._take_input(part, outcome)
        return outcome

    def observe_clock(self, worker_now: Instant, outcome: Outcome) -> None:
        """Compare the newest tick with the worker's own clock; too far apart, deletion pauses."""
        difference = abs(worker_now - self.now)
        commanding = difference <= CLOCK_TOLERANCE
        self._draft.clock = self._draft.clock or commanding != self.commanding
        self.commanding = commanding
        if not self.commanding:
            self._raise(
                finding(
                    FindingKind.CLOCK_DIFFERENCE,
                    "clock",
                    f"the broker's and a worker's clock differ by {difference // SECOND} seconds;"
                    " deletion pauses",
                    "set both clocks by NTP; deletion resumes by itself",
                    self.now,
                ),
                outcome,
            )

    def _open(self, outcome: Outcome) -> None:
        """All history is here: look at every record once, then apply what waited."""
        self._draft.opened = True
        for record_id, data in tuple(self.records.items()):
            before = unpack(data)
            self._look(record_id, before, self.now, outcome, may_delete=False)
            # What left but was never answered leaves again, unless a hold now wins over it.
            record = unpack(self.records[record_id]) if before.issued else before
            known = {item.command_id for item in before.issued}
            held = self.in_force.holds_on(record, residency(record.subjects))
            outcome.commands += [
                command_of(record, item)
                for item in open_commands(record)
                if item.outcome is None
                and item.command_id in known
                and not (held and item.kind == DELETE)
            ]
        parked, self.parked = self.parked, []
        for part in parked:
            self._take_input(part, outcome)

    def _take_row(self, row: Record) -> None:
        known = self.records.get(row.record_id)
        if known is None or unpack(known).version < row.version:
            self.records[row.record_id] = pack(row)
            self._draft.history.append(row.record_id)

    def _take_documents(self, envelopes: Iterable[Envelope], outcome: Outcome) -> None:
        changed = False
        for envelope in envelopes:
            new = self.in_force.applied(envelope)
            if new.fingerprint != self.in_force.fingerprint:
                self.in_force, changed = new, True
                self._draft.envelopes.append(envelope)
        if not changed:
            return
        self.planner = Planner(self.in_force)
        if self.gate.open:
            self.wakes.clear()
            for record_id in tuple(self.records):
                record = unpack(self.records[record_id])
                self._look(record_id, record, self.now, outcome, may_delete=False)

    def _take_input(self, part: Part, outcome: Outcome) -> None:
        touched: dict[RecordId, Record] = {}
        for event in part.events:
            if is_from_the_future(event, self.now):
                self._raise(from_the_future(event, self.now), outcome)
                continue
            known = touched.get(event.record_id) or self.get(event.record_id)
            record = applied(known, event)
            if record != known:
                touched[event.record_id] = record
        for receipt in part.receipts:
            known = touched.get(receipt.record_id) or self.get(receipt.record_id)
            answered, findings = received(known, receipt, self.now)
            if answered is not known:
                touched[receipt.record_id] = answered
            for item in findings:
                self._raise(item, outcome)
        for record_id, record in touched.items():
            self._look(record_id, record, self.now, outcome, may_delete=False, changed=True)
        outcome.origins += part.origins

    def wake(self, at: Instant) -> Outcome:
        """Issue everything due at `at`, but never more than the highest tick vouches for."""
        outcome = Outcome()
        if not self.gate.open:
            return outcome
        now = min(at, self.now)
        for record_id, _ in list(self.wakes.due(now)):
            record = self.get(record_id)
            if record is not None:
                self._look(record_id, record, now, outcome, may_delete=True)
        return outcome

    def next_wake(self) -> Instant | None:
        """Return when to look next; None while history is missing or nothing is due ever."""
        return self.wakes.next() if self.gate.open else None

    def get(self, record_id: RecordId) -> Record | None:
        """Return a record, or None when its id was never seen."""
        data = self.records.get(record_id)
        return None if data is None else unpack(data)

    def _look(
        self,
        record_id: RecordId,
        record: Record,
        now: Instant,
        outcome: Outcome,
        *,
        may_delete: bool,
        changed: bool = False,
    ) -> None:
        due = owed(
            record,
            self.planner,
            now,
            may_delete=may_delete,
            commanding=self.commanding,
            clock=self.now,
        )
        if changed or due.record is not record:
            kept = msgspec.structs.replace(due.record, version=due.record.version + 1)
            self.records[record_id] = pack(kept)
            self._draft.records.append(record_id)
            outcome.rows.append(Row(kept, due.plan))
        outcome.commands += due.commands
        outcome.decisions += due.decisions
        self._count(due.record)
        for item in due.findings:
            self._raise(item, outcome)
        if due.plan is not None and due.plan.gap is not None:
            self._raise(gap_found(due.plan.gap, now), outcome)
        if due.wake is not None:
            # Looking again at once would spin while deletion is withheld from this look.
            later = due.wake if self.commanding else Instant(max(due.wake, now + SECOND))
            self.wakes.add(record_id, later)

    def _count(self, record: Record) -> None:
        unsettled = len(open_commands(record))
        if unsettled:
            self.outstanding[record.record_id] = unsettled
        else:
            self.outstanding.pop(record.record_id, None)

    def progress(self) -> dict[str, int]:
        """Return how far this shard is: its time, its next wake, what is unanswered, its size."""
        return {
            "ledger_now_ms": self.now,
            "ledger_next_wake_ms": self.next_wake() or 0,
            "ledger_outstanding_commands": sum(self.outstanding.values()),
            "ledger_records": len(self.records),
        }

    def _raise(self, item: Finding, outcome: Outcome) -> None:
        if item.finding_id not in self.findings:
            self.findings.add(item.finding_id)
            self._draft.findings.append(item.finding_id)
            outcome.findings.append(item)

    def take_chunk(self, number: int) -> Chunk | None:
        """Return what changed since the last call, for the journal; None when nothing did."""
        draft, self._draft = self._draft, Pending()
        names = dict.fromkeys((*draft.history, *draft.records))
        if not draft.gate and not names and not draft.changed:
            return None
        return Chunk(
            number=number,
            now=self.now,
            records=tuple(self.records[name] for name in names),
            envelopes=tuple(draft.envelopes),
            parked=tuple(draft.parked),
            opened=draft.opened,
            gate=self.gate.state() if draft.gate else None,
            findings=tuple(draft.findings),
            commanding=self.commanding,
        )

    def whole_chunk(self, number: int) -> Chunk:
        """Return everything, for compaction."""
        self._draft = Pending()
        return Chunk(
            number=number,
            now=self.now,
            whole=True,
            records=tuple(self.records.values()),
            envelopes=self.in_force.envelopes,
            parked=tuple(self.parked),
            opened=self.gate.open,
            gate=self.gate.state(),
            findings=tuple(sorted(self.findings)),
            commanding=self.commanding,
        )

    @classmethod
    def folded(cls, shard: int, awaited: dict[str, int], chunks: Iterable[Chunk]) -> "Ledger":
        """Rebuild a ledger from its journal."""
        ledger = cls(shard, awaited)
        for chunk in chunks:
            ledger._fold(chunk)
        ledger.planner = Planner(ledger.in_force)
        if ledger.gate.open:
            for record_id, data in tuple(ledger.records.items()):
                due = owed(unpack(data), ledger.planner, MIN_INSTANT, may_delete=False)
                ledger._count(due.record)
                if due.wake is not None:
                    ledger.wakes.add(record_id, due.wake)
        ledger._draft = Pending()
        return ledger

    def _fold(self, chunk: Chunk) -> None:
        self.now = max(self.now, chunk.now)
        for data in chunk.records:
            self.records[unpack(data).record_id] = data
        for envelope in chunk.envelopes:
            self.in_force = self.in_force.applied(envelope)
        if chunk.gate is not None:
            self.gate = Gate(self.awaited, chunk.gate)
        if chunk.opened:
            self.parked.clear()
        self.parked += chunk.parked
        self.findings.update(chunk.findings)
        self.commanding = chunk.commanding
