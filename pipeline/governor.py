"""The governor: what may leave of the deletions that are due, counted over all shards.

Keyed by cause, so that the count of one rule is one number. The stop switch is looked at here again
(the ledger already heeds it) because a command may be on its way when a pause arrives. What is
withheld waits in the governor's state, is written to `state`, and leaves when a published `approve`
or `resume` allows it. Losing the state loses no command: after a rebuild the ledger issues every
unanswered command again.
"""

from collections.abc import Iterable

import msgspec

from pipeline.commands import Command
from pipeline.documents.envelope import Envelope
from pipeline.documents.in_force import InForce
from pipeline.findings import StateRow, finding
from pipeline.identifiers import Cause
from pipeline.instants import DAY, MIN_INSTANT, Instant
from pipeline.ledger.gate import Gate, GateState
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part
from pipeline.records import Record
from pipeline.vocabulary import CommandKind, FindingKind


class Allowance(msgspec.Struct, array_like=True):
    """How many deletions of one cause were let through on which UTC day, under which approval."""

    day: int = 0
    granted: int = 0
    approval: int = 0
    version: int = 0


class GovernorChunk(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The governor's durable form. It is small, so that each one is whole."""

    number: int
    now: Instant = MIN_INSTANT
    envelopes: tuple[Envelope, ...] = ()
    gate: GateState | None = None
    allowances: dict[str, Allowance] = {}
    waiting: tuple[Command, ...] = ()
    whole: bool = True


class Governor:
    """The state of one governor key: allowances by cause, and what waits. No I/O, no clock."""

    def __init__(self, shard: int, awaited: dict[str, int]) -> None:
        self.shard = shard
        self.awaited = awaited
        self.gate = Gate(awaited)
        self.now = MIN_INSTANT
        self.in_force = InForce()
        self.allowances: dict[Cause, Allowance] = {}
        self.waiting: dict[str, Command] = {}
        self._reported: dict[Cause, int] = {}
        self._changed = False

    def apply(self, part: Part) -> Outcome:
        """Take documents, history and proposed commands; let out what may go."""
        outcome = Outcome()
        if part.tick is not None:
            self.now = max(self.now, part.tick)
        if part.envelopes or part.states or part.spans or part.commands:
            self._changed = True
        for envelope in part.envelopes:
            self.in_force = self.in_force.applied(envelope)
        for row in part.states:
            self._take_row(row)
        for span in part.spans:
            self.gate.add(span)
        for command in part.commands:
            # What never left needs no CANCEL.
            if self.waiting.pop(command.withdraws or "", None) is None:
                self.waiting[command.command_id] = command
        # Before the first tick it is not known whose day the counts are of.
        if self.gate.open and self.now > MIN_INSTANT:
            self._release(outcome)
        return outcome

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
        return {"governor_now_ms": self.now, "governor_withheld_commands": len(self.waiting)}

    def _take_row(self, row: StateRow) -> None:
        cause = Cause(row.name)
        known = self.allowances.get(cause)
        if known is None or known.version < row.version:
            numbers = row.numbers
            self.allowances[cause] = Allowance(
                numbers["day"], numbers["granted"], numbers["approval"], row.version
            )

    def _release(self, outcome: Outcome) -> None:
        touched: set[Cause] = set()
        for command in tuple(self.waiting.values()):
            if self._may_go(command, outcome):
                self._changed = True
                del self.waiting[command.command_id]
                outcome.commands.append(command)
                if command.kind == CommandKind.DELETE:
                    touched.add(command.cause)
        for cause in sorted(touched):
            allowance = self.allowances[cause]
            allowance.version += 1
            outcome.states.append(
                StateRow(
                    kind="governor",
                    name=cause,
                    shard=self.shard,
                    numbers={
                        "day": allowance.day,
                        "granted": allowance.granted,
                        "approval": allowance.approval,
                    },
                    version=allowance.version,
                )
            )

    def _may_go(self, command: Command, outcome: Outcome) -> bool:
        if command.kind != CommandKind.DELETE:
            return True
        control = self.in_force.stopped(command.store, command.cause)
        if control is not None:
            self._report(command.cause, f"by the pause of {control.scope}", "`resume`", outcome)
            return False
        if self.in_force.holds_on(Record(command.record_id), ()):
            # The ledger, which knows the whole record, withdraws it when the hold is meant for it.
            self._report(command.cause, "by a hold", "the hold's release", outcome)
            return False
        allowance = self.allowances.setdefault(command.cause, Allowance())
        today = self.now // DAY
        if allowance.day < today:
            allowance.day, allowance.granted = today, 0
        approval = self.in_force.approved(command.cause) or 0
        if approval > allowance.approval:
            allowance.approval, allowance.granted = approval, 0
        at_most = self.in_force.at_most(command.cause)
        if at_most is not None and allowance.granted >= at_most:
            why = f"after its {at_most} deletions a day"
            self._report(command.cause, why, "`approve`", outcome)
            return False
        allowance.granted += 1
        return True

    def _report(self, cause: Cause, why: str, remedy: str, outcome: Outcome) -> None:
        """Make visible that deletions wait, once a day and cause."""
        today = self.now // DAY
        if self._reported.get(cause) == today:
            return
        self._reported[cause] = today
        outcome.findings.append(
            finding(
                FindingKind.WITHHELD,
                f"{cause} day {today}",
                f"deletions under {cause} are withheld {why}",
                f"check that they are right, then publish {remedy}",
                self.now,
            )
        )

    def take_chunk(self, number: int) -> GovernorChunk | None:
        """Return everything when something changed since the last call."""
        if not self._changed:
            return None
        self._changed = False
        return self.whole_chunk(number)

    def whole_chunk(self, number: int) -> GovernorChunk:
        """Return everything."""
        return GovernorChunk(
            number=number,
            now=self.now,
            envelopes=self.in_force.envelopes,
            gate=self.gate.state(),
            allowances={str(cause): kept for cause, kept in self.allowances.items()},
            waiting=tuple(self.waiting.values()),
        )

    @classmethod
    def folded(
        cls, shard: int, awaited: dict[str, int], chunks: Iterable[GovernorChunk]
    ) -> "Governor":
        """Rebuild from the newest chunk."""
        governor = cls(shard, awaited)
        newest = max(chunks, key=lambda chunk: chunk.number, default=None)
        if newest is None:
            return governor
        governor.now = newest.now
        for envelope in newest.envelopes:
            governor.in_force = governor.in_force.applied(envelope)
        governor.gate = Gate(awaited, newest.gate)
        governor.allowances = {Cause(name): kept for name, kept in newest.allowances.items()}
        governor.waiting = {command.command_id: command for command in newest.waiting}
        return governor
