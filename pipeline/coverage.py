"""Coverage: what the documents in force say of a class of records, worked out once for all of it.

A class is what records share: residency and words. Records of one class differ in their instants
only, which `rules` adds.
"""

from typing import NamedTuple

from pipeline.documents import (
    DEFAULT_RULE,
    Duty,
    InForce,
    NoticeStep,
    Policy,
    Reach,
    Rule,
    Standing,
    names_covering,
)
from pipeline.documents.policy import Requirement
from pipeline.identifiers import Cause
from pipeline.instants import Instant
from pipeline.periods import Period, Reckoning, reckon
from pipeline.records import Record
from pipeline.tags import Residency
from pipeline.vocabulary import PURPOSE_TAXONOMY, UNKNOWN, Anchor, FindingKind


class Gap(NamedTuple):
    """Something that is missing for a class of records; `described` names the class, never ids."""

    kind: FindingKind
    described: str


class Limit(NamedTuple):
    """A limit of a rule, or of a policy's default, as it is computed for every record."""

    clock: str
    cause: Cause
    version: int
    citation: str
    jurisdiction: str | None
    limit: Period
    reckoning: Reckoning

    def end(self, started: Instant) -> Instant:
        """Return the exclusive end of the period that began then."""
        return reckon(started, self.limit, self.reckoning)

    @classmethod
    def of(cls, policy: Policy, rule: Rule) -> "Limit":
        """Return the limit of a rule."""
        citation = rule.citation
        cause = policy.cause(rule.rule_id)
        return cls(
            rule.clock,
            cause,
            policy.version,
            citation.text,
            citation.jurisdiction,
            rule.limit,
            rule.reckoning,
        )

    @classmethod
    def of_duty(cls, policy: Policy, duty: Duty) -> "Limit":
        """Return the time that a duty leaves after collection."""
        citation = duty.citation
        return cls(
            Anchor.COLLECTED,
            policy.cause(duty.rule_id),
            policy.version,
            citation.text,
            citation.jurisdiction,
            duty.within,
            duty.reckoning,
        )

    @classmethod
    def default(cls, policy: Policy) -> "Limit":
        """Return the limit of what no rule covers."""
        default, citation = policy.default, policy.default.citation
        return cls(
            Anchor.COLLECTED,
            policy.cause(DEFAULT_RULE),
            policy.version,
            citation.text,
            citation.jurisdiction,
            default.limit,
            default.reckoning,
        )


class OrderedStep(NamedTuple):
    """A step of a notice as it is computed for every record.

    Attributes:
        deletes: whether it orders deletion; else restriction.
        stops: whether it forbids what is collected once its time is up, and nothing else.
        uses: what a restriction stops, as purposes; empty: every use.
    """

    cause: Cause
    deletes: bool
    stops: bool
    not_before: Instant
    complete_by: Instant
    uses: tuple[str, ...] = ()


class Ordered(NamedTuple):
    """A notice that means a class of records, and how surely."""

    notice_id: str
    version: int
    citation: str
    before: Instant | None
    reach: Reach
    steps: tuple[OrderedStep, ...]


class Owing(NamedTuple):
    """A duty that a class of records is under and, but for telling people, does not fulfil.

    `restricts`: whether what does not in time is restricted.
    """

    limit: Limit
    restricts: bool
    requires: Requirement = "informed"


class Coverage(NamedTuple):
    """What the documents say of a class.

    Attributes:
        maxima, minima, observed: limits by what they do.
        notices: what authorities ordered of it.
        observed_notices: the same, of notices that are only observed.
        gaps: what is missing anyhow.
        gaps_without_rule: the same where no rule with a started clock covers a record.
        owing: duties that are not fulfilled, or that it says nothing of.
    """

    maxima: tuple[Limit, ...]
    minima: tuple[Limit, ...]
    observed: tuple[Limit, ...]
    notices: tuple[Ordered, ...]
    observed_notices: tuple[Ordered, ...]
    gaps: tuple[Gap, ...]
    gaps_without_rule: tuple[Gap, ...]
    owing: tuple[Owing, ...] = ()


