"""The ledger of one shard: its state, and what each arrival or wake changes.

Its durable form is in `folding`.

No I/O and no clock: `now` is the highest tick that arrived. The Beam stage around it
(`transforms.sharded`) reads the journal, calls `apply` or `wake`, writes what `Outcome` holds and
sets one timer.
"""

from collections.abc import Iterable

import msgspec

from pipeline.coverage import Gap
from pipeline.documents import Envelope, InForce, Versions
from pipeline.findings import Finding
from pipeline.identifiers import RecordId
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, SECOND, Instant, month_of
from pipeline.ledger.asks import Asks
from pipeline.ledger.clocks import compared
from pipeline.ledger.due import owed
from pipeline.ledger.found import found_by
from pipeline.ledger.gate import Gate
from pipeline.ledger.holdings import Holdings
from pipeline.ledger.kinship import corresponded, has_kin, is_news, words
from pipeline.ledger.outcome import Outcome, Row
from pipeline.ledger.parts import Part
from pipeline.ledger.pending import Pending, sorted_out
from pipeline.ledger.reviewing import Confirmation, Review
from pipeline.ledger.taking import appointed, documents_taken, taken
from pipeline.ledger.telling import awaits_approval
from pipeline.ledger.told import Told
from pipeline.ledger.unanswered import unanswered, unsent
from pipeline.ledger.wakes import Wakes
from pipeline.records import Record
from pipeline.rules import Planner


