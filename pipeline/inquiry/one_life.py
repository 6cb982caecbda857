"""A life of a record with its plan, and what keeps a step of it from being commanded."""

from typing import NamedTuple

from pipeline.identifiers import StoreName
from pipeline.instants import Instant
from pipeline.records import Record
from pipeline.rules import Plan, Planner
from pipeline.steps import Step
from pipeline.vocabulary import DESTROYING


class Life(NamedTuple):
    """A life of a record with its plan.

    Attributes:
        record: its facts.
        facts: only what was said of this life.
        gone: up to which birth the data was erased before it.
        stores: where it is.
        plan: what the planner made of it.
    """

    record: Record
    facts: Record
    gone: Instant
    stores: tuple[StoreName, ...]
    plan: Plan


def stopped_by(planner: Planner, life: Life, step: Step) -> tuple[str, ...]:
    """Return what keeps a step of the plan from being commanded: minimum, holds, pauses."""
    if step.kind not in DESTROYING:
        return ()
    kept = (str(step.kept_by),) if step.kept_until > planner.in_force.at else ()
    holds = tuple([f"hold:{name}" for name in life.plan.holds])
    pauses = [planner.in_force.stopped(store, step.cause) for store in life.stores]
    scopes = sorted({f"pause of {control.scope}" for control in pauses if control is not None})
    return (*kept, *holds, *scopes)
