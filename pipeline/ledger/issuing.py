"""Making commands: ids from content, the four times, and the decision that says why."""

from collections.abc import Iterator

import msgspec

from pipeline.commands import LIFETIME, Command
from pipeline.findings import Decision, Finding, finding
from pipeline.identifiers import Cause, CommandId, StoreName, command_id
from pipeline.instants import DAY, MIN_INSTANT, Instant
from pipeline.ledger.leaving import (
    ATTEST,
    NOTIFY,
    RESTRICT,
    REVIEW,
    STOP,
    command_of,
    withdrawal_of,
)
from pipeline.ledger.present import Present
from pipeline.receipts import answered_with
from pipeline.records import OBSERVED, Issued, Record, bounded, is_open
from pipeline.rules import Plan, Planner
from pipeline.steps import Step
from pipeline.vocabulary import DESTROYING, SETTLED, FindingKind

AT_ONCE = frozenset({RESTRICT, REVIEW, STOP, ATTEST})
"""Kinds of commands that destroy nothing: they go out as soon as they are called for."""
_NOWHERE = StoreName("")


class Draft:
    """Collects what one look at a record finds and issues."""

    def __init__(
        self,
        record: Record,
        planner: Planner,
        now: Instant,
        *,
        may_delete: bool,
        clock: Instant | None = None,
    ) -> None:
        self.record = record
        self.planner = planner
        self.now = now
        self.may_delete = may_delete
        self.clock = now if clock is None else max(now, clock)
        self.commands: list[Command] = []
        self.findings: list[Finding] = []
        self.decisions: list[Decision] = []
        self.wakes: list[Instant] = []
        self.asks = MIN_INSTANT
        self.repeats = False
        self._issued = list(record.issued)
        self._answers = list(record.answers)
        self.present = Present(record)
        self._gone = MIN_INSTANT
        self._plan: Plan | None = None
        self._generation = ""

    def begin(self, gone: Instant, plan: Plan) -> None:
        """Turn to the life that began after what was erased, and its plan."""
        self._gone, self._plan = gone, plan
        self._generation = self.record.generation(gone)

    def standing(self, kind: str, store: StoreName, cause: str | None = None) -> list[Issued]:
        """Return the commands of a kind that reach the present life, of any cause or of one."""
        return [
            item
            for item in self._issued
            if item.kind == kind
            and item.store == store
            and not item.withdrawn
            and cause in (None, item.cause)
            and self.present.reaches(item)
        ]

    def stands(self, kind: str, store: StoreName, cause: str | None = None) -> bool:
        """Whether a store was told of this life already, for any cause or for one.

        Args:
            kind: of the command, which can be given anew at any time.
            store: which.
            cause: for which; None: for any.
        """
        standing = self.standing(kind, store, cause)
        if cause is None:  # what stops some uses leaves others
            standing = [item for item in standing if not item.uses]
        lapsed = [self.lapses(item) for item in standing]  # of every one
        return not all(lapsed)

    def find(
        self, kind: FindingKind, subject: str, what: str, remedy: str, occasion: str = ""
    ) -> None:
        """Raise a finding."""
        self.findings.append(finding(kind, subject, what, remedy, self.now, occasion))

    def unsettled(self) -> Iterator[Issued]:
        """Yield commands about the present that somebody waits for."""
        for item in tuple(self._issued):
            if is_open(item) and self.present.reaches(item):
                yield item

    def replace(self, old: Issued, new: Issued) -> None:
        """Put a changed command in the place of the old one."""
        self._issued[self._issued.index(old)] = new

    def withdraw(self, item: Issued) -> None:
        """Take back a command: RELEASE for what lasts, CANCEL for what is not settled.

        A deletion may be issued again under a new epoch. Whoever was told of it is told otherwise.
        """
        for told in self._told_of(item) if item.kind in DESTROYING else []:
            self.withdraw(told)
        self.replace(item, msgspec.structs.replace(item, withdrawn=True))
        withdrawal = withdrawal_of(self.record, item, self.clock)
        self.commands.append(command_of(self.record, withdrawal))
        self._issued.append(self._answered(withdrawal))

    def _told_of(self, erasure: Issued) -> list[Issued]:
        """Return what was to tell recipients of an erasure, none of which has been done."""
        about = (erasure.cause, erasure.generation, erasure.fields)
        done = [one for one in self.given(erasure.kind) if one.outcome in SETTLED]
        if any((one.cause, one.generation, one.fields) == about for one in done):
            return []
        return [
            one
            for one in self.given(NOTIFY)
            if not one.withdrawn and (one.cause, one.generation, one.fields) == about
        ]

    def lapses(self, item: Issued) -> bool:
        """Whether a command is void unanswered and must be given anew; then it is laid aside.

        A deletion only where deletions may be issued, as it will be issued again.
        """
        if item.outcome in SETTLED or self.clock < item.expires_at:
            return False
        if item.kind in DESTROYING and not self.may_delete:
            self.wakes.append(self.clock)
            return False
        self.find(
            FindingKind.EXPIRED,
            item.command_id,
            f"{item.kind} to store {item.store} under {item.cause} expired unanswered",
            "see first whether it is withheld (WITHHELD), else ask the store's owner; it is "
            "commanded again under a new id",
        )
        self.replace(item, msgspec.structs.replace(item, withdrawn=True))
        return True

    def issue(self, step: Step, store: StoreName, due_at: Instant) -> None:
        """Issue a command for this life."""
        self.give(self._made(step, store, due_at, step.kind))

    def given(self, kind: str) -> list[Issued]:
        """Return every command of a kind that was issued for the record."""
        return [item for item in self._issued if item.kind == kind]

    def give(self, item: Issued) -> None:
        """Let a command go, with the decision that says why."""
        self.commands.append(command_of(self.record, item))
        self.decisions.append(self._decision(item))
        self._issued.append(self._answered(item))

    def give_anew(self, item: Issued) -> None:
        """Let a command go in the place of one that lapsed; the decision of that one says why."""
        self.commands.append(command_of(self.record, item))
        self._issued.append(self._answered(item))

    def _answered(self, item: Issued) -> Issued:
        """Return a command with what its store answered before it was issued here."""
        for answer in [kept for kept in self._answers if kept.command_id == item.command_id]:
            self._answers.remove(answer)
            if answer.store == item.store:
                item = answered_with(item, answer.status, answer.at)
                # No receipt will come that has the record looked at again, and more may be due.
                self.wakes.append(self.clock)
        return item

    def _made(self, step: Step, store: StoreName, due_at: Instant, kind: str) -> Issued:
        epoch = self._epoch(store, kind)
        usual = self._data_until(due_at)
        data_until = max(usual, self.reached(step, usual))
        if data_until != usual or kind in DESTROYING:
            # What it covers depends on what was known: after a rollback that may be more. An answer
            # to what covered less says nothing of the rest; a second id costs a second command.
            epoch = f"{epoch} {data_until}"
        if step.fields:
            epoch = f"{epoch} {','.join(step.fields)}"
        return Issued(
            command_id=self._name(kind, store, step.cause, epoch),
            kind=kind,
            store=store,
            cause=step.cause,
            citation=step.citation,
            generation=self.record.generation(self._gone),
            not_before=due_at,
            complete_by=step.deadline,
            data_until=data_until,
            expires_at=Instant(max(step.deadline, self.clock) + LIFETIME),
            issued_at=self.clock,
            cause_version=step.cause_version,
            uses=step.uses if kind == RESTRICT else (),
            fields=step.fields,
        )

    def send_again(self, item: Issued) -> None:
        """Send an issued command once more, as it was."""
        self.commands.append(command_of(self.record, item))

    def observed(self, cause: Cause) -> bool:
        """Whether it was noted of this life what the rule would delete."""
        return any(
            item.kind == OBSERVED and item.cause == cause and item.generation == self._generation
            for item in self._issued
        )

    def observe(self, step: Step, due_at: Instant) -> None:
        """Note what a rule would delete: a decision, and no command."""
        item = self._made(step, _NOWHERE, due_at, OBSERVED)
        self.decisions.append(self._decision(item))
        self._issued.append(item)

    def finished(self) -> Record:
        """Return the record with what was issued; the same one when nothing was."""
        issued, answers = tuple(self._issued), tuple(self._answers)
        if issued == self.record.issued and answers == self.record.answers:
            return self.record
        kept = tuple(sorted(bounded(issued), key=_order))
        return msgspec.structs.replace(self.record, issued=kept, answers=answers)

    def _epoch(self, store: StoreName, kind: str) -> str:
        """Return the last command of a kind that this life took back: the next has a new id."""
        withdrawn = [
            item
            for item in self._issued
            if item.withdrawn
            and item.kind == kind
            and item.store == store
            and item.generation == self._generation
        ]
        return withdrawn[-1].command_id if withdrawn else ""

    def _data_until(self, due_at: Instant) -> Instant:
        """Return up to when data is covered: the limit, and at least the beginning of the life.

        That may be younger than its limit (late ingestion); but a clock far ahead of the broker's
        must not hide what will come.
        """
        began = self.record.life(self._gone)[0].at
        return due_at if began > self.clock + DAY else Instant(max(due_at, began))

    def reached(self, step: Step, usual: Instant) -> Instant:
        """Return the newest sign of data that a notice orders to be deleted, whatever its age.

        The minimum instant where none is, as of a maximum.
        Not what was collected from the instant on before which the notice means it, and not what
        has yet to happen.
        """
        births, touches = self.record.births, self.record.touches
        later = [sign.at for sign in births if sign.collected_at >= step.means_before]
        # When the word of its parents comes must not decide what a command covers.
        known = usual if self.record.parents else self.now
        end = min([*later, Instant(known + 1)])
        signs = (*births, *touches) if step.means_before > MIN_INSTANT else ()
        return max([sign.at for sign in signs if self._gone < sign.at < end], default=MIN_INSTANT)

    def _name(self, kind: str, store: StoreName, cause: Cause, epoch: str) -> CommandId:
        return command_id(
            kind=kind,
            target=store,
            record_id=self.record.record_id,
            generation=self.record.generation(self._gone),
            cause=cause,
            epoch=epoch,
        )

    def _decision(self, item: Issued) -> Decision:
        return Decision(
            decision_id=item.command_id,
            record_id=self.record.record_id,
            conclusion=item.kind,
            cause=item.cause,
            cause_version=item.cause_version,
            citation=item.citation,
            reasons=self.planner.reasons(self.record, self._gone, self._plan),
            not_before=item.not_before,
            complete_by=item.complete_by,
            at=self.now,
        )


def _order(item: Issued) -> tuple[Instant, str, str, str]:
    return (item.issued_at, item.kind, item.store, item.cause)
