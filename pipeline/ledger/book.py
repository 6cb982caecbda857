"""The ledger of one shard: its state, and what each arrival or wake changes.

Its durable form is in `folding`.

No I/O and no clock: `now` is the highest tick that arrived. The Beam stage around it
(`transforms.sharded`) reads the journal, calls `apply` or `wake`, writes what `Outcome` holds and
sets one timer.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from pipeline.coverage import Gap
from pipeline.documents import Envelope, InForce, Notice, Versions, parsed
from pipeline.findings import Finding
from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT, SECOND, Instant
from pipeline.ledger.answering import received
from pipeline.ledger.due import owed
from pipeline.ledger.gate import Gate
from pipeline.ledger.holdings import Holdings
from pipeline.ledger.outcome import Outcome, Row
from pipeline.ledger.parts import Part
from pipeline.ledger.pending import (
    Pending,
    awaits_approval,
    clocks_differ,
    deadlines_passed,
    from_the_future,
    gap_found,
    is_from_the_future,
    sorted_out,
    too_large,
)
from pipeline.ledger.unanswered import open_commands, unanswered
from pipeline.ledger.wakes import Wakes
from pipeline.records import Record, applied, is_full
from pipeline.rules import Planner
from pipeline.vocabulary import FindingKind

CLOCK_TOLERANCE = 300 * SECOND
"""Ticks and the worker's clock may differ by this much before deletion pauses (milliseconds)."""


LOOKS = 1_000
"""Records looked at in one go when documents change: the rest follow with the next ticks."""


