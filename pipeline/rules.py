"""Rules: from a record's facts and the documents in force to a plan with its reasons.

Precedence: hold > qualifying minimum > notice in force > request > maximum. Holds stand beside the
steps and block them; a minimum holds a step back until it ends; a notice step is in force from its
`not_before`, a request from its receipt; among maxima the earliest counts, among minima the latest.
A record that no rule with a started clock covers gets the policy's default limit. What is worked
out for a class of records is in `coverage`.
"""

from typing import NamedTuple

import msgspec

from pipeline.coverage import Coverage, Gap, Limit, covering, qualifies
from pipeline.documents import InForce, Reach
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant, format_instant
from pipeline.records import Record
from pipeline.steps import Step, Untold, ordered_steps, requested_steps, untold
from pipeline.tags import Judge, Residency, evidence_in_words
from pipeline.vocabulary import Anchor, CommandKind

MAX_CLASSES = 65_536
"""Classes of records whose coverage is remembered."""
_DELETE = CommandKind.DELETE.value
_RESTRICT = CommandKind.RESTRICT.value


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What follows for one record: its limit, the steps in order of urgency, and what blocks them.

    Attributes:
        residency: what is concluded of the people it is about.
        limit_at: when the data must be gone by the earliest maximum; None: no policy is in force.
        steps: what is to be commanded.
        holds: ids of the holds on it, and of requests that nobody erases it.
        observed: what rules and notices would delete that are only observed.
        untold: by when people must be told that it is held, who were not yet.
        gaps: why no rule decided, or what is missing; a gap is never a licence to keep.
    """

    residency: Residency
    limit_at: Instant | None
    steps: tuple[Step, ...]
    holds: tuple[str, ...] = ()
    observed: tuple[Step, ...] = ()
    gaps: tuple[Gap, ...] = ()
    untold: tuple[Untold, ...] = ()

    @property
    def due_by(self) -> Instant | None:
        """By when it must be deleted, with what notices order and duties keep; None: by nothing."""
        return min((step.deadline for step in self.steps if step.kind == _DELETE), default=None)


class _Minimum(NamedTuple):
    """A duty to keep, as it stands for one record. Without a started clock it has no end yet."""

    until: Instant
    limit: Limit


class Planner:
    """Plans for one state of the documents; remembers what they say of each class of records."""

    def __init__(self, in_force: InForce) -> None:
        self.in_force = in_force
        self.judge = Judge(in_force.method)
        self._coverages: dict[object, Coverage] = {}
        self._defaults = tuple(Limit.default(policy) for policy in in_force.policies)

    def plan(self, record: Record, gone: Instant = MIN_INSTANT) -> Plan:
        """Return the plan of a life of a record: total, no clock, the same for the same facts.

        Args:
            record: its facts.
            gone: up to which birth the data was erased before this life.
        """
        facts = record.of_life(gone)
        judged = self.judge.judge(facts.subjects)
        coverage = self.coverage(facts, judged)
        maximum = _earliest(record, gone, coverage.maxima)
        covered = maximum is not None
        if maximum is None:
            maximum = _earliest(record, gone, self._defaults)
        steps: tuple[Step, ...] = () if maximum is None else (maximum,)
        kept = _minima(record, gone, coverage.minima) if coverage.minima else []
        held_up = any(self._kept(step, kept) is not step for step in steps) if kept else False
        if held_up or self.in_force.pauses_rules:
            # What holds up the earliest need not hold up the next.
            steps = _all(record, gone, coverage.maxima if covered else self._defaults)
        if coverage.notices:
            steps = (*ordered_steps(record, gone, coverage.notices), *steps)
        keeping: tuple[str, ...] = ()
        asked = self.in_force.requests_naming(facts)
        if asked:
            collected = record.anchor(Anchor.COLLECTED, gone)
            found = requested_steps(facts, collected, asked, judged, self.in_force.at)
            steps = (*found, *steps)
            ordered = {step.cause for step in found}
            keeping = tuple([r.hold_id for r in asked if r.keeps and r.cause in ordered])
        missing = untold(record, gone, coverage.inform) if coverage.inform else ()
        steps += tuple([one.step() for one in missing if one.restricts])
        if kept:
            steps = tuple([self._kept(step, kept) for step in steps])
        holds = self.in_force.holds_on(facts, judged)
        return Plan(
            residency=judged,
            limit_at=None if maximum is None else maximum.complete_by,
            steps=steps if len(steps) < 2 else tuple(sorted(steps)),
            holds=(*[hold.document_id for hold in holds], *keeping),
            observed=_observed(record, gone, coverage),
            gaps=coverage.gaps if covered else coverage.gaps_without_rule,
            untold=missing,
        )

    def _kept(self, step: Step, minima: list[_Minimum]) -> Step:
        """Hold a deletion back until the latest minimum that qualifies against it has ended."""
        if step.kind != _DELETE:
            return step
        regime = self.in_force.regime(step.cause)
        at = self.in_force.at
        found = [kept for kept in minima if qualifies(kept.limit.jurisdiction, regime, at)]
        if not found:
            return step
        latest = max(found, key=lambda kept: (kept.until, kept.limit.cause))
        if latest.until <= step.not_before:
            return step
        return msgspec.structs.replace(
            step,
            kept_until=latest.until,
            kept_by=latest.limit.cause,
        )

    def reasons(
        self, record: Record, gone: Instant = MIN_INSTANT, plan: Plan | None = None
    ) -> tuple[str, ...]:
        """Return why the plan is as it is: the evidence, what was considered, what lost to what.

        Args:
            record: its facts.
            gone: up to which birth the data was erased before this life.
            plan: of this life, if it is at hand.
        """
        facts = record.of_life(gone)
        plan = plan or self.plan(record, gone)
        judged = plan.residency
        coverage = self.coverage(facts, judged)
        found = evidence_in_words(judged)
        found += [f"{limit.cause}: observed, not enforced" for limit in coverage.observed]
        steps = []
        for limit in coverage.maxima:
            started = record.anchor(limit.clock, gone)
            if started is None:
                found.append(f"{limit.cause}: its clock ({limit.clock}) has not started")
            else:
                steps.append(_maximum(limit, started, limit.end(started)))
        steps.sort()
        found += [f"{step.cause}: a later maximum than {steps[0].cause}" for step in steps[1:]]
        if not steps:
            found.append("no rule decided: the default limit applies")
        for ordered in coverage.notices:
            if ordered.reach < Reach.CERTAIN:
                found.append(f"{ordered.notice_id}: residency is {ordered.reach.name}, not certain")
        kept = {step.kept_by for step in plan.steps if step.kept_by}
        for minimum in _minima(record, gone, coverage.minima):
            until = format_instant(minimum.until)
            effect = "keeps it" if minimum.limit.cause in kept else "does not decide"
            found.append(f"{minimum.limit.cause}: a minimum until {until}, {effect}")
        return (*found, *(f"hold:{name}: blocks deletion" for name in plan.holds))

    def coverage(self, record: Record, judged: Residency) -> Coverage:
        """Return what the documents say of the class of a record, as judged."""
        key = (
            judged,
            record.purposes,
            record.categories,
            record.lawful_bases,
            record.sources if self.in_force.asks_sources else (),
        )
        found = self._coverages.get(key)
        if found is None:
            if len(self._coverages) >= MAX_CLASSES:
                self._coverages.clear()
            found = self._coverages[key] = covering(self.in_force, record, judged)
        return found

    def lead(self, store: StoreName) -> int:
        """Return how long before a maximum the store is told, in milliseconds."""
        return self.in_force.lead(store)


def _earliest(record: Record, gone: Instant, limits: tuple[Limit, ...]) -> Step | None:
    """Return the earliest maximum whose clock has started; of equals that of the least cause."""
    best: tuple[Instant, Cause, Instant, Limit] | None = None
    for limit in limits:
        started = record.anchor(limit.clock, gone)
        if started is not None:
            found = (limit.end(started), limit.cause, started, limit)
            if best is None or found < best:
                best = found
    return None if best is None else _maximum(best[3], best[2], best[0])


def _all(record: Record, gone: Instant, limits: tuple[Limit, ...]) -> tuple[Step, ...]:
    """Return every maximum whose clock has started."""
    started = [(limit, record.anchor(limit.clock, gone)) for limit in limits]
    return tuple([_maximum(limit, at, limit.end(at)) for limit, at in started if at is not None])


def _observed(record: Record, gone: Instant, coverage: Coverage) -> tuple[Step, ...]:
    """Return the deletions of rules and notices that are only observed."""
    found = _all(record, gone, coverage.observed) if coverage.observed else ()
    if coverage.observed_notices:
        ordered = ordered_steps(record, gone, coverage.observed_notices)
        found += tuple([step for step in ordered if step.kind == _DELETE])
    return found


def _maximum(limit: Limit, started: Instant, end: Instant) -> Step:
    return Step(
        complete_by=end,
        cause=limit.cause,
        kind=_DELETE,
        not_before=started,
        cause_version=limit.version,
        citation=limit.citation,
        at_once=False,
    )


def _minima(record: Record, gone: Instant, limits: tuple[Limit, ...]) -> list[_Minimum]:
    found = []
    for limit in limits:
        started = record.anchor(limit.clock, gone)
        # What must be kept for a time after something is kept until it has happened.
        found.append(_Minimum(MAX_INSTANT if started is None else limit.end(started), limit))
    return found
