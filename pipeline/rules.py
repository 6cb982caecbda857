"""Rules: from a record's facts and the documents in force to a plan with its reasons.

Precedence (DESIGN: hold > minimum > notice in force > request > maximum): holds are kept beside the
steps and block them; a notice step is in force from its `not_before`; among maxima the earliest
wins. A record that no rule with a started clock covers gets the policy's default limit.
"""

from typing import NamedTuple

import msgspec

from pipeline.documents import (
    DEFAULT_RULE,
    InForce,
    Match,
    Notice,
    NoticeStep,
    Policy,
    Rule,
)
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.periods import Period, Reckoning, reckon
from pipeline.records import Record
from pipeline.tags import residency
from pipeline.vocabulary import UNKNOWN, Anchor, CommandKind

_DELETE = CommandKind.DELETE.value
_RESTRICT = CommandKind.RESTRICT.value


class Step(msgspec.Struct, frozen=True, gc=False, order=True):
    """One thing that must be commanded, by when, from when, and why.

    `at_once`: a notice step goes out as soon as it is in force; a retention maximum at its end less
    the store's lead.
    """

    complete_by: Instant
    cause: Cause
    kind: str
    not_before: Instant
    cause_version: int
    citation: str
    at_once: bool

    def due_at(self, lead: int) -> Instant:
        """Return when the command goes to a store that asks for `lead` milliseconds."""
        if self.at_once:
            return self.not_before
        return Instant(max(self.not_before, self.complete_by - lead))


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What follows for one record: its limit, the steps in order of urgency, and what blocks them.

    `gap` names why no rule decided; a gap is a finding, never a licence to keep.
    """

    residency: tuple[str, ...]
    limit_at: Instant | None
    steps: tuple[Step, ...]
    holds: tuple[str, ...]
    gap: str | None = None


class _Class(msgspec.Struct, frozen=True, gc=False):
    """What of a record decides which rules cover it; many records share one."""

    residency: tuple[str, ...]
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    lawful_bases: tuple[str, ...]
    sources: tuple[str, ...]


class _Limit(NamedTuple):
    """A maximum of a rule, or of a policy's default, as it is computed for every record."""

    clock: str
    cause: Cause
    version: int
    citation: str
    limit: Period
    reckoning: Reckoning

    def end(self, started: Instant) -> Instant:
        return reckon(started, self.limit, self.reckoning)

    def step(self, started: Instant, end: Instant) -> Step:
        return Step(
            complete_by=end,
            cause=self.cause,
            kind=_DELETE,
            not_before=started,
            cause_version=self.version,
            citation=self.citation,
            at_once=False,
        )


class _Coverage(NamedTuple):
    """What the documents say of a class: worked out once, asked for every record of it."""

    limits: tuple[_Limit, ...]
    observed: tuple[_Limit, ...]
    notices: tuple[tuple[Notice, tuple[Step, ...]], ...]
    gap: str


