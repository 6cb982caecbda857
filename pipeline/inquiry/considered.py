"""Every document that was looked at for a life of a record, and what came of it.

Nothing is decided here: what means a record is asked of the planner's own coverage, what follows of
the plan that the job makes.
"""

from collections.abc import Iterator

from pipeline.coverage import Coverage, Limit, Ordered, qualifies
from pipeline.documents import (
    DEFAULT_RULE,
    Duty,
    Match,
    NoticeState,
    NoticeStep,
    Policy,
    Reach,
    Rule,
    Standing,
)
from pipeline.inheritance import inherited
from pipeline.inquiry.explanation import Considered, Result
from pipeline.inquiry.one_life import Life, stopped_by
from pipeline.inquiry.requested import request_considered
from pipeline.instants import Instant
from pipeline.rules import Planner
from pipeline.tags import Residency
from pipeline.vocabulary import CommandKind

_DELETE = CommandKind.DELETE.value
_REVIEW = CommandKind.REVIEW_MODEL.value
_AXES = {
    "residency": "residency",
    "present": "present",
    "purposes": "purpose",
    "categories": "category",
    "lawful_bases": "lawful_basis",
    "sources": "source",
}
"""Fields of a match, and how documents call them."""
_NOT_STANDING = {
    NoticeState.PRELIMINARY: Result.PRELIMINARY,
    NoticeState.SUSPENDED: Result.SUSPENDED,
    NoticeState.QUASHED: Result.QUASHED,
    NoticeState.SUBSTITUTED: Result.SUBSTITUTED,
    NoticeState.CANCELLED: Result.CANCELLED,
    NoticeState.WITHDRAWN: Result.WITHDRAWN,
}
"""Why a step of a notice orders nothing, by where the notice stands."""


def considered(planner: Planner, life: Life) -> tuple[Considered, ...]:
    """Return what came of every rule, notice step, request, hold and pause that is in force."""
    return tuple(_Considering(planner, life).all())


