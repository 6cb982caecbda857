"""What leaves besides commands: findings, decisions, quarantine pointers, state and measurements.

Plain values; their wire forms are `finding.avsc`, `decision.avsc`, `quarantine.avsc`, `state.avsc`
and `measurement.avsc`.
"""

from uuid import UUID, uuid5

import msgspec

from pipeline.identifiers import Cause, RecordId
from pipeline.instants import Instant
from pipeline.vocabulary import FindingKind

FINDINGS = UUID("0d6d3b52-6a3c-5a4e-8f35-5f0a1f6f7b10")
"""Namespace of finding ids (RFC 9562 §5.5)."""


class Finding(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a person must decide or repair. `subject` is what it is about: never personal data."""

    finding_id: str
    kind: str
    subject: str
    what: str
    remedy: str
    severity: str
    at: Instant
    details: dict[str, str] = {}

    @property
    def occasion(self) -> str:
        """What made it come this time; empty where it comes only once."""
        return self.details.get(OCCASION, "")

    @property
    def told_as(self) -> str:
        """Its id and occasion: what was told as such need not be told again."""
        if RESOLVED_BY in self.details:
            return f"{self.finding_id} resolved"
        return f"{self.finding_id} {self.occasion}" if self.occasion else self.finding_id


class Decision(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Why something was commanded."""

    decision_id: str
    record_id: RecordId
    conclusion: str
    cause: Cause
    cause_version: int
    citation: str
    reasons: tuple[str, ...]
    not_before: Instant
    complete_by: Instant
    at: Instant


class Quarantined(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where a message lies that could not be read, and why. Never its payload."""

    topic: str
    partition: int
    offset: int
    timestamp: Instant
    reason: str
    detail: str
    size: int
    at: Instant


class StateRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Something the pipeline knows that is not a record, e.g. a governor's count of one cause."""

    kind: str
    name: str
    shard: int
    numbers: dict[str, int] = {}
    texts: tuple[str, ...] = ()
    version: int = 0


class Measurement(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One number of one shard. `labels` have few values each: never an id of a record or person."""

    name: str
    labels: dict[str, str]
    value: float
    shard: int
    at: Instant


_WARNINGS = frozenset(
    {
        FindingKind.NO_RULE,
        FindingKind.NO_PURPOSE,
        FindingKind.NO_LAWFUL_BASIS,
        FindingKind.RESIDENCY_CONFLICT,
        FindingKind.UNTRACKED_RECORD,
        FindingKind.COLLECTED_AGAIN,
        FindingKind.AWAITING_APPROVAL,
        FindingKind.WITHHELD,
    }
)


def severity(kind: FindingKind) -> str:
    """Return how urgent findings of a kind are: `warning` or `error`."""
    return "warning" if kind in _WARNINGS else "error"


OCCASION = "occasion"
"""Among the details of a finding that may come again: what made it come this time."""
RESOLVED_BY = "resolved_by"
"""Among the details: the message raises nothing; somebody has resolved the finding."""
REASON = "resolved_because"
OCCASIONS = "resolved_occasions"
"""The occasions that whoever resolved it had seen, one a line; left out: all raised before."""
THE_JOB = "the job"
"""Author of resolutions by the job itself, where what was found is over."""


def finding(
    kind: FindingKind,
    subject: str,
    what: str,
    remedy: str,
    at: Instant,
    occasion: str = "",
    **details: str,
) -> Finding:
    """Make a finding; equal kind and subject give the same id, so that repetitions are one.

    Args:
        kind: of the finding.
        subject: what it is about.
        what: what is wrong.
        remedy: what to do about it.
        at: when it is raised.
        occasion: what makes it come, where it may come again after it was resolved, e.g. the
            version of a policy. A job that starts again raises what it raised before: the same
            occasion opens no finding twice.
        details: more that a reader may need.
    """
    if occasion:
        details[OCCASION] = occasion
    return Finding(
        finding_id=str(uuid5(FINDINGS, f"{kind}\x1f{subject}")),
        kind=kind.value,
        subject=subject,
        what=what,
        remedy=remedy,
        severity=severity(kind),
        at=at,
        details=details,
    )


def over(kind: FindingKind, subject: str, reason: str, at: Instant) -> Finding:
    """Make the message by which the job says that what it has found is over."""
    details = {RESOLVED_BY: THE_JOB, REASON: reason}
    raised = finding(kind, subject, reason, "nothing", at)
    return msgspec.structs.replace(raised, details=details)
