"""Commands that stores have not settled: sent again, then reported as overdue."""

from collections.abc import Container

import msgspec

from pipeline.commands import Command
from pipeline.instants import HOUR, Instant
from pipeline.ledger.awaiting import awaits_parents
from pipeline.ledger.giving_way import NOT_AGAIN
from pipeline.ledger.issuing import Draft
from pipeline.ledger.kinship import awaited
from pipeline.ledger.leaving import DELETE, REDACT, RESTRICT, command_of
from pipeline.ledger.noting import withheld
from pipeline.ledger.present import Present
from pipeline.records import Issued, Record, is_open
from pipeline.rules import Planner
from pipeline.vocabulary import DESTROYING, FindingKind

OVERDUE_AFTER = HOUR
"""The least time a store has to answer before a command counts as overdue (milliseconds)."""


def watch_answers(draft: Draft) -> None:
    """Send again what is not answered, under the same id; report once what is overdue."""
    for item in draft.unsettled():
        _send_again(draft, item)
        if item.withdraws is None and item.expires_at > draft.clock:
            draft.wakes.append(item.expires_at)
    for item in draft.unsettled():
        if item.overdue:
            continue
        deadline = overdue_at(item)
        if deadline > draft.now:
            draft.wakes.append(deadline)
            continue
        draft.find(
            FindingKind.OVERDUE,
            item.command_id,
            f"{item.kind} to store {item.store} under {item.cause} is not settled at its deadline",
            "see first whether it is withheld (WITHHELD), else ask the store's owner; the command "
            "is sent again until it expires",
        )
        draft.replace(item, msgspec.structs.replace(item, overdue=True))


def overdue_at(item: Issued) -> Instant:
    """Return from when a command that is not settled is overdue.

    One issued past its deadline (late ingestion) still gets time to be obeyed.
    """
    return Instant(max(item.complete_by, item.issued_at + OVERDUE_AFTER))


def _send_again(draft: Draft, item: Issued) -> None:
    """Send at growing intervals: after the store's time to answer, twice that, four times that."""
    if item.outcome in NOT_AGAIN:
        return
    within = draft.planner.in_force.store(item.store).answer_within
    again = Instant(item.issued_at + within * ((1 << item.attempts) - 1))
    if again >= item.expires_at:
        return
    if again > draft.now:
        draft.wakes.append(again)
        return
    if item.kind in DESTROYING:
        if not draft.may_delete:
            draft.wakes.append(draft.now)
            return
        if not _still_due(draft.record, item, draft.planner, draft.now):
            control = draft.planner.in_force.stopped(item.store, item.cause)
            if control is not None and not item.attempts:  # at a governor it may not wait
                withheld(draft, item, control)
            return  # everything is looked at when what stops it ends
        if awaits_parents(draft, item.not_before):
            return
    # One sending makes up for what was missed while nobody looked.
    attempts = item.attempts
    while item.issued_at + within * ((1 << attempts) - 1) <= draft.now:
        attempts += 1
    changed = msgspec.structs.replace(item, attempts=attempts)
    draft.replace(item, changed)
    draft.send_again(changed)
    draft.wakes.append(Instant(item.issued_at + within * ((1 << attempts) - 1)))


def open_commands(record: Record) -> list[Issued]:
    """Return the commands about the present that no store has settled and nothing withdrew."""
    if not any(map(is_open, record.issued)):
        return []
    present = Present(record)
    return [item for item in record.issued if is_open(item) and present.reaches(item)]


def unanswered(
    record: Record, known: Container[str], planner: Planner, now: Instant, *, commanding: bool
) -> list[Command]:
    """Return what may never have left: commands without an answer.

    A deletion that the documents do not call for any more does not leave again.

    Args:
        record: its facts.
        known: ids of commands that were issued before; others are leaving anyhow.
        planner: the rules in force.
        now: the present.
        commanding: False withholds what destroys (clocks differ): see `unsent`.
    """
    return [
        command_of(record, item)
        for item in open_commands(record)
        if item.outcome is None
        and item.command_id in known
        and (item.kind not in DESTROYING or (commanding and _may_leave(record, item, planner, now)))
    ]


def unsent(record: Record, planner: Planner, now: Instant, *, commanding: bool) -> Record:
    """Return a record in which what may never have left, and may not leave yet, counts as unsent.

    It leaves as soon as it may, not only when it would be sent again: e.g. once its parents have
    answered, a pause has ended, or clocks agree again. Who withheld it has forgotten it too.

    Args:
        record: its facts, after a rebuild.
        planner: the rules in force.
        now: the present.
        commanding: False while clocks differ: then nothing that destroys may leave.
    """
    sent = {
        item.command_id: max(1, item.attempts)
        if commanding and _may_leave(record, item, planner, now)
        else 0
        for item in open_commands(record)
        if item.kind in DESTROYING and item.outcome is None
    }
    issued = tuple(
        [
            msgspec.structs.replace(item, attempts=sent.get(item.command_id, item.attempts))
            for item in record.issued
        ]
    )
    return record if issued == record.issued else msgspec.structs.replace(record, issued=issued)


def _may_leave(record: Record, item: Issued, planner: Planner, now: Instant) -> bool:
    """Whether a deletion may leave again at once; later it asks the parents first."""
    heard = not awaited(record, max(item.not_before, planner.since))
    return heard and _still_due(record, item, planner, now)


def _still_due(record: Record, item: Issued, planner: Planner, now: Instant) -> bool:
    plan = planner.plan(record, record.erased(item.store))
    lead = planner.lead(item.store)
    present = max(now, item.issued_at)
    if plan.holds:
        return False
    due = [
        step
        for step in plan.steps
        if step.kind in DESTROYING
        and step.due_at(lead) <= present
        and planner.in_force.stopped(item.store, step.cause) is None
    ]
    if any(step.kind == DELETE for step in due):
        return True
    named = {name for step in due for name in step.fields}
    return item.kind == REDACT and named.issuperset(item.fields)


def is_restricted(record: Record) -> bool:
    """Whether a store that has data was told to restrict it and not to release it."""
    return any(item.kind == RESTRICT and not item.withdrawn for item in record.issued) and bool(
        record.lives()
    )


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
