"""The governor: what may leave of the deletions that are due, counted over all shards.

Keyed by store, so that a store's rate, and the count of one rule in it, are one number. The stop
switch is looked at here again (the ledger already heeds it) because a command may be on its way
when a pause arrives. What is withheld waits in the governor's state, is written to `state`, and
leaves when a published `approve` or `resume` allows it, or the next day. What was let out is
counted once, however often it is sent again. Losing the state loses no command: after a rebuild the
ledger issues every unanswered command again, and each is counted anew: less leaves, never more.
"""

from collections.abc import Iterable

from pipeline.commands import Command
from pipeline.documents import Versions
from pipeline.governor.allowances import Allowances, May
from pipeline.governor.journal import GovernorChunk
from pipeline.governor.pace import Paces
from pipeline.governor.waiting import Line, Waiting, is_void, withheld
from pipeline.identifiers import Cause, CommandId, StoreName
from pipeline.instants import DAY, MIN_INSTANT, Instant
from pipeline.ledger.gate import Gate
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part

HELD_LOOKS = 1_000
"""Deletions under a hold that are looked at in one line; those behind them the next time."""


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
        self.allowances = Allowances()
        self.waiting = Waiting()
        self.held: dict[int, int] = {}
        self.confirmed: dict[int, str] = {}
        self.cancelled: dict[str, Instant] = {}
        self._taken = self._sent = 0
        self._ledgers = ledgers
        self._paces = Paces()
        self._reported: dict[tuple[StoreName, Cause], int] = {}
        self._changed = False
        self._swept = 0
        self._next: Instant | None = None

    def apply(self, part: Part) -> Outcome:
        """Take documents, history and proposed commands; let out what may go."""
        outcome = Outcome()
        self._take_time(part)
        for row in part.states:
            self.allowances.take(row)
        for span in part.spans:
            self.gate.add(span)
        self.held.update(part.census)
        self.confirmed.update(part.confirmed)
        for command in part.commands:
            self._take(command)
        self._taken += len(part.commands)
        # Before the first tick it is not known whose day the counts are of.
        if self.gate.open and self.now > MIN_INSTANT:
            self._release([command.command_id for command in part.commands], outcome)
        self._sent += len(outcome.commands)
        return outcome

    def _take_time(self, part: Part) -> None:
        """Take the time and the documents, and with them what is in force."""
        if part.tick is not None:
            self.now = max(self.now, part.tick)
        self._changed |= part != Part(tick=part.tick)
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
            self.waiting.drop(command.withdraws)
            self.cancelled[command.withdraws] = command.expires_at
        if self.cancelled.get(command.command_id, MIN_INSTANT) <= self.now:
            self.waiting.put(command, again=command.command_id in self.allowances.left)

    def wake(self, at: Instant) -> Outcome:
        """Nothing is timed here: a tick of a new day is looked at when it arrives."""
        del at
        return Outcome()

    def next_wake(self) -> Instant | None:
        """Return None: the governor needs no timer."""
        return None

    def observe_clock(self, worker_now: Instant, tick: Instant, outcome: Outcome) -> None:
        """Nothing to compare: the ledgers issue no deletion while clocks differ."""

    def progress(self) -> dict[str, int]:
        """Return how far this key is: its time, and what it took, sent and withholds.

        What it took and sent is counted from when this machine was loaded.
        """
        return {
            "governor_now_ms": self.now,
            "governor_taken_commands": self._taken,
            "governor_sent_commands": self._sent,
            "governor_withheld_commands": len(self.waiting),
            "governor_next_wake_ms": self._next or 0,
            "governor_documents_checksum": self.versions.checksum,
            "governor_unconfirmed_shards": self._unconfirmed(),
        }

    def _release(self, fresh: Iterable[str], outcome: Outcome) -> None:
        self._sweep()
        self._next = None
        touched: set[tuple[StoreName, Cause]] = set()
        unconfirmed = self._unconfirmed()
        for line in self.waiting.lines():
            if line.deletes and unconfirmed:
                continue  # what waits may be undue by now
            held = 0
            for name in self.waiting.each(line):
                may = self._try(line, name, touched, outcome)
                held += may is May.HELD
                if may is May.STOP or held >= HELD_LOOKS:
                    break
        for name in fresh if unconfirmed else ():
            if name in self.waiting:  # what was just commanded is due under them
                self._try(self.waiting.line_of(name), name, touched, outcome)
        outcome.states += [self.allowances.row(*key, self.shard) for key in sorted(touched)]

    def _try(
        self, line: Line, name: str, touched: set[tuple[StoreName, Cause]], outcome: Outcome
    ) -> May:
        """Let out one command if it may go."""
        command = self.waiting.commands[name]
        if is_void(command, self.now):
            self._changed = self.waiting.drop(name)
            return May.GO
        if line.deletes:
            may = self._may_go(line, command, outcome)
            if may is not May.GO:
                return may
            touched.add((line.store, line.cause))
            self._count(line, command)
        self._changed = True
        self.waiting.drop(name)
        outcome.commands.append(command)
        return May.GO

    def _count(self, line: Line, command: Command) -> None:
        if not line.again:
            self.allowances.of(line, self.now, self._approval(line)).granted += 1
            if self.in_force.at_most(line.cause) is not None:
                self.allowances.note(command)

    def _sweep(self) -> None:
        """Once a day forget what is void: nobody obeys it, and the ledger gave another id."""
        today = self.now // DAY
        if self._swept == today:
            return
        self._swept = today
        for name in self.waiting.expired(self.now):
            self.waiting.drop(name)
            self._changed = True
        self.allowances.sweep(self.now)
        self.cancelled = {name: end for name, end in self.cancelled.items() if end > self.now}

    def _unconfirmed(self) -> int:
        """How many ledgers have not said that they obey the documents in force here."""
        stamp = self.in_force.fingerprint
        return sum(self.confirmed.get(shard) != stamp for shard in range(self._ledgers))

    def _may_go(self, line: Line, command: Command, outcome: Outcome) -> May:
        control = self.in_force.stopped(line.store, line.cause)
        if control is not None:
            self._report(line, f"by the pause of {control.scope}", "`resume`", outcome)
            return May.STOP
        if self.in_force.holds_naming(command.record_id):
            # The ledger, which knows the whole record, withdraws it when the hold is meant for it.
            self._report(line, "by a hold", "the hold's release", outcome)
            return May.HELD
        at_most = self.in_force.at_most(line.cause)
        if at_most is not None and not line.again:
            most = at_most.of(sum(self.held.values()))
            if self.allowances.of(line, self.now, self._approval(line)).granted >= most:
                self._report(line, f"after its {most} deletions a day", "`approve`", outcome)
                if most:
                    self._wake_at(Instant((self.now // DAY + 1) * DAY))
                return May.STOP
        pace = self._paces.of(line.store, self.in_force.store(line.store).per_minute)
        if not pace.take(self.now):
            self._wake_at(pace.next(self.now))
            return May.STOP
        return May.GO

    def _approval(self, line: Line) -> int:
        return self.in_force.approved(line.cause) or 0

    def _wake_at(self, at: Instant) -> None:
        self._next = at if self._next is None else min(self._next, at)

    def _report(self, line: Line, why: str, remedy: str, outcome: Outcome) -> None:
        """Make visible that deletions wait, once a day, store and cause."""
        today = self.now // DAY
        if self._reported.get((line.store, line.cause)) != today:
            self._reported[line.store, line.cause] = today
            outcome.findings.append(withheld(line, why, remedy, self.now))

    def take_chunk(self, number: int) -> GovernorChunk | None:
        """Return what changed since the last call; None when nothing did."""
        if not self._changed:
            return None
        came, gone = self.waiting.changes()
        return self._chunk(number, came, tuple(map(CommandId, gone)), self.allowances.news())

    def whole_chunk(self, number: int) -> GovernorChunk:
        """Return everything."""
        self.waiting.changes()
        self.allowances.news()
        everything = tuple(self.waiting.commands.values())
        return self._chunk(number, everything, (), dict(self.allowances.left), whole=True)

    def _chunk(
        self,
        number: int,
        waiting: tuple[Command, ...],
        gone: tuple[CommandId, ...],
        left: dict[str, Instant],
        *,
        whole: bool = False,
    ) -> GovernorChunk:
        self._changed = False
        return GovernorChunk(
            number,
            self.now,
            envelopes=self.versions.envelopes,
            gate=self.gate.state(),
            allowances=tuple((*key, kept) for key, kept in sorted(self.allowances.counts.items())),
            waiting=waiting,
            gone=gone,
            held=dict(self.held),
            confirmed=dict(self.confirmed),
            cancelled=dict(self.cancelled),
            left=left,
            whole=whole,
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
        self.allowances.counts = {(store, cause): kept for store, cause, kept in chunk.allowances}
        self.held = dict(chunk.held)
        self.confirmed = dict(chunk.confirmed)
        self.cancelled = dict(chunk.cancelled)
        if chunk.whole:
            self.waiting, self.allowances.left = Waiting(), {}
        self.allowances.left |= chunk.left
        self.waiting.fold(chunk.waiting, chunk.gone, self.allowances.left)