class Planner:
    """Plans for one state of the documents; remembers what they say of each class of records."""

    def __init__(self, in_force: InForce) -> None:
        self.in_force = in_force
        self._coverages: dict[_Class, _Coverage] = {}
        self._defaults = tuple(
            _Limit(
                Anchor.COLLECTED,
                policy.cause(DEFAULT_RULE),
                policy.version,
                policy.default.citation.text,
                policy.default.limit,
                policy.default.reckoning,
            )
            for policy in in_force.policies
        )

    def plan(self, record: Record, gone: Instant = MIN_INSTANT) -> Plan:
        """Return the plan of a life of a record: total, no clock, the same for the same facts.

        Args:
            record: its facts.
            gone: up to which birth the data was erased before this life.
        """
        resident = residency(record.subjects)
        coverage = self._coverage(record, resident)
        collected = record.anchor(Anchor.COLLECTED, gone)
        maximum = _earliest(record, gone, coverage.limits)
        covered = maximum is not None
        if maximum is None and collected is not None:
            maximum = _earliest(record, gone, self._defaults)
        steps = () if maximum is None else (maximum,)
        if coverage.notices and collected is not None:
            steps = tuple(sorted((*_notice_steps(coverage.notices, collected), *steps)))
        held = self.in_force.holds_on(record, resident)
        return Plan(
            residency=resident,
            limit_at=None if maximum is None else maximum.complete_by,
            steps=steps,
            holds=tuple([hold.document_id for hold in held]),
            gap=None if covered else coverage.gap,
        )

    def reasons(self, record: Record, gone: Instant = MIN_INSTANT) -> tuple[str, ...]:
        """Return why the plan is as it is: what was considered and did not decide."""
        coverage = self._coverage(record, residency(record.subjects))
        found = [f"{limit.cause}: observed, not enforced" for limit in coverage.observed]
        steps = []
        for limit in coverage.limits:
            started = record.anchor(limit.clock, gone)
            if started is None:
                found.append(f"{limit.cause}: its clock ({limit.clock}) has not started")
            else:
                steps.append(limit.step(started, limit.end(started)))
        steps.sort()
        found += [f"{step.cause}: a later maximum than {steps[0].cause}" for step in steps[1:]]
        if not steps:
            found.append("no rule decided: the default limit applies")
        return tuple(found)

    def _coverage(self, record: Record, resident: tuple[str, ...]) -> _Coverage:
        kind = _Class(
            resident, record.purposes, record.categories, record.lawful_bases, record.sources
        )
        found = self._coverages.get(kind)
        if found is None:
            found = self._coverages[kind] = self._covering(kind)
        return found

    def _covering(self, kind: _Class) -> _Coverage:
        rules = [
            (rule.mode, _limit(policy, rule))
            for policy in self.in_force.policies
            for rule in policy.rules
            if _covers(rule.match, kind, unknown_residency_covered=True)
        ]
        notices = [
            (notice, tuple(_notice_step(notice, step) for step in notice.steps))
            for notice in self.in_force.notices
            if notice.state == "in_force"
            and _covers(notice.match, kind, unknown_residency_covered=False)
        ]
        return _Coverage(
            tuple(limit for mode, limit in rules if mode == "enforce"),
            tuple(limit for mode, limit in rules if mode == "observe"),
            tuple(notices),
            describe_class(kind),
        )

    def lead(self, store: StoreName) -> int:
        """Return how long before a maximum the store is told, in milliseconds."""
        return self.in_force.lead(store)


def _earliest(record: Record, gone: Instant, limits: tuple[_Limit, ...]) -> Step | None:
    """Return the earliest maximum whose clock has started; of equals that of the least cause."""
    best: tuple[Instant, Cause, Instant, _Limit] | None = None
    for limit in limits:
        started = record.anchor(limit.clock, gone)
        if started is not None:
            found = (limit.end(started), limit.cause, started, limit)
            if best is None or found < best:
                best = found
    return None if best is None else best[3].step(best[2], best[0])


def _notice_steps(
    notices: tuple[tuple[Notice, tuple[Step, ...]], ...], collected: Instant
) -> list[Step]:
    return [
        step
        for notice, steps in notices
        if notice.collected_before is None or collected < notice.collected_before
        for step in steps
    ]


def _covers(match: Match, kind: _Class, *, unknown_residency_covered: bool) -> bool:
    return match.covers(
        residency=kind.residency,
        purposes=kind.purposes,
        categories=kind.categories,
        lawful_bases=kind.lawful_bases,
        sources=kind.sources,
        unknown_residency_covered=unknown_residency_covered,
    )


def _limit(policy: Policy, rule: Rule) -> _Limit:
    return _Limit(
        rule.clock,
        policy.cause(rule.rule_id),
        policy.version,
        rule.citation.text,
        rule.limit,
        rule.reckoning,
    )


def _notice_step(notice: Notice, step: NoticeStep) -> Step:
    return Step(
        complete_by=step.complete_by,
        cause=notice.cause(step.step_id),
        kind=_DELETE if step.action == "delete" else _RESTRICT,
        not_before=step.not_before,
        cause_version=notice.version,
        citation=notice.citation.text,
        at_once=True,
    )


def describe_class(kind: _Class) -> str:
    """Name a class of records for a finding: vocabulary only, no ids."""
    return (
        f"residency={'+'.join(kind.residency) or UNKNOWN}"
        f" purpose={'+'.join(kind.purposes) or 'none'}"
        f" category={'+'.join(kind.categories) or 'none'}"
    )
