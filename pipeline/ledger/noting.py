"""What a look at a record notes for people, beside what it commands."""

from pipeline.documents import Control
from pipeline.instants import month_of
from pipeline.ledger.issuing import Draft
from pipeline.ledger.leaving import DELETE
from pipeline.ledger.telling import not_fulfilled
from pipeline.records import Issued
from pipeline.rules import Plan
from pipeline.steps import Step
from pipeline.vocabulary import FindingKind


def no_store(draft: Draft, plan: Plan) -> None:
    """Note that a record which is due names no store; before it is due, when to look."""
    wanted = [step.wanted_at(0) for step in plan.steps if step.kind == DELETE]
    later = [at for at in wanted if at > draft.now]
    if len(later) == len(wanted):
        draft.wakes += later
        return
    draft.find(
        FindingKind.NO_STORE,
        draft.record.record_id,
        "a record is due and names no store",
        "publish an `updated` event that names the stores which hold it",
    )


def undecided(draft: Draft, step: Step) -> None:
    """A model that a person should have decided over by the deadline is not forgotten."""
    if step.complete_by > draft.now:
        draft.wakes.append(step.complete_by)
        return
    draft.find(
        FindingKind.MODEL_UNDECIDED,
        f"{step.cause} of {draft.record.record_id}",
        f"{step.cause} orders a model to be deleted, its time is over, and nobody approved it",
        "review the model and publish `control: model:RECORD_ID` with `action: approve`, or have "
        "the notice varied",
        occasion=month_of(draft.now),
    )


def unfulfilled(draft: Draft, plan: Plan) -> None:
    """Note duties that were not fulfilled in time; before, when to look."""
    for one in plan.unmet:
        if one.at > draft.now:
            draft.wakes.append(one.at)
        else:
            draft.findings.append(not_fulfilled(one.requires, one.limit.cause, draft.now))


def withheld(draft: Draft, due: Step | Issued, control: Control) -> None:
    """Note that a pause holds a deletion up."""
    draft.find(
        FindingKind.WITHHELD,
        f"{due.cause} by {control.scope} version {control.version}",
        f"due deletions are withheld by the pause of {control.scope}",
        "publish a `resume` for the same scope when deletion may go on",
    )


def observe(draft: Draft, step: Step, lead: int) -> None:
    """Note once what a rule would delete that is only observed."""
    due_at = step.wanted_at(lead)
    if draft.observed(step.cause):
        return
    if due_at > draft.now or not draft.may_delete:
        draft.wakes.append(due_at)
        return
    draft.observe(step, due_at)