class Ledger:
    """All records of one shard. Mutable, single-threaded; equal histories give equal content.

    `approvals`: kinds of documents that a second person must approve.
    """

    def __init__(
        self, shard: int, awaited: dict[str, int], approvals: tuple[str, ...] = ()
    ) -> None:
        self.shard = shard
        self.awaited = awaited
        self.gate = Gate(awaited)
        self.now = MIN_INSTANT
        self.versions = Versions(frozenset(approvals))
        self.in_force = self.versions.in_force(self.now)
        self.planner = Planner(self.in_force)
        self.holdings = Holdings()
        self.wakes = Wakes()
        self.opened = self.gate.open
        self.parked: list[Part] = []
        self.findings: set[str] = set()
        self.commanding = True
        self.outstanding: dict[RecordId, int] = {}
        self._gaps: set[Gap] = set()
        self._told = -1
        self._confirmed = ""
        self._settles_at: Instant | None = None
        self.checks: deque[bytes] = deque()
        self._resending = False
        self.draft = Pending()

    def apply(self, part: Part) -> Outcome:
        """Take one delivery. Emits nothing while history is missing; input waits in `parked`."""
        outcome = Outcome()
        if part.tick is not None:
            self.now = max(self.now, part.tick)
        for row in part.rows:
            self._take_row(row)
        self._take_documents(part.envelopes, outcome)
        self._take_spans(part)
        if self.gate.open and not self.opened:
            self._open(outcome)
        for ready in self._ready(part):
            self._take_input(ready, outcome)
        if not self.gate.open:
            return outcome
        if part.tick is not None or part.envelopes:
            self._check(self.now, outcome)
            self._tell(outcome)
        return outcome

    def _tell(self, outcome: Outcome) -> None:
        """Tell the governors how many records there are, where a share of them is allowed.

        And make ready to confirm, once the watermark has come so far, that nothing stays commanded
        which the documents do not call for: a governor lets nothing go that waits until then.
        """
        if self.in_force.has_shares and self._told != len(self.holdings):
            self._told = outcome.census = len(self.holdings)
        if self.checks or self.now == MIN_INSTANT:
            return
        if self._settles_at is None and self._confirmed != self.in_force.fingerprint:
            self._settles_at = self.now

    def _confirm(self, now: Instant, outcome: Outcome) -> None:
        if self._settles_at is not None and self._settles_at <= now and not self.checks:
            self._settles_at = None
            self._confirmed = outcome.confirmed = self.in_force.fingerprint

    def observe_clock(self, worker_now: Instant, outcome: Outcome) -> None:
        """Compare the newest tick with the worker's own clock; too far apart, deletion pauses."""
        difference = abs(worker_now - self.now)
        commanding = difference <= CLOCK_TOLERANCE
        self.draft.clock = self.draft.clock or commanding != self.commanding
        self.commanding = commanding
        if not self.commanding:
            self._raise(clocks_differ(difference, self.now), outcome)

    def _open(self, outcome: Outcome) -> None:
        """All history is here: look at every record once."""
        self.opened = True
        self.start_checks(resending=True)
        self._check(self.now, outcome)

    def _take_spans(self, part: Part) -> None:
        if part.spans and not self.gate.open:
            self.draft.gate = True
        for span in part.spans:
            self.gate.add(span)

    def _ready(self, part: Part) -> list[Part]:
        """Return the input that can be applied now; the rest waits, in the journal too."""
        ready, waiting = sorted_out(
            self.parked, part, time_known=self.now > MIN_INSTANT, is_open=self.gate.open
        )
        if waiting[: len(self.parked)] == self.parked:
            self.draft.parked += waiting[len(self.parked) :]
        else:
            self.draft.emptied, self.draft.parked = True, list(waiting)
        self.parked = waiting
        return ready

    def _take_row(self, row: Record) -> None:
        known = self.holdings.get(row.record_id)
        if known is None or known.version < row.version:
            self.draft.history.append(self.holdings.put(row))

    def _take_documents(self, envelopes: Iterable[Envelope], outcome: Outcome) -> None:
        changed = False
        for envelope in envelopes:
            versions = self.versions.applied(envelope)
            if versions is not self.versions:
                self.versions, changed = versions, True
                self.draft.envelopes.append(envelope)
                document = parsed(envelope)
                if isinstance(document, Notice) and self.now > MIN_INSTANT:
                    for item in deadlines_passed(document, self.now):
                        self._raise(item, outcome)
        if changed or self._is_outdated():
            self._turn_to(self.versions.in_force(self.now), outcome)

    def _is_outdated(self) -> bool:
        """Whether by now something else is in force by itself, e.g. from an agreed date on."""
        return self.in_force.until is not None and self.in_force.until <= self.now

    def _turn_to(self, in_force: InForce, outcome: Outcome) -> None:
        """Let other documents rule, over what is already here too."""
        self.in_force = in_force
        self.planner = Planner(in_force)
        self._settles_at = None
        for document in in_force.waiting:
            self._raise(awaits_approval(document, self.now), outcome)
        if self.gate.open:
            self.start_checks(resending=self._resending)

    # -- looking at everything -------------------------------------------------------------------

    def start_checks(self, *, resending: bool) -> None:
        """Begin to look at every record, a part of them at a time."""
        self.checks = deque(self.holdings)
        self._resending = resending
        self.wakes.renew()
        self.draft.checking = True

    def _check(self, now: Instant, outcome: Outcome) -> None:
        """Look at some of the records that documents which changed may concern."""
        if not self.checks:
            return
        for _ in range(min(LOOKS, len(self.checks))):
            key = self.checks.popleft()
            record = self.holdings.get_key(key)
            if record is None:
                continue
            self._look(key, record, now, outcome, may_delete=False)
            if self._resending and record.issued:
                self._send_again(key, record, outcome)
        if not self.checks:
            self.wakes.settle()
            self._resending = False
            self.draft.checking = True

    def _send_again(self, key: bytes, before: Record, outcome: Outcome) -> None:
        record = self.holdings.get_key(key) or before
        known = {item.command_id for item in before.issued}
        outcome.commands += unanswered(record, known, self.planner, self.now)

    # -- input -----------------------------------------------------------------------------------

    def _take_input(self, part: Part, outcome: Outcome) -> None:
        touched: dict[RecordId, Record] = {}
        for event in part.events:
            if is_from_the_future(event, self.now):
                self._raise(from_the_future(event, self.now), outcome)
                continue
            known = touched.get(event.record_id) or self.holdings.get(event.record_id)
            record = applied(known, event)
            if record != known:
                touched[event.record_id] = record
        for receipt in part.receipts:
            known = touched.get(receipt.record_id) or self.holdings.get(receipt.record_id)
            answered, findings = received(known, receipt, self.now)
            if answered is not known:
                touched[receipt.record_id] = answered
            for item in findings:
                self._raise(item, outcome)
        for record in touched.values():
            self._look(None, record, self.now, outcome, may_delete=False)
        outcome.origins += part.origins

    def wake(self, at: Instant) -> Outcome:
        """Issue everything due at `at`, but never more than the highest tick vouches for."""
        outcome = Outcome()
        if not self.gate.open:
            return outcome
        now = min(at, self.now)
        if self._is_outdated():
            self._turn_to(self.versions.in_force(self.now), outcome)
        for key in self.wakes.due(now):
            record = self.holdings.get_key(key)
            if record is not None:
                self._look(key, record, now, outcome, may_delete=True)
        self._confirm(now, outcome)
        return outcome

    def next_wake(self) -> Instant | None:
        """Return when to look next; None while history is missing or nothing is due ever."""
        if not self.gate.open:
            return None
        wakes = (self.wakes.next(), self.in_force.until, self._settles_at)
        return min((wake for wake in wakes if wake is not None), default=None)

    def get(self, record_id: RecordId) -> Record | None:
        """Return a record, or None when its id was never seen."""
        return self.holdings.get(record_id)

    def _look(
        self,
        key: bytes | None,
        record: Record,
        now: Instant,
        outcome: Outcome,
        *,
        may_delete: bool,
    ) -> None:
        """See what a record owes and keep it.

        Args:
            key: of a record that is kept as it is; None: it has changed.
            record: its facts.
            now: up to which everything published has been taken into account.
            outcome: what leaves is added to it.
            may_delete: whether deletions may be issued.
        """
        due = owed(
            record,
            self.planner,
            now,
            may_delete=may_delete,
            commanding=self.commanding,
            clock=self.now,
        )
        if key is None or due.record is not record:
            # Versions grow with the time, so that after a rollback too the newer row has more.
            version = max(due.record.version + 1, self.now)
            kept = msgspec.structs.replace(due.record, version=version)
            key = self.holdings.put(kept)
            self.draft.records.append(key)
            outcome.rows.append(Row(kept, due.plan))
        outcome.commands += due.commands
        outcome.decisions += due.decisions
        self.count(due.record)
        for item in due.findings:
            self._raise(item, outcome)
        if due.plan is not None:
            self._raise_gaps(due.plan.gaps, outcome)
        if due.record.untracked:
            stores = [Gap(FindingKind.UNTRACKED_RECORD, store) for store in due.record.stores]
            self._raise_gaps(stores, outcome)
        if is_full(due.record):
            self._raise(too_large(due.record, now), outcome)
        if due.wake is not None:
            # Looking again at once would spin while deletion is withheld from this look.
            later = due.wake if self.commanding else Instant(max(due.wake, now + SECOND))
            self.wakes.add(key, later)

    def count(self, record: Record) -> None:
        """Take note of how many of its commands are unsettled."""
        unsettled = len(open_commands(record)) if record.issued else 0
        if unsettled:
            self.outstanding[record.record_id] = unsettled
        elif self.outstanding:
            self.outstanding.pop(record.record_id, None)

    def progress(self) -> dict[str, int]:
        """Return how far this shard is: its time, its next wake, what is unanswered, its size."""
        return {
            "ledger_now_ms": self.now,
            "ledger_next_wake_ms": self.next_wake() or 0,
            "ledger_outstanding_commands": sum(self.outstanding.values()),
            "ledger_records": len(self.holdings),
            "ledger_unchecked_records": len(self.checks),
        }

    def _raise(self, item: Finding, outcome: Outcome) -> None:
        if item.finding_id not in self.findings:
            self.findings.add(item.finding_id)
            self.draft.findings.append(item.finding_id)
            outcome.findings.append(item)

    def _raise_gaps(self, gaps: Iterable[Gap], outcome: Outcome) -> None:
        for gap in gaps:
            if gap not in self._gaps:
                self._gaps.add(gap)
                self._raise(gap_found(gap, self.now), outcome)
