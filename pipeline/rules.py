"""Rules: from a record's facts and the documents in force to a plan with its reasons.

Precedence (DESIGN: hold > minimum > notice in force > request > maximum): holds are kept beside the
steps and block them; a notice step is in force from its `not_before`; among maxima the earliest
wins. A record that no rule with a started clock covers gets the policy's default limit.
"""

import msgspec

from pipeline.documents import DEFAULT_RULE, InForce, Policy, Rule
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.periods import Period, Reckoning, reckon
from pipeline.records import Record
from pipeline.tags import residency
from pipeline.vocabulary import UNKNOWN, Anchor, CommandKind


class Step(msgspec.Struct, frozen=True, order=True):
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


class Plan(msgspec.Struct, frozen=True):
    """What follows for one record: its limit, the steps in order of urgency, and what blocks them.

    `gap` names why no rule decided; a gap is a finding, never a licence to keep.
    """

    residency: tuple[str, ...]
    limit_at: Instant | None
    steps: tuple[Step, ...]
    holds: tuple[str, ...]
    reasons: tuple[str, ...]
    gap: str | None = None


class _Class(msgspec.Struct, frozen=True):
    """What of a record decides which rules cover it; many records share one."""

    residency: tuple[str, ...]
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    lawful_bases: tuple[str, ...]
    sources: tuple[str, ...]


class Planner:
    """Plans for one state of the documents; remembers which rules cover which class of records."""

    def __init__(self, in_force: InForce) -> None:
        self.in_force = in_force
        self._covering: dict[_Class, tuple[tuple[Policy, Rule], ...]] = {}

    def plan(self, record: Record, gone: Instant = MIN_INSTANT) -> Plan:
        """Return the plan of a life of a record: total, no clock, the same for the same facts.

        Args:
            record: its facts.
            gone: up to which birth the data was erased before this life.
        """
        resident = residency(record.subjects)
        kind = _Class(
            resident, record.purposes, record.categories, record.lawful_bases, record.sources
        )
        maxima, reasons = self._maxima(record, gone, self._rules(kind))
        covered = bool(maxima)
        if not covered:
            maxima, defaults = self._defaults(record, gone)
            reasons += defaults
        steps = [*self._notice_steps(record, gone, kind), *maxima[:1]]
        held = self.in_force.holds_on(record, resident)
        return Plan(
            residency=resident,
            limit_at=maxima[0].complete_by if maxima else None,
            steps=tuple(sorted(steps)),
            holds=tuple(hold.document_id for hold in held),
            reasons=tuple(reasons),
            gap=None if covered else describe_class(kind),
        )

    def _rules(self, kind: _Class) -> tuple[tuple[Policy, Rule], ...]:
        found = self._covering.get(kind)
        if found is None:
            found = tuple(
                (policy, rule)
                for policy in self.in_force.policies
                for rule in policy.rules
                if rule.match.covers(
                    residency=kind.residency,
                    purposes=kind.purposes,
                    categories=kind.categories,
                    lawful_bases=kind.lawful_bases,
                    sources=kind.sources,
                    unknown_residency_covered=True,
                )
            )
            self._covering[kind] = found
        return found

    def _maxima(
        self, record: Record, gone: Instant, rules: tuple[tuple[Policy, Rule], ...]
    ) -> tuple[list[Step], list[str]]:
        steps, reasons = [], []
        for policy, rule in rules:
            started = record.anchor(rule.clock, gone)
            cause = policy.cause(rule.rule_id)
            if started is None:
                reasons.append(f"{cause}: its clock ({rule.clock}) has not started")
            elif rule.mode == "observe":
                reasons.append(f"{cause}: observed, not enforced")
            else:
                steps.append(
                    _maximum(
                        cause, policy.version, rule.citation.text, started, rule.limit,
                        rule.reckoning,
                    )
                )  # fmt: skip
        steps.sort()
        reasons += [f"{step.cause}: a later maximum than {steps[0].cause}" for step in steps[1:]]
        return steps, reasons

    def _defaults(self, record: Record, gone: Instant) -> tuple[list[Step], list[str]]:
        collected = record.anchor(Anchor.COLLECTED, gone)
        if collected is None:
            return [], []
        steps = sorted(
            _maximum(
                policy.cause(DEFAULT_RULE),
                policy.version,
                policy.default.citation.text,
                collected,
                policy.default.limit,
                policy.default.reckoning,
            )
            for policy in self.in_force.policies
        )
        return steps, ["no rule decided: the default limit applies"]

    def _notice_steps(self, record: Record, gone: Instant, kind: _Class) -> list[Step]:
        collected = record.anchor(Anchor.COLLECTED, gone)
        return [
            Step(
                complete_by=step.complete_by,
                cause=notice.cause(step.step_id),
                kind=CommandKind.DELETE.value
                if step.action == "delete"
                else CommandKind.RESTRICT.value,
                not_before=step.not_before,
                cause_version=notice.version,
                citation=notice.citation.text,
                at_once=True,
            )
            for notice in self.in_force.notices
            if notice.state == "in_force"
            and collected is not None
            and (notice.collected_before is None or collected < notice.collected_before)
            and notice.match.covers(
                residency=kind.residency,
                purposes=kind.purposes,
                categories=kind.categories,
                lawful_bases=kind.lawful_bases,
                sources=kind.sources,
                unknown_residency_covered=False,
            )
            for step in notice.steps
        ]

    def lead(self, store: StoreName) -> int:
        """Return how long before a maximum the store is told, in milliseconds."""
        return self.in_force.lead(store)


def _maximum(
    cause: Cause,
    version: int,
    citation: str,
    started: Instant,
    limit: Period,
    reckoning: Reckoning,
) -> Step:
    return Step(
        complete_by=reckon(started, limit, reckoning),
        cause=cause,
        kind=CommandKind.DELETE.value,
        not_before=started,
        cause_version=version,
        citation=citation,
        at_once=False,
    )


def describe_class(kind: _Class) -> str:
    """Name a class of records for a finding: vocabulary only, no ids."""
    return (
        f"residency={'+'.join(kind.residency) or UNKNOWN}"
        f" purpose={'+'.join(kind.purposes) or 'none'}"
        f" category={'+'.join(kind.categories) or 'none'}"
    )
