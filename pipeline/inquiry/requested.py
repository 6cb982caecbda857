"""What came of a person's request for one life of a record that it names."""

from pipeline.documents import Request
from pipeline.documents.asking import asked_of
from pipeline.inquiry.explanation import Considered, Result
from pipeline.inquiry.one_life import Life, stopped_by
from pipeline.rules import Planner
from pipeline.steps import Step
from pipeline.vocabulary import CommandKind

_REVIEW = CommandKind.REVIEW_MODEL.value
_KINDS = (CommandKind.DELETE.value, _REVIEW, CommandKind.RESTRICT.value)
_Said = tuple[Result, tuple[str, ...], tuple[str, ...]]


def request_considered(planner: Planner, life: Life, request: Request) -> Considered:
    """Return what came of a request that names the record, or a person it is about."""
    result, suppressed_by, missed = _asked(planner, life, request)
    return Considered(
        name=request.cause,
        version=request.version,
        bound="request",
        result=result.value,
        citation=request.citation.text,
        ends_at=request.deadline,
        suppressed_by=suppressed_by,
        missed=missed,
    )


def ordered_by(life: Life, request: Request) -> Step | None:
    """Return what the plan of a life orders because of a request; None: nothing."""
    found = {step.kind: step for step in life.plan.steps if step.cause == request.cause}
    return next((found[kind] for kind in _KINDS if kind in found), None)


def _asked(planner: Planner, life: Life, request: Request) -> _Said:
    step = ordered_by(life, request)
    if step is not None and step.kind == _REVIEW:
        return Result.REVIEWED, (), ()
    if step is not None:
        return Result.ORDERS, stopped_by(planner, life, step), ()
    asked = asked_of(request, life.facts, life.plan.residency, planner.in_force.at)
    if asked.why:
        return Result.NO_MATCH, (), (asked.why,)
    if asked.in_part:
        return Result.IN_PART, (), ()
    if asked.refusal is not None:
        return Result.REFUSED, (str(asked.refusal.code),), ()
    if request.hold_id in life.plan.holds:
        return Result.UNANSWERED, (), ()
    if not asked.orders and not asked.keeps:
        return _unmoved(request), (), ()
    return Result.COLLECTED_LATER, (), ()


def _unmoved(request: Request) -> Result:
    """What came of a request that calls for nothing."""
    if request.state == "withdrawn":
        return Result.WITHDRAWN
    return Result.ANSWERED if request.kind == "access" else Result.UNDECIDED