def covering(in_force: InForce, record: Record, judged: Residency) -> Coverage:
    """Work out what the documents say of a record's class.

    A maximum covers whom it may mean (fail closed: the strictest finite limit); a minimum only whom
    it likely means, for what nobody must keep must go.
    """
    found = [
        (rule, Limit.of(policy, rule), rule.match.reach(record, judged, in_force.at))
        for policy in in_force.policies
        for rule in policy.rules
    ]
    enforced = [item for item in found if item[0].mode == "enforce"]
    notices = [
        (found, found.notice.match.reach(record, judged, in_force.at))
        for found in in_force.notices
        if found.ordered and found.notice.means(record.kind)
    ]
    meaning = [item for item in notices if _orders(*item)]
    ordered = tuple(ordered_of(*item) for item in meaning if item[0].notice.mode == "enforce")
    described = describe(record, judged)
    gaps = _gaps(record, judged, ordered, described)
    missing = Gap(FindingKind.NO_RULE if in_force.policies else FindingKind.NO_POLICY, described)
    return Coverage(
        maxima=tuple(
            limit for rule, limit, reach in enforced if rule.bound == "maximum" and reach > Reach.NO
        ),
        minima=tuple(
            limit
            for rule, limit, reach in enforced
            if rule.bound == "minimum" and reach >= Reach.LIKELY
        ),
        observed=tuple(
            limit for rule, limit, reach in found if rule.mode == "observe" and reach > Reach.NO
        ),
        notices=ordered,
        observed_notices=tuple(
            ordered_of(*item) for item in meaning if item[0].notice.mode == "observe"
        ),
        gaps=gaps,
        gaps_without_rule=(missing, *gaps),
        owing=tuple(
            Owing(Limit.of_duty(policy, one), one.mode == "enforce", one.requires)
            for policy in in_force.policies
            for one in policy.duties
            # As a maximum: whom it may mean.
            if one.match.reach(record, judged, in_force.at) > Reach.NO and not _fulfils(record, one)
        ),
    )


def _fulfils(record: Record, duty: Duty) -> bool:
    """Whether a class of records is as a duty requires; of telling people a class says nothing."""
    if duty.requires == "purpose":
        return bool(record.purposes)
    if duty.requires == "lawful_basis":
        return bool(record.lawful_bases)
    if duty.requires == "declared_purpose":
        covers = PURPOSE_TAXONOMY.covers
        return all(any(covers(one, word) for one in duty.purposes) for word in record.purposes)
    return False


def qualifies(minimum: str | None, regime: str | None, at: Instant) -> bool:
    """Tell whether a duty to keep stops an erasure that another law requires.

    GDPR art 17(3)(b): an obligation under Union or Member State law does; a foreign one does not.
    Where a jurisdiction is not said it does: what is destroyed cannot be brought back.

    Args:
        minimum: whose law requires to keep: ISO 3166 code, `EU` or `EEA`.
        regime: whose law requires to erase.
        at: when membership of territories in groups is asked.
    """
    if minimum is None or regime is None:
        return True
    return bool(names_covering(minimum, at) & names_covering(regime, at))


def _orders(found: Standing, reach: Reach) -> bool:
    if reach >= Reach.LIKELY:
        return True
    return reach == Reach.POSSIBLE and found.notice.unknown == "restrict"


def ordered_of(found: Standing, reach: Reach) -> Ordered:
    """Return what a notice orders of records that it means as surely."""
    notice = found.notice
    return Ordered(
        notice_id=f"notice:{notice.document_id}",
        version=notice.version,
        citation=notice.citation.text,
        before=notice.collected_before,
        reach=reach,
        steps=tuple(_step(found, step) for step in found.ordered if step.action != "attest"),
    )


def _step(found: Standing, step: NoticeStep) -> OrderedStep:
    return OrderedStep(
        cause=found.cause(step),
        deletes=step.action == "delete",
        stops=step.action == "stop_collection",
        not_before=step.not_before,
        complete_by=step.complete_by,
        uses=next((one.uses for one in found.notice.orders if one.step_id == step.step_id), ()),
    )


def _gaps(
    record: Record, judged: Residency, ordered: tuple[Ordered, ...], described: str
) -> tuple[Gap, ...]:
    gaps = []
    if not record.purposes:
        gaps.append(Gap(FindingKind.NO_PURPOSE, described))
    if not record.lawful_bases:
        gaps.append(Gap(FindingKind.NO_LAWFUL_BASIS, described))
    if judged.conflicts:
        gaps.append(Gap(FindingKind.RESIDENCY_CONFLICT, described))
    gaps += [
        Gap(FindingKind.UNKNOWN_RESIDENCY, f"{notice.notice_id} {described}")
        for notice in ordered
        # What only stops collection restricts nobody whose data is there.
        if notice.reach < Reach.LIKELY and not all(step.stops for step in notice.steps)
    ]
    return tuple(gaps)


def describe(record: Record, judged: Residency) -> str:
    """Name a class of records for a finding: vocabulary only, no ids."""
    return (
        f"residency={'+'.join(judged.names) or UNKNOWN}"
        f" purpose={'+'.join(record.purposes) or 'none'}"
        f" category={'+'.join(record.categories) or 'none'}"
    )
