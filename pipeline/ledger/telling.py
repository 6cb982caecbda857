"""The findings that a ledger words itself: what is wrong, and what to do about it."""

from collections.abc import Iterator

from pipeline.coverage import Gap
from pipeline.documents import (
    DOCUMENT_SCOPE,
    SIMULATION_SCOPE,
    SIMULATIONS,
    Document,
    InForce,
    Notice,
    Request,
    standing,
)
from pipeline.documents.policy import Requirement
from pipeline.errors import InvalidInput
from pipeline.events import Event
from pipeline.findings import Finding, finding
from pipeline.identifiers import Cause
from pipeline.instants import SECOND, Instant, format_instant, month_of, to_datetime
from pipeline.records import MAX_DEPTH, MAX_VALUES, Record
from pipeline.vocabulary import FindingKind


def from_the_future(event: Event, now: Instant) -> Finding:
    """Word the finding of a day about events that lie ahead of the broker's time."""
    return finding(
        FindingKind.FUTURE_EVENT,
        f"events on {to_datetime(now):%Y-%m-%d}",
        f"events say that they happen more than a day from now, e.g. {event.event_id}; each is "
        "taken to happen when it is read, and a deletion is not believed",
        "set the producer's clock by NTP; publish reported deletions again",
        now,
    )


def collected_again(cause: Cause, now: Instant) -> Finding:
    """Word the finding of a day about data that is there again after its deletion."""
    follows = (
        "what ordered it is commanded again at once, where it means data collected since"
        if not cause.startswith("policy:")
        else "it has a limit of its own"
    )
    return finding(
        FindingKind.COLLECTED_AGAIN,
        f"{cause} on {to_datetime(now):%Y-%m-%d}",
        f"data that was deleted under {cause} is there again; {follows}",
        "find out which producer collects it, and have it stopped where a notice forbids it; "
        "`retention_returned_records` counts the records",
        now,
    )


def collection_goes_on(cause: Cause, now: Instant) -> Finding:
    """Word the finding of a day about data that a notice forbade to collect."""
    return finding(
        FindingKind.COLLECTION_GOES_ON,
        f"{cause} on {to_datetime(now):%Y-%m-%d}",
        f"data was collected after {cause} had to stop it; it is restricted at once",
        "stop the producer; `retention_notice_scope_records` of this step counts the records",
        now,
    )


_UNFULFILLED: dict[Requirement, tuple[FindingKind, str, str]] = {
    "informed": (
        FindingKind.NOT_INFORMED,
        "people were not told within the time of {} that their data is held",
        "tell them and publish an `informed` event for each record, or delete the data",
    ),
    "purpose": (
        FindingKind.NO_PURPOSE,
        "records are held for no purpose after the time that {} gives",
        "let the platform say the purpose, or delete them (GDPR art 5(1)(b))",
    ),
    "declared_purpose": (
        FindingKind.PURPOSE_INCOMPATIBLE,
        "records are held for purposes that {} does not declare, after the time that it gives",
        "end that use, declare the purpose after the test of GDPR art 6(4), or delete them",
    ),
    "lawful_basis": (
        FindingKind.NO_LAWFUL_BASIS,
        "records are held without a lawful basis after the time that {} gives",
        "let the platform say the basis, or delete them (GDPR art 6(1), 17(1)(d))",
    ),
}
"""What is wrong when a duty is not fulfilled in time, and what to do about it."""


def not_fulfilled(requires: Requirement, cause: Cause, now: Instant) -> Finding:
    """Word the finding of a month about records that are not in time as a duty requires."""
    kind, what, remedy = _UNFULFILLED[requires]
    remedy += "; `retention explain` says of a record by when it was"
    return finding(kind, cause, what.format(cause), remedy, now, occasion=month_of(now))


def clocks_differ(difference_ms: int, now: Instant) -> Finding:
    """Word the finding about a worker whose clock is far from the broker's."""
    return finding(
        FindingKind.CLOCK_DIFFERENCE,
        f"clock on {to_datetime(now):%Y-%m-%d}",
        f"the broker's and a worker's clock differ by {difference_ms // SECOND} seconds; "
        "deletion pauses",
        "set both clocks by NTP; deletion resumes by itself",
        now,
    )


def too_large(record: Record, now: Instant) -> Finding:
    """Word the finding about a record that has gathered more than is kept."""
    return finding(
        FindingKind.RECORD_TOO_LARGE,
        record.record_id,
        f"events named more than {MAX_VALUES} values of one kind for one record, or so many were "
        f"derived from it; the rest is not "
        "kept",
        "give each photo, message or row a record of its own",
        now,
    )


def too_deep(record: Record, now: Instant) -> Finding:
    """Word the finding about a record that is derived from itself, or through too many steps."""
    return finding(
        FindingKind.LINEAGE_TOO_DEEP,
        record.record_id,
        f"a record is more than {MAX_DEPTH} generations from what was collected, or derived from "
        "itself; what once meant one of a circle goes on to mean all of it",
        "correct the `parents` that the platform sends; `retention explain` names them",
        now,
    )


