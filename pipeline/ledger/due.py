"""What one record owes now: the commands to issue, the findings to raise, and when to look again.

Pure: a record, a planner and `now` in; a `Due` out. Restriction, which can be undone, is issued at
once; deletion only where the caller vouches that everything published before `now` was taken into
account (`may_delete`), which in a job only an event-time timer does. `issuing` makes the commands,
`answering` takes what the stores say.
"""

from typing import NamedTuple

import msgspec

from pipeline.commands import Command
from pipeline.findings import Decision, Finding
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import Instant
from pipeline.ledger.issuing import DELETE, RESTRICT, Draft
from pipeline.records import Issued, Record
from pipeline.rules import Plan, Planner, Step
from pipeline.vocabulary import SETTLED, FindingKind

OVERDUE_AFTER = 3_600_000
"""The least time a store has to answer before a command counts as overdue (milliseconds)."""


class Due(NamedTuple):
    """The record after issuing, what leaves, and when to look again (None: only if it changes).

    `plan` is that of its most urgent life, None when the record lives nowhere.
    """

    record: Record
    plan: Plan | None
    commands: tuple[Command, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    wake: Instant | None


def owed(
    record: Record,
    planner: Planner,
    now: Instant,
    *,
    may_delete: bool,
    commanding: bool = True,
    clock: Instant | None = None,
) -> Due:
    """Work out what a record owes at `now`.

    Args:
        record: its facts.
        planner: the rules in force.
        now: the instant up to which everything published has been taken into account.
        may_delete: whether `DELETE` may be issued; otherwise it only wakes.
        commanding: False withholds every `DELETE` (clocks differ); the record is looked at again.
        clock: the broker's time, when a late timer makes it later than `now`.
    """
    if not (record.issued or record.answers):
        quiet = _not_yet(record, planner, now)
        if quiet is not None:
            return quiet
    draft = Draft(record, planner, now, may_delete=may_delete and commanding, clock=clock)
    plans = []
    for gone, stores in record.lives().items():
        plan = planner.plan(record, gone)
        plans.append(plan)
        draft.begin(gone)
        if not stores:
            _no_store(draft, plan)
        for store in stores:
            _consider(draft, plan, store)
    _watch_answers(draft)
    return Due(
        draft.finished(),
        min(plans, key=_urgency, default=None),
        tuple(draft.commands),
        tuple(draft.findings),
        tuple(draft.decisions),
        min(draft.wakes, default=None),
    )


def _not_yet(record: Record, planner: Planner, now: Instant) -> Due | None:
    """Return what a record owes for which nothing is commanded and nothing is due; else None.

    Nearly every look at a record ends here; what it finds is what the long way would find.
    """
    lives = record.lives()
    if not lives:
        return Due(record, None, (), (), (), None)
    ((gone, stores),) = lives.items()
    plan = planner.plan(record, gone)
    wakes = _wakes(plan, planner, stores)
    if wakes and min(wakes) <= now:
        return None
    return Due(record, plan, (), (), (), min(wakes, default=None))


def _wakes(plan: Plan, planner: Planner, stores: list[StoreName]) -> list[Instant]:
    """Return when each step falls due in each store; without stores, when the limit does."""
    if not stores:
        return [] if plan.limit_at is None else [plan.limit_at]
    return [
        step.due_at(planner.lead(store)) if step.kind == DELETE else step.not_before
        for step in plan.steps
        for store in stores
    ]


def _urgency(plan: Plan) -> int:
    return plan.limit_at or 0


def _no_store(draft: Draft, plan: Plan) -> None:
    if plan.limit_at is None:
        return
    if plan.limit_at > draft.now:
        draft.wakes.append(plan.limit_at)
        return
    draft.find(
        FindingKind.NO_STORE,
        draft.record.record_id,
        "a record is due and names no store",
        "publish an `updated` event that names the stores which hold it",
    )


def _consider(draft: Draft, plan: Plan, store: StoreName) -> None:
    for step in plan.steps:
        if step.kind == RESTRICT and draft.current(RESTRICT, store, step.cause) is None:
            if step.not_before <= draft.now:
                draft.issue(step, store, step.not_before)
            else:
                draft.wakes.append(step.not_before)
    issued = draft.current(DELETE, store)
    if issued is None:
        _consider_deletion(draft, plan, store)
    elif issued.outcome is None:
        _reconsider(draft, plan, store, issued)


def _reconsider(draft: Draft, plan: Plan, store: StoreName, issued: Issued) -> None:
    """A deletion that nobody answered may not have left: withdraw it when it must not be.

    Like the deletion itself only when everything published before was taken into account, so that
    the order in which documents are read decides nothing.
    """
    lead = draft.planner.lead(store)
    due = [step.due_at(lead) for step in plan.steps if step.kind == DELETE]
    # After a rebuild, before the first tick, the present is at least when it was issued.
    present = max(draft.clock, issued.issued_at)
    if not plan.holds and min(due, default=present + 1) <= present:
        return
    if not draft.may_delete:
        draft.wakes.append(draft.clock)
        return
    if plan.holds:
        step = Step(
            complete_by=issued.complete_by,
            cause=issued.cause,
            kind=DELETE,
            not_before=issued.not_before,
            cause_version=issued.cause_version,
            citation=issued.citation,
            at_once=True,
        )
        _hold(draft, plan, store, step)
    draft.withdraw(issued)
    draft.wakes += [] if plan.holds else due


def _consider_deletion(draft: Draft, plan: Plan, store: StoreName) -> None:
    lead = draft.planner.lead(store)
    deletions = [(step.due_at(lead), step) for step in plan.steps if step.kind == DELETE]
    if not deletions:
        return
    due_at, step = min(deletions)
    if due_at > draft.now:
        draft.wakes.append(due_at)
    elif plan.holds:
        _hold(draft, plan, store, step)
    elif (control := draft.planner.in_force.stopped(store, step.cause)) is not None:
        draft.find(
            FindingKind.WITHHELD,
            step.cause,
            f"due deletions are withheld by the pause of {control.scope}",
            "publish a `resume` for the same scope when deletion may go on",
        )
    elif draft.may_delete:
        draft.issue(step, store, due_at)
    else:
        draft.wakes.append(due_at)


def _hold(draft: Draft, plan: Plan, store: StoreName, step: Step) -> None:
    """A hold wins over every deletion; what is past its limit is restricted at once."""
    draft.find(
        FindingKind.HELD_PAST_LIMIT,
        draft.record.record_id,
        f"a deletion due under {step.cause} is blocked by {', '.join(plan.holds)}",
        "release the hold, or have the obligation varied before its deadline",
    )
    if not draft.restricted(store):
        held = msgspec.structs.replace(
            step, cause=Cause(f"hold:{plan.holds[0]}"), kind=RESTRICT, at_once=True
        )
        draft.issue(held, store, draft.now)


def _watch_answers(draft: Draft) -> None:
    """A command unanswered at its deadline becomes a finding, once."""
    for item in draft.unsettled():
        # A command issued past its deadline (late ingestion) still gets time to be obeyed.
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
        draft.replace(item, msgspec.structs.replace(item, overdue=True))


def open_commands(record: Record) -> list[Issued]:
    """Return the commands of present lives that no store has settled and nothing withdrew."""
    if not record.issued:
        return []
    generations = {
        store: record.generation(gone)
        for gone, stores in record.lives().items()
        for store in stores
    }
    return [
        item
        for item in record.issued
        if not item.withdrawn
        and item.outcome not in SETTLED
        and generations.get(item.store) == item.generation
    ]


def status(record: Record) -> str:
    """Name where the record stands: ACTIVE, RESTRICTED, DELETE_COMMANDED or DELETED."""
    if not record.alive:
        return "DELETED"
    if not record.issued:
        return "ACTIVE"
    kinds = {item.kind for item in open_commands(record)}
    if DELETE in kinds:
        return "DELETE_COMMANDED"
    restricted = any(item.kind == RESTRICT and not item.withdrawn for item in record.issued)
    return "RESTRICTED" if restricted else "ACTIVE"
