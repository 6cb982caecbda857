"""Erasing fields that nobody must keep, before the rest of a record that somebody must.

What is erased cannot be brought back, so a REDACT passes whatever a deletion must pass. It ends no
life: the rest stays, restricted, and goes as a whole when the last duty to keep it has ended.
"""

import msgspec

from pipeline.identifiers import StoreName
from pipeline.instants import Instant
from pipeline.ledger.awaiting import awaits_parents
from pipeline.ledger.giving_way import gives_way
from pipeline.ledger.issuing import Draft
from pipeline.ledger.leaving import DELETE, REDACT
from pipeline.ledger.noting import withheld
from pipeline.ledger.restricting import hold
from pipeline.records import Issued, is_open
from pipeline.rules import Plan
from pipeline.steps import Step


def due_fields(plan: Plan, lead: int, at: Instant) -> frozenset[str]:
    """Return the fields that a plan wants erased by then in a store.

    Args:
        plan: of one life.
        lead: how long before a maximum the store is told, in milliseconds.
        at: the instant.
    """
    due = [step for step in plan.steps if step.kind == REDACT and step.due_at(lead) <= at]
    return frozenset([name for step in due for name in step.fields])


def redact(draft: Draft, plan: Plan, store: StoreName) -> None:
    """Have the fields erased that are due, each once in a life; while a hold is on it, none.

    Once more where a notice or request means what was put into a field since it was erased.
    """
    lead = draft.planner.lead(store)
    steps = [step for step in plan.steps if step.kind == REDACT and step.is_for(store)]
    told = draft.standing(REDACT, store)
    for step in sorted(steps, key=lambda step: (step.due_at(lead), step)):
        due_at = step.due_at(lead)
        names = _left(draft, step, due_at, told)
        if not names:
            continue
        if due_at > draft.now:
            draft.wakes.append(due_at)
            continue
        if plan.holds:
            hold(draft, plan, store, step)
            return
        control = draft.planner.in_force.stopped(store, step.cause)
        if control is not None:
            withheld(draft, step, control)
        elif not draft.may_delete:
            draft.wakes.append(due_at)
        elif not awaits_parents(draft, due_at):
            draft.issue(msgspec.structs.replace(step, fields=names), store, due_at)
            told = draft.standing(REDACT, store)


def _left(draft: Draft, step: Step, due_at: Instant, told: list[Issued]) -> tuple[str, ...]:
    """Return which fields of a step no command has reached in all that the step means."""
    newest = draft.reached(step, due_at)
    enough = [item for item in told if item.cause == step.cause or item.data_until >= newest]
    done = {name for item in enough for name in item.fields}
    return tuple([name for name in step.fields if name not in done])


def reconsider_fields(draft: Draft, plan: Plan, store: StoreName) -> None:
    """Withdraw what must not be erased any more, as far as no store says that it is done.

    Like a deletion only when everything published before was taken into account. What a deletion
    covers gives way to nothing: no other REDACT would be issued.
    """
    covered = any(map(draft.present.covers, draft.standing(DELETE, store)))
    for item in draft.standing(REDACT, store):
        if draft.lapses(item) or not is_open(item):
            continue
        if _stands(draft, plan, store, item):
            if not covered and gives_way(draft, plan, item):
                draft.withdraw(item)
        elif draft.may_delete:
            draft.withdraw(item)
        else:
            draft.wakes.append(draft.clock)


def _stands(draft: Draft, plan: Plan, store: StoreName, item: Issued) -> bool:
    """Whether a plan still wants all erased that a command names: by itself, or with the rest."""
    if plan.holds:
        return False
    lead = draft.planner.lead(store)
    whole = any(step.kind == DELETE and step.due_at(lead) <= draft.clock for step in plan.steps)
    return whole or due_fields(plan, lead, draft.clock).issuperset(item.fields)