class _Considering:
    """One look at a life."""

    def __init__(self, planner: Planner, life: Life) -> None:
        self._planner = planner
        self._in_force = planner.in_force
        self._life = life
        self._judged: Residency = life.plan.residency
        self._coverage: Coverage = planner.coverage(life.facts, self._judged)
        self._heard = inherited(life.facts)
        look = (life.facts, self._judged, self._coverage, self._heard)
        self._notices = planner.notices_on(*look)
        self._observed = planner.notices_on(*look, "observe")
        self._steps = {(step.cause, step.kind): step for step in life.plan.steps}
        policies = {
            policy.cause(rule_id)
            for policy in self._in_force.policies
            for rule_id in (DEFAULT_RULE, *(rule.rule_id for rule in policy.rules))
        }
        # Steps are in order of urgency: the first of a policy is the maximum that decides.
        deciding = [step for step in life.plan.steps if step.cause in policies]
        self._decider = deciding[0] if deciding else None

    def all(self) -> Iterator[Considered]:
        for policy in self._in_force.policies:
            for rule in policy.rules:
                yield self._rule(policy, rule)
            yield self._default(policy)
            yield from (self._duty(policy, duty) for duty in policy.duties)
        for found in self._in_force.notices:
            for step in found.steps:
                if step.action != "attest":  # it is not about records
                    yield self._notice(found, step)
        for request in self._planner.requests_on(self._life.facts, self._heard):
            yield request_considered(self._planner, self._life, request)
        yield from self._holds()
        yield from self._pauses()

    # -- policies ----------------------------------------------------------------------------------

    def _rule(self, policy: Policy, rule: Rule) -> Considered:
        limit = Limit.of(policy, rule)
        # As in `coverage`: a maximum covers whom it may mean, a minimum whom it likely means.
        least = Reach.LIKELY if rule.bound == "minimum" else Reach.UNKNOWN
        bound = {
            "maximum": self._coverage.observed if rule.mode == "observe" else self._coverage.maxima,
            "minimum": self._coverage.minima,
        }[rule.bound]
        if not any(found.cause == limit.cause for found in bound):
            return self._said(
                limit, rule.bound, Result.NO_MATCH, missed=self._missed(rule.match, least)
            )
        started = self._life.record.anchor(limit.clock, self._life.gone)
        ends_at = None if started is None else limit.end(started)
        if rule.bound == "minimum":
            return self._minimum(limit, ends_at)
        if ends_at is None:
            return self._said(limit, rule.bound, Result.NOT_STARTED, missed=(str(limit.clock),))
        if rule.mode == "observe":
            return self._said(limit, rule.bound, Result.OBSERVED, ends_at)
        return self._maximum(limit, rule.bound, ends_at)

    def _maximum(self, limit: Limit, bound: str, ends_at: Instant) -> Considered:
        decider = self._decider
        if decider is None or decider.cause != limit.cause:
            winner = () if decider is None else (str(decider.cause),)
            step = self._steps.get((limit.cause, _DELETE))
            also = () if step is None else stopped_by(self._planner, self._life, step)
            return self._said(limit, bound, Result.LATER, ends_at, (*winner, *also))
        by = stopped_by(self._planner, self._life, decider)
        return self._said(limit, bound, Result.DECIDES, ends_at, by)

    def _minimum(self, limit: Limit, ends_at: Instant | None) -> Considered:
        if any(step.kept_by == limit.cause for step in self._life.plan.steps):
            return self._said(limit, "minimum", Result.KEEPS, ends_at)
        regimes = [
            self._in_force.regime(step.cause)
            for step in self._life.plan.steps
            if step.kind == _DELETE
        ]
        at = self._in_force.at
        if regimes and not any(qualifies(limit.jurisdiction, one, at) for one in regimes):
            by = tuple(sorted({one for one in regimes if one is not None}))
            return self._said(limit, "minimum", Result.FOREIGN, ends_at, by)
        return self._said(limit, "minimum", Result.KEEPS_NOTHING, ends_at)

    def _default(self, policy: Policy) -> Considered:
        limit = Limit.default(policy)
        started = self._life.record.anchor(limit.clock, self._life.gone)
        if started is None:
            return self._said(limit, "default", Result.NOT_STARTED, missed=(str(limit.clock),))
        ends_at = limit.end(started)
        defaults = {one.cause(DEFAULT_RULE) for one in self._in_force.policies}
        decider = self._decider
        if decider is None or decider.cause in defaults:
            return self._maximum(limit, "default", ends_at)
        return self._said(limit, "default", Result.NOT_NEEDED, ends_at, (str(decider.cause),))

    def _duty(self, policy: Policy, duty: Duty) -> Considered:
        limit = Limit.of_duty(policy, duty)
        told = duty.requires == "informed"
        bound = "inform" if told else "lawfulness"
        if not any(one.limit.cause == limit.cause for one in self._coverage.owing):
            missed = self._missed(duty.match, Reach.UNKNOWN)
            result = Result.NO_MATCH if missed else Result.FULFILLED
            return self._said(limit, bound, result, missed=missed)
        left = [one for one in self._life.plan.unmet if one.limit.cause == limit.cause]
        if not left:
            return self._said(limit, bound, Result.INFORMED)
        result = Result.RESTRICTS_UNTOLD if told else Result.RESTRICTS_UNLAWFUL
        result = result if duty.mode == "enforce" else Result.OBSERVED
        return self._said(limit, bound, result, left[0].at)

    def _said(
        self,
        limit: Limit,
        bound: str,
        result: Result,
        ends_at: Instant | None = None,
        suppressed_by: tuple[str, ...] = (),
        missed: tuple[str, ...] = (),
    ) -> Considered:
        return Considered(
            name=limit.cause,
            version=limit.version,
            bound=bound,
            result=result.value,
            citation=limit.citation,
            ends_at=ends_at,
            suppressed_by=suppressed_by,
            missed=missed,
        )

    # -- notices, holds, pauses --------------------------------------------------------------------

    def _notice(self, found: Standing, step: NoticeStep) -> Considered:
        result, suppressed_by, missed = self._ordered(found, step)
        return Considered(
            name=found.cause(step),
            version=found.notice.version,
            bound="notice",
            result=result.value,
            citation=found.notice.citation.text,
            ends_at=step.complete_by,
            suppressed_by=suppressed_by,
            missed=missed,
        )

    def _ordered(
        self, found: Standing, step: NoticeStep
    ) -> tuple[Result, tuple[str, ...], tuple[str, ...]]:
        if not step.stands:
            return _NOT_STANDING[found.state], (), ()
        name = f"notice:{found.notice.document_id}"
        if any(one.notice_id == name for one in self._observed):
            return Result.OBSERVED, (), ()
        ordered = [one for one in self._notices if one.notice_id == name]
        if not ordered:
            missed = self._missed(found.notice.match, Reach.POSSIBLE)
            if not found.notice.means(self._life.facts.kind):
                missed = (*missed, "reach")
            elif not missed and self._heard is not None and self._heard.decides:
                missed = ("parents",)
            return (Result.NO_MATCH, (), missed) if missed else (Result.LEAVES, (), ("residency",))
        surest = max(ordered, key=lambda one: one.reach)
        return self._meant(surest, step, found.cause(step))

    def _meant(
        self, ordered: Ordered, step: NoticeStep, cause: str
    ) -> tuple[Result, tuple[str, ...], tuple[str, ...]]:
        kinds = {one.kind: one for one in self._life.plan.steps if one.cause == cause}
        if not kinds:
            stops = step.action == "stop_collection"
            return Result.COLLECTED_BEFORE if stops else Result.COLLECTED_LATER, (), ()
        if _REVIEW in kinds:
            return Result.REVIEWED, (), ()
        if step.action == "delete" and _DELETE not in kinds:
            return Result.RESTRICTS_ONLY, (), ("residency",)
        done = kinds.get(_DELETE) or next(iter(kinds.values()))
        missed = () if ordered.reach == Reach.CERTAIN else ("residency",)
        return Result.ORDERS, stopped_by(self._planner, self._life, done), missed

    def _holds(self) -> Iterator[Considered]:
        for hold in self._in_force.holds:
            result = Result.NO_MATCH
            if hold.state == "released":
                result = Result.RELEASED
            elif hold.document_id in self._life.plan.holds:
                result = Result.BLOCKS
            yield Considered(
                name=f"hold:{hold.document_id}",
                version=hold.version,
                bound="hold",
                result=result.value,
            )

    def _pauses(self) -> Iterator[Considered]:
        found = [
            self._in_force.stopped(store, step.cause)
            for step in self._life.plan.steps
            for store in self._life.stores
            if step.kind == _DELETE
        ]
        for control in {one.scope: one for one in found if one is not None}.values():
            yield Considered(
                name=f"pause of {control.scope}",
                version=control.version,
                bound="pause",
                result=Result.PAUSES.value,
            )

    def _missed(self, match: Match, least: Reach) -> tuple[str, ...]:
        """Return the axes that do not mean the record as surely as is needed."""
        at = self._in_force.at
        return tuple(
            [
                word
                for field, word in _AXES.items()
                if (named := getattr(match, field))
                and Match(**{field: named}).reach(self._life.facts, self._judged, at) < least
            ]
        )
