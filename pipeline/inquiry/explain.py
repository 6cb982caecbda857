"""Explaining one record at one instant: from what topics keep, and the planner of the job."""

import msgspec

from pipeline.documents import InForce, Versions
from pipeline.errors import InvalidInput
from pipeline.identifiers import StoreName
from pipeline.inquiry.considered import considered
from pipeline.inquiry.explanation import (
    DocumentSaid,
    Dossier,
    Explanation,
    LifeSaid,
    ParentSaid,
    Row,
    StepSaid,
    TagSaid,
    Told,
)
from pipeline.inquiry.one_life import Life
from pipeline.inquiry.timeline import happened
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant, format_instant
from pipeline.ledger.inventory import derived
from pipeline.ledger.unanswered import status
from pipeline.records import Heard, Record, categories_by_field
from pipeline.rules import Planner
from pipeline.steps import Step
from pipeline.tags import Conclusion
from pipeline.vocabulary import DESTROYING, Anchor, FindingKind


def explain(dossier: Dossier, at: Instant) -> Explanation:
    """Return what can be said of a record at an instant.

    The facts are those of the newest row that was written by then, the documents those that were
    published and in force then. Where no such row is kept, the oldest that is kept tells the facts,
    and `not_kept` says so.

    Raises:
        InvalidDocument: a document in the dossier cannot be parsed.
    """
    in_force = _in_force(dossier, at)
    row, not_kept = _row(dossier, at)
    record = None if row is None else row.record
    entries = happened(dossier, record)
    base = Explanation(
        record_id=dossier.record_id,
        at=at,
        documents=_documents(dossier, in_force, record, at),
        waiting=in_force.waiting,
        timeline=tuple([one for one in entries if one.at <= at]),
        later=sum(one.at > at for one in entries),
        not_kept=not_kept,
    )
    return base if row is None else _of_record(base, row, Planner(in_force))


def _in_force(dossier: Dossier, at: Instant) -> InForce:
    known = [one.envelope for one in dossier.published if one.at <= at]
    return Versions.of(known, dossier.approvals).in_force(at)


def _documents(
    dossier: Dossier, in_force: InForce, record: Record | None, at: Instant
) -> tuple[DocumentSaid, ...]:
    # Other people's requests are nothing that this record's story tells.
    asked = () if record is None else in_force.requests_naming(record)
    ours = {one.document_id for one in asked}
    since: dict[tuple[str, str, int, str], Instant] = {}
    for one in dossier.published:
        if one.at <= at:
            known = one.envelope
            key = (known.kind, known.document_id, known.version, known.digest)
            since.setdefault(key, one.at)
    return tuple(
        [
            DocumentSaid(
                one.kind,
                one.document_id,
                one.version,
                one.digest,
                one.author,
                since[one.kind, one.document_id, one.version, one.digest],
            )
            for one in in_force.envelopes
            if one.kind != "requests" or one.document_id in ours
        ]
    )


def _row(dossier: Dossier, at: Instant) -> tuple[Row | None, tuple[str, ...]]:
    """Return the row that tells the facts, and what is not kept."""
    before = [row for row in dossier.rows if row.at <= at]
    if before:
        return before[-1], ()
    if not dossier.rows:
        return None, ("no row of this record is in the inventory: the pipeline never heard of it",)
    first = dossier.rows[0]
    if dossier.complete:
        return None, (f"it was not known yet: its first row is of {format_instant(first.at)}",)
    why = (
        "its row as it was then, if it had one, is not kept: the inventory keeps the newest; the "
        f"facts below are those of the oldest that is kept, of {format_instant(first.at)}"
    )
    return first, (why,)


def _of_record(base: Explanation, row: Row, planner: Planner) -> Explanation:
    record = row.record
    found = record.lives()
    lives = [_life(planner, record, gone, tuple(stores)) for gone, stores in found.items()]
    lives.sort(key=lambda life: (life.limit_at or MIN_INSTANT, life.stores))
    judged = planner.judge.judge(record.of_life(max(found, default=MIN_INSTANT)).subjects)
    return msgspec.structs.replace(
        base,
        status=status(record),
        facts_at=row.at,
        kind=record.kind,
        people=len(record.subjects),
        purposes=record.purposes,
        lawful_bases=record.lawful_bases,
        categories=record.categories,
        fields=categories_by_field(record.fields),
        sources=record.sources,
        stores=record.stores,
        tags=(*_tags("resident", judged.resident), *_tags("present", judged.present)),
        unknown=judged.resident.unknown,
        candidates=judged.resident.candidates,
        conflicts=judged.conflicts,
        method=judged.method,
        parents=tuple(map(_parent, record.heard)),
        children=len(record.children),
        lives=tuple(lives),
        gaps=tuple(dict.fromkeys(gap for life in lives for gap in life.gaps)),
    )


def _parent(heard: Heard) -> ParentSaid:
    return ParentSaid(
        parent_id=heard.parent_id,
        answered=heard.answered,
        known=heard.known,
        at=heard.at,
        documents=tuple([taint.document for taint in heard.taints]),
    )


def _tags(axis: str, concluded: Conclusion) -> list[TagSaid]:
    return [
        TagSaid(axis, tag.territory, tag.band, tag.score, tag.signals) for tag in concluded.tags
    ]


def _life(
    planner: Planner, record: Record, gone: Instant, stores: tuple[StoreName, ...]
) -> LifeSaid:
    said = LifeSaid(
        stores=stores,
        began_at=record.life(gone)[0].at,
        collected_at=record.anchor(Anchor.COLLECTED, gone),
    )
    try:
        plan = planner.plan(record, gone)
        life = Life(record, record.of_life(gone), gone, stores, plan)
        return msgspec.structs.replace(
            said,
            limit_at=plan.limit_at,
            due_by=plan.due_by if plan.due_by != MAX_INSTANT else None,
            steps=tuple([_step(planner, life, step) for step in plan.steps]),
            observed=tuple([_step(planner, life, step) for step in plan.observed]),
            holds=plan.holds,
            considered=considered(planner, life),
            reasons=planner.reasons(record, gone, plan),
            gaps=derived(record, plan).gaps,
        )
    except InvalidInput as error:
        # As in the job: what cannot be worked out deletes nothing, and is a finding.
        gap = FindingKind.CANNOT_BE_EVALUATED.value
        return msgspec.structs.replace(said, gaps=(gap,), trouble=str(error))


def _step(planner: Planner, life: Life, step: Step) -> StepSaid:
    kept = step.kept_until
    return StepSaid(
        kind=step.kind,
        cause=step.cause,
        version=step.cause_version,
        citation=step.citation,
        not_before=step.not_before,
        complete_by=step.complete_by,
        kept_until=kept if MIN_INSTANT < kept < MAX_INSTANT else None,
        kept_by=step.kept_by or None,
        uses=step.uses,
        fields=step.fields,
        told=tuple([_told(planner, step, store) for store in life.stores]),
    )


def _told(planner: Planner, step: Step, store: StoreName) -> Told:
    if step.kind not in DESTROYING:
        return Told(store, step.not_before)
    control = planner.in_force.stopped(store, step.cause)
    due_at = step.due_at(planner.lead(store))
    return Told(
        store,
        due_at if due_at < MAX_INSTANT else None,
        None if control is None else control.scope,
    )