class Ledger:
    """All records of one shard. Mutable, single-threaded; equal histories give equal content.

    `approvals`: kinds of documents that a second person must approve. `shards`: how many there are.
    """

    def __init__(
        self, shard: int, awaited: dict[str, int], approvals: tuple[str, ...] = (), shards: int = 1
    ) -> None:
        self.shard, self.shards, self.awaited = shard, shards, awaited
        self.gate = Gate(awaited)
        self.now = MIN_INSTANT
        self.ticked = self.resumes = False
        self.versions = Versions(frozenset(approvals))
        self.in_force = self.versions.in_force(self.now)
        self.planner = Planner(self.in_force)
        self.holdings, self.wakes = Holdings(), Wakes()
        self.opened = self.gate.open
        self.parked: list[Part] = []
        self.findings: Told[str] = Told()
        self.commanding = True
        self._clock_difference, self._sent, self._told = 0, 0, -1
        self._gaps: Told[Gap] = Told()
        self.review = Review()
        self.asks = Asks()
        self.vouched = MIN_INSTANT
        self._confirmation = Confirmation()
        self.draft = Pending()

    def apply(self, part: Part) -> Outcome:
        """Take one delivery. Before all history and a tick nothing leaves; input is `parked`."""
        outcome, resumed = Outcome(), self.resumes
        self._tick(part.tick)
        for row in part.rows:
            self._take_row(row)
        self._take_documents(part.envelopes, outcome)
        self.draft.gate |= bool(part.spans) and not self.gate.open
        for span in part.spans:
            self.gate.add(span)
        if self.gate.open and self.ticked and not self.opened:
            self._open(outcome)
        ready, waiting = sorted_out(self.parked, part, is_open=self.opened and not self.resumes)
        self.draft.park(self.parked, waiting)
        self.parked = waiting
        for item in ready:
            self._take_input(item, outcome)
        if self.resumes or not self.opened:
            return outcome
        if resumed:
            self._appoint(outcome)
        if part.tick is not None or part.envelopes:
            self._review(self.now, outcome)
            # The governors are told how many records there are, where a share of them is allowed.
            if self.in_force.has_shares and self._told != self.holdings.known:
                self._told = outcome.census = self.holdings.known
            if not self.review:
                self._confirmation.prepare(self.now, self.in_force.fingerprint)
        self._sent += len(outcome.commands)
        return outcome

    def _tick(self, at: Instant | None) -> None:
        if at is not None:
            self._gaps = self._gaps if month_of(at) == month_of(self.now) else Told()
            self.now, self.ticked, self.resumes = max(self.now, at), True, False

    def observe_clock(self, worker_now: Instant, tick: Instant, outcome: Outcome) -> None:
        """Compare a tick with the worker's own clock; too far apart, deletion pauses."""
        self._clock_difference, commanding, told = compared(worker_now, max(self.now, tick))
        self.draft.clock |= commanding != self.commanding
        self.commanding = commanding
        self._raise_all(told, outcome)

    def _open(self, outcome: Outcome) -> None:
        """All history is here, and the time: look at every record once."""
        self.opened = self.review.resending = True
        self._turn_to(self.versions.in_force(self.now), outcome)
        self._review(self.now, outcome)

    def _take_row(self, row: Record) -> None:
        known = self.holdings.get(row.record_id)
        if known is None or known.version < row.version:
            self.draft.history.append(self.holdings.put(row))

    def _take_documents(self, envelopes: Iterable[Envelope], outcome: Outcome) -> None:
        self.versions, new, findings = documents_taken(self.versions, envelopes, self.now)
        self.draft.envelopes += new
        self._raise_all(findings, outcome)
        if new or self._is_outdated():
            self._turn_to(self.versions.in_force(self.now), outcome)

    def _is_outdated(self) -> bool:
        """Whether by now something else is in force by itself; or it was not known since when."""
        undated = self.planner.since > self.now and not self.resumes
        return undated or (self.in_force.until is not None and self.in_force.until <= self.now)

    def _turn_to(self, in_force: InForce, outcome: Outcome) -> None:
        """Let other documents rule, over what is already here too."""
        self._gaps = Told()
        self.in_force = in_force
        self.planner = Planner(in_force, MAX_INSTANT if self.resumes else self.now)
        self._confirmation.withdraw()
        if self.opened:
            self._raise_all([awaits_approval(one, self.now) for one in in_force.waiting], outcome)
            self._appoint(outcome)
            self.start_review(resending=self.review.resending)

    def _appoint(self, outcome: Outcome) -> None:
        """Look at the records that stand for whom documents tell, once the time is known."""
        if not self.resumes:
            for record in appointed(self.in_force, self.holdings, self.shard, self.shards):
                self._look(None, record, self.now, outcome, may_delete=False)

    def start_review(self, *, resending: bool) -> None:
        """Begin to look at every record, some at a time."""
        self.review.start(self.holdings, resending=resending)
        self.wakes.renew()
        self.draft.reviewing = True
        if not self.review:
            self._reviewed()

    def _reviewed(self) -> None:
        self.wakes.settle()
        self.review.resending = False
        self.draft.reviewing = True

    def _review(self, now: Instant, outcome: Outcome) -> None:
        """Look at some of the records that documents which changed may concern."""
        if not self.review:
            return
        for key in self.review.some():
            if (known := self.holdings.get_key(key)) is None:
                continue
            again = self.review.resending and bool(known.issued)
            may = {"commanding": self.commanding}
            record = unsent(known, self.planner, self.now, **may) if again else known
            self._look(key if record is known else None, record, now, outcome, may_delete=False)
            if again:
                before = {item.command_id for item in known.issued}
                present = self.holdings.get_key(key) or record
                outcome.commands += unanswered(present, before, self.planner, self.now, **may)
        if not self.review:
            self._reviewed()

    # -- input -----------------------------------------------------------------------------------

    def _take_input(self, part: Part, outcome: Outcome) -> None:
        touched, findings = taken(part, self.holdings, self.now)
        self._raise_all(findings, outcome)
        for record in touched.values():
            self._look(None, record, self.now, outcome, may_delete=False)
        for name in self.asks.take(part.mails):
            self._answer(name, outcome)
        outcome.origins += part.origins

    def _answer(self, parent: RecordId, outcome: Outcome) -> None:
        """Tell those who ask what means their parent, once that was looked at and can be said."""
        wanted = self.asks.wanted(parent, self.vouched)
        if wanted is None:
            return
        record = self.holdings.get(parent)
        if record is not None:
            self._look(parent.encode(), record, self.now, outcome, may_delete=False, wanted=wanted)
        said = self.asks.answers(parent, self.holdings.get(parent), self.vouched, self.now)
        outcome.mails += said

    def wake(self, at: Instant) -> Outcome:
        """Issue everything due at `at`, but never more than the highest tick vouches for."""
        outcome = Outcome()
        if not (self.opened and self.ticked):  # after a restart `now` is of before it
            return outcome
        now = min(at, self.now)
        if self._is_outdated():
            self._turn_to(self.versions.in_force(self.now), outcome)
        for key in self.wakes.due(now):
            record = self.holdings.get_key(key)
            if record is not None:
                self._look(key, record, now, outcome, may_delete=True)
        self.vouched = max(self.vouched, now)
        for parent in self.asks.due(now):
            self._answer(parent, outcome)
        if not self.review:
            outcome.confirmed = self._confirmation.given(now, self.in_force.fingerprint)
        self._sent += len(outcome.commands)
        return outcome

    def next_wake(self) -> Instant | None:
        """Return when to look next; None before all history and a tick, or when nothing is due."""
        if self.resumes or not self.opened:
            return None
        wakes = (self.wakes.next(), self.in_force.until, self._confirmation.at, self.asks.next())
        return min((wake for wake in wakes if wake is not None), default=None)

    def _look(
        self, key: bytes | None, record: Record, now: Instant, outcome: Outcome,
        *, may_delete: bool, wanted: Instant = MIN_INSTANT,
    ) -> None:  # fmt: skip
        """See what a record owes and keep it.

        Args:
            key: of a record that is kept as it is; None: it has changed.
            record: its facts.
            now: up to which everything published has been taken into account.
            outcome: what leaves is added to it.
            may_delete: whether deletions may be issued.
            wanted: the instant of which its parents' word is wanted anyhow.
        """
        known, again = record, self.review.resending
        vouched = {"may_delete": may_delete, "commanding": self.commanding}
        due = owed(record, self.planner, now, clock=self.now, **vouched)
        if due.is_over and key is not None:  # what has changed is told of first
            outcome.removed[record.record_id] = None
            self.draft.removed[self.holdings.remove(record.record_id)] = None
            return
        kept, tells = due.record, False
        if has_kin(record) or again:
            told = key is None and (record.children or record.natural_key_hash)
            before = self.holdings.get(record.record_id) if told else record
            new = record.is_known and (before is None or is_news(before, record))
            wanted, changed, again = max(due.asks, wanted), key is None, again or due.repeats
            kept, mails, tells = corresponded(
                kept, self.planner, wanted, changed=changed, fresh=new, again=again
            )
            outcome.mails += mails
        if key is None or kept is not known:
            # Versions grow with the time, so that after a rollback too the newer row has more.
            version = max(kept.version + 1, self.now)
            kept = msgspec.structs.replace(kept, version=version)
            key = self.holdings.put(kept)
            self.draft.records.append(key)
            outcome.rows.append(Row(kept, due.plan))
            if self.draft.removed.pop(key, key) is None:
                outcome.removed.pop(kept.record_id, None)
        outcome.mails += words(kept, kept.children, self.vouched) if tells else []
        outcome.commands += due.commands
        outcome.decisions += due.decisions
        self._raise_all(found_by(due, self._gaps, now, self.now, self.in_force), outcome)
        if due.wake is not None:
            # Looking again at once would spin while deletion is withheld from this look.
            later = due.wake if self.commanding else Instant(max(due.wake, now + SECOND))
            self.wakes.add(key, later)

    def progress(self) -> dict[str, int]:
        """Return how far this shard is: its time, its next wake, its size.

        What it sent is counted from when this ledger was loaded.
        """
        return {
            "ledger_now_ms": self.now,
            "ledger_next_wake_ms": self.next_wake() or 0,
            "ledger_sent_commands": self._sent,
            "ledger_records": self.holdings.known,
            "ledger_unreviewed_records": len(self.review),
            "ledger_documents_checksum": self.versions.checksum,
            "ledger_clock_difference_ms": self._clock_difference,
        }

    def _raise_all(self, found: Iterable[Finding], outcome: Outcome) -> None:
        for item in found:
            if self.findings.add(item.told_as):
                self.draft.findings.append(item.told_as)
                outcome.findings.append(item)