def cannot_be_evaluated(record: Record, error: InvalidInput, now: Instant, edition: str) -> Finding:
    """Word the finding about a record whose limit cannot be worked out."""
    return finding(
        FindingKind.CANNOT_BE_EVALUATED,
        record.record_id,
        f"the limit of a record cannot be worked out ({error}); it is not deleted",
        "correct the rule or the instants of the record's events",
        now,
        occasion=edition,
    )


_GAPS = {
    FindingKind.NO_RULE: (
        "no rule decides the limit of this class of records; the default limit applies",
        "write a rule for this residency, purpose and category",
    ),
    FindingKind.NO_POLICY: (
        "no policy is in force: records have no limit and nothing is deleted",
        "publish a policy; where another person must approve it, have that done",
    ),
    FindingKind.NO_PURPOSE: (
        "records of this class are held for no purpose",
        "let the platform say the purpose, or delete them (GDPR art 5(1)(b))",
    ),
    FindingKind.NO_LAWFUL_BASIS: (
        "records of this class are held without a lawful basis",
        "let the platform say the basis, or delete them (GDPR art 6(1), 17(1)(d))",
    ),
    FindingKind.RESIDENCY_CONFLICT: (
        "signals of one group contradict each other about where people reside",
        "seek corroboration in data already held; the strictest limit applies until then",
    ),
    FindingKind.UNKNOWN_RESIDENCY: (
        "records that a notice may mean are restricted: where their people reside is not concluded",
        "conclude it from data already held, or delete them, before the notice's deadline",
    ),
    FindingKind.UNTRACKED_RECORD: (
        "a store holds records that no ingestion event told of",
        "find out which producer does not publish its events",
    ),
}
"""What is missing and what to do about it, by kind."""


def gap_found(gap: Gap, now: Instant, in_force: InForce) -> Finding:
    """Word the finding about what a class of records lacks.

    What no rule covers comes again with another policy, what a notice may mean with another
    version of it; what the platform does not say every month, for such data goes on coming.
    """
    what, remedy = _GAPS[gap.kind]
    occasion = month_of(now)
    if gap.kind in {FindingKind.NO_RULE, FindingKind.NO_POLICY}:
        occasion = in_force.edition
    if gap.kind == FindingKind.UNKNOWN_RESIDENCY:
        name = gap.described.partition(" ")[0].removeprefix("notice:")
        versions = [n.notice.version for n in in_force.notices if n.notice.document_id == name]
        occasion = f"version {max(versions, default=0)}"
    return finding(gap.kind, gap.described, what, remedy, now, occasion)


def awaits_approval(scope: str, now: Instant) -> Finding:
    """Word the finding about a document that, or a simulation of which, another must approve."""
    if scope.startswith(SIMULATION_SCOPE):
        return _awaits_simulation(scope, now)
    document = scope.removeprefix(DOCUMENT_SCOPE)
    return finding(
        FindingKind.AWAITING_APPROVAL,
        document,
        f"{document} has not taken effect: nobody but its author has approved it",
        f"let another person publish `control: {scope}` with `action: approve`",
        now,
    )


def _awaits_simulation(scope: str, now: Instant) -> Finding:
    document = scope.removeprefix(SIMULATION_SCOPE)
    return finding(
        FindingKind.AWAITING_APPROVAL,
        f"{SIMULATIONS}/{document}",
        f"{document} has not taken effect: it enforces what the version before it did not, and "
        "nobody but its author has approved a simulation of it",
        "run `retention simulate`, and let another person publish `control: simulation:ID` with "
        "`action: approve`, for the id that it prints",
        now,
    )


def deadlines_passed(document: Document, now: Instant) -> Iterator[Finding]:
    """Word a finding about each thing that a document orders whose deadline had passed."""
    if isinstance(document, Request) and document.orders and document.deadline <= now:
        yield finding(
            FindingKind.DEADLINE_PASSED,
            f"{document.cause} version {document.version}",
            f"the time to answer, until {format_instant(document.deadline)}, had passed before the "
            "request came; what it calls for is commanded at once",
            "tell the person; correct the instants if they are wrong",
            now,
        )
    if isinstance(document, Notice):
        yield from _steps_passed(document, now)


def _steps_passed(notice: Notice, now: Instant) -> Iterator[Finding]:
    for step in standing(notice, now).ordered:
        if notice.mode == "enforce" and step.complete_by <= now:
            yield finding(
                FindingKind.DEADLINE_PASSED,
                f"{notice.cause(step.step_id)} version {notice.version}",
                f"the deadline of step {step.step_id}, {format_instant(step.complete_by)}, passed "
                "before the notice came; what it orders is commanded at once",
                "tell the authority; correct the instants if they are wrong",
                now,
            )
