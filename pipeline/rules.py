"""Rules: from a record's facts and the documents in force to a plan with its reasons.

Precedence: hold > qualifying minimum > notice in force > request > maximum. Holds stand beside the
steps and block them; a minimum holds a step back until it ends; a notice step is in force from its
`not_before`, a request from its receipt; among maxima the earliest counts, among minima the latest.
Fields that the platform has named and no minimum means are not held back with the rest. A record
that no rule with a started clock covers gets the policy's default limit. What is worked out for a
class of records is in `coverage`.
"""

import msgspec

from pipeline.appointing import appointed_steps, is_appointment
from pipeline.bounds import (
    Minimum,
    earliest_maximum,
    held_back,
    maximum_step,
    redactions,
    standing_minima,
    started_maxima,
)
from pipeline.coverage import Coverage, Gap, Limit, Ordered, covering, qualifies
from pipeline.documents import InForce, Reach, Request
from pipeline.documents.asking import kept_by
from pipeline.documents.policy import Mode
from pipeline.identifiers import Cause, StoreName
from pipeline.inheritance import Inherited, inherited
from pipeline.instants import MIN_INSTANT, Instant, format_instant
from pipeline.periods import Reckoning, reckon
from pipeline.records import MAX_VALUES, Record, categories_by_field
from pipeline.steps import Step, Unmet, fields_in_words, ordered_steps, requested_steps, unmet
from pipeline.tags import Judge, Residency, evidence_in_words
from pipeline.vocabulary import Anchor, CommandKind, FindingKind, RecordKind

