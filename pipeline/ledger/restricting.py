"""What must not be deleted yet, but may no longer be used: restriction, and its end.

GDPR art 18: restricted data is kept, and not otherwise processed.
"""

import msgspec

from pipeline.identifiers import Cause, StoreName
from pipeline.instants import MAX_INSTANT, MIN_INSTANT
from pipeline.ledger.issuing import AT_ONCE, Draft
from pipeline.ledger.leaving import DELETE, LASTING, RESTRICT
from pipeline.records import is_open
from pipeline.rules import Plan
from pipeline.steps import Step
from pipeline.vocabulary import FindingKind


def hold(draft: Draft, plan: Plan, store: StoreName, step: Step) -> None:
    """A hold wins over every deletion; what is past its limit is restricted at once."""
    in_force = draft.planner.in_force
    held = {str(hold.document_id): hold.version for hold in in_force.holds}
    held |= {request.hold_id: request.version for request in in_force.requests}
    draft.find(
        FindingKind.HELD_PAST_LIMIT,
        f"{step.cause} against {', '.join(plan.holds)}",
        f"deletions due under {step.cause} are blocked by {', '.join(plan.holds)}",
        "release it, or have the obligation varied before its deadline; "
        "`retention_held_records` counts the records",
        occasion=", ".join(f"{name} version {held[name]}" for name in plan.holds),
    )
    _restrict(draft, store, step, Cause(f"hold:{plan.holds[0]}"))


def keep(draft: Draft, plan: Plan, store: StoreName, lead: int) -> None:
    """What only a minimum still keeps may no longer be used: it is restricted at once."""
    for step in plan.steps:
        if not step.kept_by or step.kind != DELETE:
            continue
        if step.wanted_at(lead) > draft.now:
            draft.wakes.append(step.wanted_at(lead))
            continue
        if step.kept_until == MAX_INSTANT:
            draft.find(
                FindingKind.HELD_PAST_LIMIT,
                f"{step.cause} against {step.kept_by}",
                f"deletions due under {step.cause} wait for {step.kept_by}, whose period has not "
                "begun",
                "publish the events that start its clock, or correct the rule",
                occasion=draft.planner.in_force.edition,
            )
        _restrict(draft, store, step, step.kept_by)


def release(draft: Draft, plan: Plan, store: StoreName) -> None:
    """Take back what was commanded at once and whose reason has gone, unless the data goes."""
    standing = [
        item
        for kind in sorted(AT_ONCE)
        for item in draft.standing(kind, store)
        if kind in LASTING or is_open(item)
    ]
    if not standing or draft.standing(DELETE, store):
        return
    lead = draft.planner.lead(store)
    wanted = [
        step for step in plan.steps if step.kind == DELETE and step.wanted_at(lead) <= draft.now
    ]
    if any(step.due_at(lead) <= draft.now for step in wanted):
        return
    steps = [step for step in plan.steps if step.is_for(store)]
    reasons = {step.cause for step in steps if step.kind in AT_ONCE}
    reasons |= {step.kept_by for step in wanted}
    if wanted:  # a hold alone restricts nothing
        reasons |= {Cause(f"hold:{name}") for name in plan.holds}
    for item in standing:
        if item.cause not in reasons:
            draft.withdraw(item)


def _restrict(draft: Draft, store: StoreName, step: Step, cause: Cause) -> None:
    if not draft.stands(RESTRICT, store):
        # Use must end by the limit, however long a duty keeps the data.
        blocked = msgspec.structs.replace(
            step, cause=cause, kind=RESTRICT, at_once=True, kept_until=MIN_INSTANT
        )
        draft.issue(blocked, store, draft.now)
