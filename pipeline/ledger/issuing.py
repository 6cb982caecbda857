"""Making commands: ids from content, the four times, and the decision that says why."""

from collections.abc import Iterator

import msgspec

from pipeline.commands import LIFETIME, Command
from pipeline.findings import Decision, Finding, finding
from pipeline.identifiers import Cause, CommandId, StoreName, command_id
from pipeline.instants import DAY, MIN_INSTANT, Instant
from pipeline.receipts import answered_with
from pipeline.records import Issued, Record
from pipeline.rules import Planner, Step
from pipeline.vocabulary import SETTLED, CommandKind, FindingKind

DELETE = CommandKind.DELETE.value
RESTRICT = CommandKind.RESTRICT.value
CANCEL = CommandKind.CANCEL.value


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
        self._issued = list(record.issued)
        self._answers = list(record.answers)
        self._gone = MIN_INSTANT
        self._generation = ""

    def begin(self, gone: Instant) -> None:
        """Turn to the life that began after what was erased."""
        self._gone = gone
        self._generation = self.record.generation(gone)

    def current(self, kind: str, store: StoreName, cause: str | None = None) -> Issued | None:
        """Return the standing command of this life, of any cause or of one."""
        for item in self._issued:
            if (
                item.kind == kind
                and item.store == store
                and item.generation == self._generation
                and not item.withdrawn
                and cause in (None, item.cause)
            ):
                return item
        return None

    def restricted(self, store: StoreName) -> bool:
        """Whether this life is restricted in a store already."""
        return self.current(RESTRICT, store) is not None

    def find(self, kind: FindingKind, subject: str, what: str, remedy: str) -> None:
        """Raise a finding."""
        self.findings.append(finding(kind, subject, what, remedy, self.now))

    def unsettled(self) -> Iterator[Issued]:
        """Yield commands that somebody waits for and that were not reported as overdue."""
        for item in tuple(self._issued):
            if item.outcome not in SETTLED and not (item.overdue or item.withdrawn):
                yield item

    def replace(self, old: Issued, new: Issued) -> None:
        """Put a changed command in the place of the old one."""
        self._issued[self._issued.index(old)] = new

    def withdraw(self, item: Issued) -> None:
        """Cancel a deletion that was not answered; it may be issued again under a new epoch.

        The CANCEL carries the deletion's cause, so that it goes where the deletion may still wait.
        """
        name = self._name(CANCEL, item.store, item.cause, item.command_id)
        self.commands.append(
            Command(
                command_id=name,
                kind=CANCEL,
                store=item.store,
                record_id=self.record.record_id,
                generation=item.generation,
                cause=item.cause,
                cause_version=item.cause_version,
                citation=item.citation,
                not_before=self.now,
                complete_by=item.complete_by,
                data_until=item.data_until,
                expires_at=item.expires_at,
                issued_at=self.now,
                withdraws=item.command_id,
            )
        )
        self.replace(item, msgspec.structs.replace(item, withdrawn=True))

    def issue(self, step: Step, store: StoreName, due_at: Instant) -> None:
        """Issue a command for this life."""
        epoch = self._epoch(store) if step.kind == DELETE else ""
        name = self._name(step.kind, store, step.cause, epoch)
        item = Issued(
            command_id=name,
            kind=step.kind,
            store=store,
            cause=step.cause,
            citation=step.citation,
            generation=self.record.generation(self._gone),
            not_before=due_at,
            complete_by=step.complete_by,
            data_until=self._data_until(due_at),
            expires_at=Instant(max(step.complete_by, self.clock) + LIFETIME),
            issued_at=self.clock,
            cause_version=step.cause_version,
        )
        self.commands.append(command_of(self.record, item))
        self.decisions.append(self._decision(item))
        for answer in [kept for kept in self._answers if kept.command_id == name]:
            self._answers.remove(answer)
            if answer.store == store:
                item = answered_with(item, answer.status, answer.at)
        self._issued.append(item)

    def finished(self) -> Record:
        """Return the record with what was issued; the same one when nothing was."""
        issued, answers = tuple(self._issued), tuple(self._answers)
        if issued == self.record.issued and answers == self.record.answers:
            return self.record
        return msgspec.structs.replace(
            self.record, issued=tuple(sorted(issued, key=_order)), answers=answers
        )

    def _epoch(self, store: StoreName) -> str:
        """Return the last withdrawn deletion of this life: a new one needs a new id."""
        withdrawn = [
            item
            for item in self._issued
            if item.withdrawn and item.store == store and item.generation == self._generation
        ]
        return withdrawn[-1].command_id if withdrawn else ""

    def _data_until(self, due_at: Instant) -> Instant:
        """Return up to when data is covered: the limit, and at least the beginning of the life.

        That may be younger than its limit (late ingestion); but a clock far ahead of the broker's
        must not hide what will come.
        """
        began = self.record.life(self._gone)[0].at
        return due_at if began > self.clock + DAY else Instant(max(due_at, began))

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
            reasons=self.planner.reasons(self.record, self._gone),
            not_before=item.not_before,
            complete_by=item.complete_by,
            at=self.now,
        )


def command_of(record: Record, item: Issued) -> Command:
    """Return the command as it was or is issued: same id, same instants."""
    return Command(
        command_id=item.command_id,
        kind=item.kind,
        store=item.store,
        record_id=record.record_id,
        generation=item.generation,
        cause=item.cause,
        cause_version=item.cause_version,
        citation=item.citation,
        not_before=item.not_before,
        complete_by=item.complete_by,
        data_until=item.data_until,
        expires_at=item.expires_at,
        issued_at=item.issued_at,
    )


def _order(item: Issued) -> tuple[Instant, str, str, str]:
    return (item.issued_at, item.kind, item.store, item.cause)
