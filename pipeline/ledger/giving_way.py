"""A deletion that a pause stops gives way to one that another cause calls for.

A pause of a rule suspends that rule, not what a notice, a request or another rule calls for too.
What was commanded under the paused rule may wait at the governor for as long as the pause lasts.
"""

from pipeline.ledger.awaiting import awaits_parents
from pipeline.ledger.issuing import Draft
from pipeline.ledger.leaving import DELETE, REDACT
from pipeline.records import Issued, is_open
from pipeline.rules import Plan
from pipeline.steps import Step
from pipeline.vocabulary import WORKING, ReceiptStatus

NOT_AGAIN = WORKING | {ReceiptStatus.NOT_SUPPORTED.value, ReceiptStatus.CANCELLED.value}
"""Answers after which saying it again, under this id or another, would change nothing."""


def gives_way(draft: Draft, plan: Plan, issued: Issued) -> bool:
    """Whether a command is to be taken back for one of another cause, which is due and not paused.

    The other goes out in the same look, by which `answering` knows it; until it can, the look is
    repeated.

    Args:
        draft: of the record.
        plan: of the life that the command reaches.
        issued: a command that destroys, and is not settled.
    """
    in_force, store = draft.planner.in_force, issued.store
    if not in_force.pauses_rules or issued.outcome in NOT_AGAIN:
        return False
    if in_force.stopped(store, issued.cause) is None:
        return False
    lead = draft.planner.lead(store)
    free = [step.due_at(lead) for step in plan.steps if _replaces(draft, step, issued)]
    draft.wakes += [at for at in free if at > draft.now]
    due = [at for at in free if at <= draft.now]
    if not due:
        return False
    if not draft.may_delete:
        draft.wakes.append(draft.clock)
        return False
    return not awaits_parents(draft, max(due))


def _replaces(draft: Draft, step: Step, issued: Issued) -> bool:
    """Whether a step that is not paused erases some of what a command does, and nothing else has.

    Of a whole record that may be fields only, where a duty keeps the rest.
    """
    store = issued.store
    if not step.is_for(store) or draft.planner.in_force.stopped(store, step.cause) is not None:
        return False
    if step.kind == DELETE:
        return issued.kind == DELETE
    if step.kind != REDACT:
        return False
    if issued.kind == REDACT:
        return not set(step.fields).isdisjoint(issued.fields)
    redacting = [item for item in draft.standing(REDACT, store) if not _waits(draft, item)]
    told = {name for item in redacting for name in item.fields}
    return not told.issuperset(step.fields)


def _waits(draft: Draft, item: Issued) -> bool:
    """Whether a command waits for the end of a pause, so that it may give way too."""
    stopped = draft.planner.in_force.stopped(item.store, item.cause) is not None
    return stopped and is_open(item) and item.outcome not in NOT_AGAIN
