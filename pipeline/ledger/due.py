"""What one record owes now: the commands to issue, the findings to raise, and when to look again.

Pure: a record, a planner and `now` in; a `Due` out. Restriction, which can be undone, is issued at
once; deletion only where the caller vouches that everything published before `now` was taken into
account (`may_delete`), which in a job only an event-time timer does.
"""

from typing import NamedTuple

import msgspec

from pipeline.commands import LIFETIME, Command
from pipeline.findings import Decision, Finding, finding
from pipeline.identifiers import Cause, StoreName, command_id
from pipeline.instants import Instant
from pipeline.receipts import Receipt, answered
from pipeline.records import Issued, Record
from pipeline.rules import Plan, Planner, Step
from pipeline.vocabulary import SETTLED, CommandKind, FindingKind, ReceiptStatus

DELETE = CommandKind.DELETE.value
RESTRICT = CommandKind.RESTRICT.value
_REFUSALS = frozenset({ReceiptStatus.FAILED.value, ReceiptStatus.NOT_SUPPORTED.value})


class Due(NamedTuple):
    """The record after issuing, what leaves, and when to look again (None: only if it changes)."""

    record: Record
    plan: Plan | None
    commands: tuple[Command, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    wake: Instant | None


class _Draft:
    """Collects what one look at a record finds."""

    def __init__(self, record: Record, now: Instant) -> None:
        self.record = record
        self.now = now
        self.generation = record.generation
        self.commands: list[Command] = []
        self.findings: list[Finding] = []
        self.decisions: list[Decision] = []
        self.wakes: list[Instant] = []
        self.issued = {
            (item.kind, item.store, item.cause if item.kind != DELETE else ""): item
            for item in record.issued
            if item.generation == self.generation
        }

    def has(self, kind: str, store: StoreName, cause: str) -> bool:
        return (kind, store, cause if kind != DELETE else "") in self.issued

    def restricted(self, store: StoreName) -> bool:
        return any(kind == RESTRICT and where == store for kind, where, _ in self.issued)

    def find(self, kind: FindingKind, subject: str, what: str, remedy: str) -> None:
        self.findings.append(finding(kind, subject, what, remedy, self.now))


def owed(
    record: Record, planner: Planner, now: Instant, *, may_delete: bool, commanding: bool = True
) -> Due:
    """Work out what a record owes at `now`.

    Args:
        record: its facts.
        planner: the rules in force.
        now: the instant up to which everything published has been taken into account.
        may_delete: whether `DELETE` may be issued; otherwise it only wakes.
        commanding: False withholds every `DELETE` (clocks differ); the record is looked at again.
    """
    if not record.alive:
        return Due(record, None, (), (), (), None)
    plan = planner.plan(record)
    draft = _Draft(record, now)
    if not record.stores and plan.limit_at is not None:
        _no_store(draft, plan)
    for store in record.stores:
        for step in plan.steps:
            if step.kind == RESTRICT and not draft.has(RESTRICT, store, step.cause):
                if step.not_before <= now:
                    _issue(draft, plan, step, store, step.not_before)
                else:
                    draft.wakes.append(step.not_before)
        if not draft.has(DELETE, store, ""):
            _consider_deletion(draft, plan, planner, store, may_delete=may_delete and commanding)
    _watch_answers(draft)
    issued = tuple(sorted(draft.issued.values(), key=_order))
    others = tuple(item for item in record.issued if item.generation != draft.generation)
    if (*others, *issued) != record.issued:
        record = msgspec.structs.replace(record, issued=(*others, *issued))
    wake = min(draft.wakes, default=None)
    return Due(
        record, plan, tuple(draft.commands), tuple(draft.findings), tuple(draft.decisions), wake
    )


def _order(item: Issued) -> tuple[str, str, str]:
    return (item.kind, item.store, item.cause)


def _no_store(draft: _Draft, plan: Plan) -> None:
    if plan.limit_at is None or plan.limit_at > draft.now:
        draft.wakes += [plan.limit_at] if plan.limit_at is not None else []
        return
    draft.find(
        FindingKind.NO_STORE,
        draft.record.record_id,
        "a record is due and names no store",
        "publish an `updated` event that names the stores which hold it",
    )


def _consider_deletion(
    draft: _Draft, plan: Plan, planner: Planner, store: StoreName, *, may_delete: bool
) -> None:
    lead = planner.lead(store)
    deletions = [(step.due_at(lead), step) for step in plan.steps if step.kind == DELETE]
    if not deletions:
        return
    due_at, step = min(deletions)
    if due_at > draft.now:
        draft.wakes.append(due_at)
    elif plan.holds:
        _held(draft, plan, step, store)
    elif (control := planner.in_force.stopped(store, step.cause)) is not None:
        draft.find(
            FindingKind.WITHHELD,
            step.cause,
            f"due deletions are withheld by the pause of {control.scope}",
            "publish a `resume` for the same scope when deletion may go on",
        )
    elif may_delete:
        _issue(draft, plan, step, store, due_at)
    else:
        draft.wakes.append(due_at)


def _held(draft: _Draft, plan: Plan, step: Step, store: StoreName) -> None:
    """A hold wins over every deletion; what is past its limit is restricted at once."""
    draft.find(
        FindingKind.HELD_PAST_LIMIT,
        draft.record.record_id,
        f"a deletion due under {step.cause} is blocked by {', '.join(plan.holds)}",
        "release the hold, or have the obligation varied before its deadline",
    )
    if not draft.restricted(store):
        hold = msgspec.structs.replace(
            step, cause=Cause(f"hold:{plan.holds[0]}"), kind=RESTRICT, at_once=True
        )
        _issue(draft, plan, hold, store, draft.now)


def _issue(draft: _Draft, plan: Plan, step: Step, store: StoreName, due_at: Instant) -> None:
    record = draft.record
    name = command_id(
        kind=step.kind,
        target=store,
        record_id=record.record_id,
        generation=draft.generation,
        cause=step.cause,
    )
    command = Command(
        command_id=name,
        kind=step.kind,
        store=store,
        record_id=record.record_id,
        generation=draft.generation,
        cause=step.cause,
        cause_version=step.cause_version,
        citation=step.citation,
        not_before=due_at,
        complete_by=step.complete_by,
        # Data of this life may be younger than the limit that ends it (late ingestion).
        data_until=Instant(max(due_at, record.life[-1].at)),
        expires_at=Instant(max(step.complete_by, draft.now) + LIFETIME),
        issued_at=draft.now,
    )
    draft.commands.append(command)
    draft.issued[step.kind, store, "" if step.kind == DELETE else step.cause] = Issued(
        command_id=name,
        kind=step.kind,
        store=store,
        cause=step.cause,
        citation=step.citation,
        generation=draft.generation,
        not_before=command.not_before,
        complete_by=command.complete_by,
        data_until=command.data_until,
        expires_at=command.expires_at,
        issued_at=draft.now,
        cause_version=step.cause_version,
    )
    draft.decisions.append(
        Decision(
            decision_id=name,
            record_id=record.record_id,
            conclusion=step.kind,
            cause=step.cause,
            cause_version=step.cause_version,
            citation=step.citation,
            reasons=plan.reasons,
            not_before=command.not_before,
            complete_by=command.complete_by,
            at=draft.now,
        )
    )


def _watch_answers(draft: _Draft) -> None:
    """A command unanswered at its deadline becomes a finding, once."""
    for key, item in tuple(draft.issued.items()):
        if item.outcome in SETTLED or item.overdue:
            continue
        # A command issued past its deadline (late ingestion) still gets a day to be obeyed.
        deadline = Instant(max(item.complete_by, item.issued_at + OVERDUE_AFTER))
        if deadline > draft.now:
            draft.wakes.append(deadline)
            continue
        draft.find(
            FindingKind.OVERDUE,
            item.command_id,
            f"{item.kind} to store {item.store} under {item.cause} is not settled at its deadline",
            "ask the store's owner; the command stays in force until it expires",
        )
        draft.issued[key] = msgspec.structs.replace(item, overdue=True)


OVERDUE_AFTER = 3_600_000
"""The least time a store has to answer before a command counts as overdue (milliseconds)."""


def received(
    record: Record | None, receipt: Receipt, now: Instant
) -> tuple[Record | None, list[Finding]]:
    """Take a store's answer into the record; when every store has erased it, end its life."""
    item = _issued(record, receipt)
    if record is None or item is None:
        return record, [
            finding(
                FindingKind.UNKNOWN_COMMAND,
                receipt.command_id,
                f"store {receipt.store} answered a command that was never issued",
                "ask the store's owner where the command came from",
                now,
            )
        ]
    findings = []
    if receipt.status in _REFUSALS:
        findings.append(
            finding(
                FindingKind.REFUSED_BY_STORE,
                receipt.command_id,
                f"store {receipt.store} answered {receipt.status} to {item.kind}",
                "repair the store; its next answer to the same id counts",
                now,
            )
        )
    new = answered(item, receipt)
    if new is item:
        return record, findings
    issued = tuple(new if kept is item else kept for kept in record.issued)
    record = msgspec.structs.replace(record, issued=issued)
    return _ended(record), findings


def _issued(record: Record | None, receipt: Receipt) -> Issued | None:
    if record is None:
        return None
    for item in record.issued:
        if item.command_id == receipt.command_id and item.store == receipt.store:
            return item
    return None


def _ended(record: Record) -> Record:
    if not record.alive:
        return record
    settled = {
        item.store: item.data_until
        for item in record.issued
        if item.kind == DELETE and item.generation == record.generation and item.outcome in SETTLED
    }
    if settled and set(record.stores) <= set(settled):
        # The least of them: what a store was told to leave alone is still there.
        cut = max(record.cut, min(settled.values()))
        return msgspec.structs.replace(record, cut=Instant(cut))
    return record


def status(record: Record) -> str:
    """Name where the record stands: ACTIVE, RESTRICTED, DELETE_COMMANDED or DELETED."""
    if not record.alive:
        return "DELETED"
    kinds = {item.kind for item in record.issued if item.generation == record.generation}
    if DELETE in kinds:
        return "DELETE_COMMANDED"
    return "RESTRICTED" if RESTRICT in kinds else "ACTIVE"


def outstanding(record: Record) -> int:
    """Count the commands of the present life that no store has settled."""
    if not record.alive:
        return 0
    return sum(
        item.generation == record.generation and item.outcome not in SETTLED
        for item in record.issued
    )