MAX_CLASSES = 65_536
"""Classes of records whose coverage is remembered."""
_DELETE = CommandKind.DELETE.value
_REVIEW = CommandKind.REVIEW_MODEL.value
_MODEL = RecordKind.MODEL.value


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What follows for one record: its limit, the steps in order of urgency, and what blocks them.

    Attributes:
        residency: what is concluded of the people it is about.
        limit_at: when the data must be gone by the earliest maximum; None: no policy is in force.
        steps: what is to be commanded.
        holds: ids of the holds on it, and of requests that nobody erases it.
        observed: what rules and notices would delete that are only observed.
        unmet: by when people must be told that it is held, who were not yet.
        gaps: why no rule decided, or what is missing; a gap is never a licence to keep.
    """

    residency: Residency
    limit_at: Instant | None
    steps: tuple[Step, ...]
    holds: tuple[str, ...] = ()
    observed: tuple[Step, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unmet: tuple[Unmet, ...] = ()

    @property
    def due_by(self) -> Instant | None:
        """By when it must be deleted, with what notices order and duties keep; None: by nothing."""
        return min((step.deadline for step in self.steps if step.kind == _DELETE), default=None)


class Planner:
    """Plans for one state of the documents; remembers what they say of each class of records.

    `since`: from when on these documents are known; left out: the instant they were asked for.
    """

    def __init__(self, in_force: InForce, since: Instant = MIN_INSTANT) -> None:
        self.in_force = in_force
        self.since = since or in_force.at
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
        if is_appointment(record.record_id):
            return Plan(judged, None, appointed_steps(record, self.in_force))
        coverage = self.coverage(facts, judged)
        maximum = earliest_maximum(record, gone, coverage.maxima)
        covered = maximum is not None
        if maximum is None:
            maximum = earliest_maximum(record, gone, self._defaults)
        steps: tuple[Step, ...] = () if maximum is None else (maximum,)
        kept = standing_minima(record, gone, coverage.minima) if coverage.minima else []
        held_up = any(self._kept(step, kept) is not step for step in steps) if kept else False
        if held_up or self.in_force.pauses_rules:
            # What holds up the earliest need not hold up the next.
            steps = started_maxima(record, gone, coverage.maxima if covered else self._defaults)
        heard = inherited(facts) if facts.heard else None
        notices = coverage.notices
        asked = self.in_force.requests_naming(facts)
        if heard is not None:
            notices = self.notices_on(facts, judged, coverage, heard)
            asked = self.requests_on(facts, heard)
        erasing = self._erasing(facts) if notices or asked else _DELETE
        if notices:
            steps = (*ordered_steps(record, gone, notices, erasing), *steps)
        keeping: tuple[str, ...] = ()
        if asked:
            collected = record.anchor(Anchor.COLLECTED, gone)
            derived = self.derived_requests(facts, heard)
            at = self.in_force.at
            found = requested_steps(facts, collected, asked, judged, at, erasing, derived)
            steps = (*found, *steps)
            keeping = kept_by(asked, facts, collected, judged, self.in_force.at)
        missing = unmet(record, gone, coverage.owing) if coverage.owing else ()
        steps += tuple([one.step() for one in missing if one.restricts])
        if kept:
            # Of too many values, of whatever life, the least are kept: what else a field holds may
            # have been left out.
            whole = len(record.fields) < MAX_VALUES
            steps = self._held(facts, judged, steps, kept, apart=whole)
        holds = [hold.document_id for hold in self.in_force.holds_on(facts, judged)]
        if heard is not None:
            keeping = (*keeping, *heard.holds(self.in_force))
        return Plan(
            residency=judged,
            limit_at=None if maximum is None else maximum.complete_by,
            steps=steps if len(steps) < 2 else tuple(sorted(steps)),
            holds=tuple(dict.fromkeys((*holds, *keeping))),
            observed=_observed(
                record, gone, coverage, self.notices_on(facts, judged, coverage, heard, "observe")
            ),
            gaps=_gaps(coverage, heard, covered=covered),
            unmet=missing,
        )

    def notices_on(
        self,
        facts: Record,
        judged: Residency,
        coverage: Coverage,
        heard: Inherited | None,
        mode: Mode = "enforce",
    ) -> tuple[Ordered, ...]:
        """Return the notices of a mode that mean a life of a record, or one of its parents."""
        own = coverage.notices if mode == "enforce" else coverage.observed_notices
        return own if heard is None else heard.notices(own, facts, judged, mode, self.in_force)

    def requests_on(self, facts: Record, heard: Inherited | None) -> tuple[Request, ...]:
        """Return the requests that name a record, one of its people, or one of its parents."""
        own = self.in_force.requests_naming(facts)
        if heard is None:
            return own
        found = heard.requests(facts, self.in_force)
        return tuple(dict.fromkeys((*own, *found)))

    def derived_requests(self, facts: Record, heard: Inherited | None) -> tuple[Request, ...]:
        """Return the requests that mean what a record was derived from."""
        if heard is None:
            return ()
        return heard.requests(facts, self.in_force, derived=True)

    def _erasing(self, facts: Record) -> str:
        """Return how what authorities and people want erased is: a person reviews a model first."""
        if facts.kind != _MODEL or self.in_force.lets_delete(facts.record_id):
            return _DELETE
        return _REVIEW

    def _kept(self, step: Step, minima: list[Minimum]) -> Step:
        """Hold a deletion back until the latest minimum that qualifies against it has ended."""
        return step if step.kind != _DELETE else held_back(step, self._against(step, minima))

    def _against(self, step: Step, minima: list[Minimum]) -> list[Minimum]:
        """Return the minima that qualify against a deletion."""
        regime = self.in_force.regime(step.cause)
        at = self.in_force.at
        return [kept for kept in minima if qualifies(kept.limit.jurisdiction, regime, at)]

    def _held(
        self, facts: Record, judged: Residency, steps: tuple[Step, ...], minima: list[Minimum],
        *, apart: bool,
    ) -> tuple[Step, ...]:  # fmt: skip
        """Hold deletions back, but, if `apart`, not for the fields that no minimum means."""
        held = [self._kept(step, minima) for step in steps]
        if apart and facts.fields:
            means = self._means(facts, judged)
            for step in [step for step in held if step.kept_by]:
                held += redactions(step, self._against(step, minima), means)
        return tuple(held)

    def _means(self, facts: Record, judged: Residency) -> dict[str, frozenset[Cause]]:
        """Return which minima would mean a record of nothing but a field, field by field."""
        alone = {
            name: msgspec.structs.replace(facts, categories=words)
            for name, words in categories_by_field(facts.fields).items()
        }
        return {
            name: frozenset([limit.cause for limit in self.coverage(found, judged).minima])
            for name, found in alone.items()
        }

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
                steps.append(maximum_step(limit, started, limit.end(started)))
        steps.sort()
        found += [f"{step.cause}: a later maximum than {steps[0].cause}" for step in steps[1:]]
        if not steps:
            found.append("no rule decided: the default limit applies")
        heard = inherited(facts)
        means = {ordered.notice_id for ordered in coverage.notices}
        for ordered in self.notices_on(facts, judged, coverage, heard):
            if ordered.reach < Reach.CERTAIN:
                found.append(f"{ordered.notice_id}: residency is {ordered.reach.name}, not certain")
            if ordered.notice_id not in means:
                found.append(f"{ordered.notice_id}: means data that this was derived from")
        kept = {step.kept_by for step in plan.steps if step.kept_by}
        for minimum in standing_minima(record, gone, coverage.minima):
            until = format_instant(minimum.until)
            effect = "keeps it" if minimum.limit.cause in kept else "does not decide"
            found.append(f"{minimum.limit.cause}: a minimum until {until}, {effect}")
        found += [fields_in_words(step) for step in plan.steps if step.fields]
        return (*found, *(f"hold:{name}: blocks deletion" for name in plan.holds))

    def coverage(self, record: Record, judged: Residency) -> Coverage:
        """Return what the documents say of the class of a record, as judged."""
        key = (
            judged,
            record.kind,
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

    def forgets_at(self, deleted_at: Instant) -> Instant | None:
        """Return when it is forgotten that data was deleted; None: no policy says when."""
        ends = [
            reckon(deleted_at, policy.tombstones, Reckoning(zone=policy.zone))
            for policy in self.in_force.policies
        ]
        return min(ends, default=None)

    def lead(self, store: StoreName) -> int:
        """Return how long before a maximum the store is told, in milliseconds."""
        return self.in_force.lead(store)


def _gaps(coverage: Coverage, heard: Inherited | None, *, covered: bool) -> tuple[Gap, ...]:
    """Return what is missing; whom data is about that parents are known of, they say."""
    gaps = coverage.gaps if covered else coverage.gaps_without_rule
    if heard is None or not heard.decides:
        return gaps
    return tuple([gap for gap in gaps if gap.kind != FindingKind.UNKNOWN_RESIDENCY])


def _observed(
    record: Record, gone: Instant, coverage: Coverage, notices: tuple[Ordered, ...]
) -> tuple[Step, ...]:
    """Return the deletions of rules and notices that are only observed."""
    found = started_maxima(record, gone, coverage.observed) if coverage.observed else ()
    if notices:
        ordered = ordered_steps(record, gone, notices)
        found += tuple([step for step in ordered if step.kind == _DELETE])
    return found
