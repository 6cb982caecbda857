"""The governor: what may leave of the deletions that are due, counted over all shards.

Keyed by store, so that a store's rate, and the count of one rule in it, are one number. The stop
switch is looked at here again (the ledger already heeds it) because a command may be on its way
when a pause arrives. What is withheld waits in the governor's state, is written to `state`, and
leaves when a published `approve` or `resume` allows it. Losing the state loses no command: after a
rebuild the ledger issues every unanswered command again.
"""

from collections.abc import Container, Iterable

import msgspec

from pipeline.commands import Command
from pipeline.documents import Versions
from pipeline.findings import StateRow, finding
from pipeline.governor.journal import Allowance, GovernorChunk
from pipeline.governor.pace import Pace
from pipeline.identifiers import Cause, CommandId, StoreName
from pipeline.instants import DAY, MIN_INSTANT, Instant
from pipeline.ledger.gate import Gate
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part
from pipeline.vocabulary import CommandKind, FindingKind


class Governor:
    """The state of one governor key: allowances by store and cause, and what waits.

    No I/O, no clock: `now` is the highest tick that arrived. `held` is how many records each shard
    holds, of which a share may be allowed.

    What was withheld leaves only once every shard of ledgers has confirmed the documents that are
    in force here: one of them may have made it undue.
    """

    def __init__(
        self,
        shard: int,
        awaited: dict[str, int],
        approvals: tuple[str, ...] = (),
        ledgers: int = 0,
    ) -> None:
        self.shard = shard
        self.awaited = awaited
        self.gate = Gate(awaited)
        self.now = MIN_INSTANT
        self.versions = Versions(frozenset(approvals))
        self.in_force = self.versions.in_force(self.now)
        self.allowances: dict[tuple[StoreName, Cause], Allowance] = {}
        self.waiting: dict[str, Command] = {}
        self.held: dict[int, int] = {}
        self.confirmed: dict[int, str] = {}
        self.cancelled: dict[str, Instant] = {}
        self._ledgers = ledgers
        self._paces: dict[StoreName, Pace] = {}
        self._reported: dict[tuple[StoreName, Cause], int] = {}
        self._changed = False
        self._came: dict[str, Command] = {}
        self._gone: dict[str, None] = {}

    def apply(self, part: Part) -> Outcome:
        """Take documents, history and proposed commands; let out what may go."""
        outcome = Outcome()
        self._take_time(part)
        for row in part.states:
            self._take_row(row)
        for span in part.spans:
            self.gate.add(span)
        self.held.update(part.census)
        self.confirmed.update(part.confirmed)
        for command in part.commands:
            self._take(command)
        # Before the first tick it is not known whose day the counts are of.
        if self.gate.open and self.now > MIN_INSTANT:
            self._release({command.command_id for command in part.commands}, outcome)
        return outcome

    def _take_time(self, part: Part) -> None:
        """Take the time and the documents, and with them what is in force."""
        if part.tick is not None:
            self.now = max(self.now, part.tick)
        self._changed |= bool(
            part.envelopes
            or part.states
            or part.spans
            or part.commands
            or part.census
            or part.confirmed
        )
        for envelope in part.envelopes:
            self.versions = self.versions.applied(envelope)
        outdated = self.in_force.until is not None and self.in_force.until <= self.now
        if part.envelopes or outdated:
            self.in_force = self.versions.in_force(self.now)

    def _take(self, command: Command) -> None:
        """Let a command wait; one that was taken back, before or after it came, never leaves."""
        if command.withdraws is not None:
            # Of two messages the later may come first. The CANCEL goes out whether or not what it
            # takes back did: the store answers it, so that nothing stays open.
            self._drop(command.withdraws)
            self.cancelled[command.withdraws] = command.expires_at
        if self.cancelled.get(command.command_id, MIN_INSTANT) <= self.now:
            self._wait(command)

    def _wait(self, command: Command) -> None:
        self.waiting[command.command_id] = self._came[command.command_id] = command
        self._gone.pop(command.command_id, None)

    def _drop(self, name: str) -> bool:
        """Let a command wait no more; return whether it did."""
        if self.waiting.pop(name, None) is None:
            return False
        if self._came.pop(name, None) is None:
            self._gone[name] = None
        return True

    def wake(self, at: Instant) -> Outcome:
        """Nothing is timed here: a tick of a new day is looked at when it arrives."""
        del at
        return Outcome()

    def next_wake(self) -> Instant | None:
        """Return None: the governor needs no timer."""
        return None

    def observe_clock(self, worker_now: Instant, outcome: Outcome) -> None:
        """Nothing to compare: the ledgers issue no deletion while clocks differ."""

    def progress(self) -> dict[str, int]:
        """Return how far this key is: its time, and what it withholds."""
        return {
            "governor_now_ms": self.now,
            "governor_withheld_commands": len(self.waiting),
            "governor_documents_checksum": self.versions.checksum,
            "governor_unconfirmed_shards": self._unconfirmed(),
        }

    def _take_row(self, row: StateRow) -> None:
        key = (StoreName(row.texts[0]), Cause(row.texts[1]))
        known = self.allowances.get(key)
        if known is None or known.version < row.version:
            numbers = row.numbers
            self.allowances[key] = Allowance(
                numbers["day"], numbers["granted"], numbers["approval"], row.version
            )

    def _release(self, fresh: Container[str], outcome: Outcome) -> None:
        touched: set[tuple[StoreName, Cause]] = set()
        settled = not self._unconfirmed()
        for command in tuple(self.waiting.values()):
            ready = settled or command.command_id in fresh
            if ready and self._may_go(command, outcome):
                self._changed = True
                self._drop(command.command_id)
                outcome.commands.append(command)
                if command.kind == CommandKind.DELETE:
                    touched.add((command.store, command.cause))
        outcome.states += [self._row(*key) for key in sorted(touched)]

    def _unconfirmed(self) -> int:
        """How many ledgers have not said that they obey the documents in force here."""
        stamp = self.in_force.fingerprint
        return sum(self.confirmed.get(shard) != stamp for shard in range(self._ledgers))

    def _row(self, store: StoreName, cause: Cause) -> StateRow:
        allowance = self.allowances.setdefault((store, cause), Allowance())
        allowance.version += 1
        return StateRow(
            kind="governor",
            name=f"{store} {cause}",
            shard=self.shard,
            numbers={
                "day": allowance.day,
                "granted": allowance.granted,
                "approval": allowance.approval,
            },
            texts=(store, cause),
            version=allowance.version,
        )

    def _may_go(self, command: Command, outcome: Outcome) -> bool:
        if command.kind != CommandKind.DELETE:
            return True
        control = self.in_force.stopped(command.store, command.cause)
        if control is not None:
            self._report(command, f"by the pause of {control.scope}", "`resume`", outcome)
            return False
        if self.in_force.holds_naming(command.record_id):
            # The ledger, which knows the whole record, withdraws it when the hold is meant for it.
            self._report(command, "by a hold", "the hold's release", outcome)
            return False
        # Sent again, and not waiting here: it was counted when it first went.
        counts = command.attempt == 1
        allowance = self._allowance(command)
        at_most = self.in_force.at_most(command.cause)
        if counts and at_most is not None:
            most = at_most.of(sum(self.held.values()))
            if allowance.granted >= most:
                why = f"after its {most} deletions a day"
                self._report(command, why, "`approve`", outcome)
                return False
        if not self._pace(command.store).take(self.now):
            return False
        allowance.granted += counts
        return True

    def _allowance(self, command: Command) -> Allowance:
        allowance = self.allowances.setdefault((command.store, command.cause), Allowance())
        today = self.now // DAY
        if allowance.day < today:
            allowance.day, allowance.granted = today, 0
        approval = self.in_force.approved(command.cause) or 0
        if approval > allowance.approval:
            allowance.approval, allowance.granted = approval, 0
        return allowance

    def _pace(self, store: StoreName) -> "Pace":
        pace = self._paces.get(store)
        if pace is None:
            pace = self._paces[store] = Pace()
        pace.per_minute = self.in_force.store(store).per_minute
        return pace

    def _report(self, command: Command, why: str, remedy: str, outcome: Outcome) -> None:
        """Make visible that deletions wait, once a day, store and cause."""
        store, cause = command.store, command.cause
        today = self.now // DAY
        if self._reported.get((store, cause)) == today:
            return
        self._reported[store, cause] = today
        outcome.findings.append(
            finding(
                FindingKind.WITHHELD,
                f"{store} {cause} day {today}",
                f"deletions in store {store} under {cause} are withheld {why}",
                f"check that they are right, then publish {remedy}",
                self.now,
            )
        )

    def take_chunk(self, number: int) -> GovernorChunk | None:
        """Return what changed since the last call; None when nothing did."""
        if not self._changed:
            return None
        came, gone = tuple(self._came.values()), tuple(self._gone)
        chunk = self.whole_chunk(number)
        return msgspec.structs.replace(
            chunk, waiting=came, gone=tuple(map(CommandId, gone)), whole=False
        )

    def whole_chunk(self, number: int) -> GovernorChunk:
        """Return everything."""
        self._changed = False
        self._came, self._gone = {}, {}
        return GovernorChunk(
            number=number,
            now=self.now,
            envelopes=self.versions.envelopes,
            gate=self.gate.state(),
            allowances=tuple((*key, kept) for key, kept in sorted(self.allowances.items())),
            waiting=tuple(self.waiting.values()),
            held=dict(self.held),
            confirmed=dict(self.confirmed),
            cancelled={name: end for name, end in self.cancelled.items() if end > self.now},
            whole=True,
        )

    @classmethod
    def folded(
        cls,
        shard: int,
        awaited: dict[str, int],
        chunks: Iterable[GovernorChunk],
        approvals: tuple[str, ...] = (),
        ledgers: int = 0,
    ) -> "Governor":
        """Rebuild from the journal, its chunks in any order."""
        governor = cls(shard, awaited, approvals, ledgers)
        for chunk in sorted(chunks, key=lambda chunk: chunk.number):
            governor._fold(chunk)
        return governor

    def _fold(self, chunk: GovernorChunk) -> None:
        self.now = chunk.now
        self.versions = Versions.of(chunk.envelopes, self.versions.approvals)
        self.in_force = self.versions.in_force(self.now)
        self.gate = Gate(self.awaited, chunk.gate)
        self.allowances = {(store, cause): kept for store, cause, kept in chunk.allowances}
        self.held = dict(chunk.held)
        self.confirmed = dict(chunk.confirmed)
        self.cancelled = dict(chunk.cancelled)
        if chunk.whole:
            self.waiting.clear()
        for name in chunk.gone:
            self.waiting.pop(name, None)
        self.waiting |= {command.command_id: command for command in chunk.waiting}
