"""Envelopes, documents in force, records and residency, with everything irrelevant filled in."""

from collections.abc import Mapping
from typing import Literal

from pipeline.documents import (
    Envelope,
    InForce,
    Policy,
    Versions,
    approval_scope,
    enveloped,
    load,
)
from pipeline.events import Subject
from pipeline.identifiers import RecordId, SubjectId
from pipeline.instants import Instant, parse_instant
from pipeline.records import Record
from pipeline.tags import Conclusion, Residency, Tag
from tests.documents.texts import control

Band = Literal["RESIDENT", "PRESENT", "LIKELY"]

NOW = parse_instant("2026-03-01T00:00:00Z")
IN_EU = parse_instant("2020-12-31T22:59:59.999Z")
"""The last instant at which EU law applied in the UK."""
OUT_OF_EU = parse_instant("2020-12-31T23:00:00Z")

_KIND_OF_KEY = {
    "policy": "policies",
    "notice": "notices",
    "hold": "holds",
    "control": "controls",
}


def loaded_policy(text: str) -> Policy:
    """Return a policy as it is read."""
    document = load(text, "p.yaml").document
    assert isinstance(document, Policy)
    return document


def published(text: str, author: str = "counsel") -> Envelope:
    """Return a document in its envelope, of the kind that its first key tells."""
    return enveloped(_KIND_OF_KEY[text.split(":", maxsplit=1)[0]], text, author)


def approval(text: str, number: int = 1) -> str:
    """Return the control that lets a text take effect."""
    return control("approve", scope=approval_scope(published(text)), version=number)


def scope(text: str) -> str:
    """Return what the approval of a text names."""
    return approval_scope(published(text))


def versions(*texts: str, approvals: tuple[str, ...] = ()) -> Versions:
    """Return what is known after these documents."""
    return Versions.of([published(text) for text in texts], approvals)


def in_force(*texts: str, now: Instant = NOW) -> InForce:
    """Return what is in force of these documents."""
    return versions(*texts).in_force(now)


def record(
    record_id: str = "r-9",
    *,
    subjects: tuple[str, ...] = (),
    purposes: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    lawful_bases: tuple[str, ...] = (),
    sources: tuple[str, ...] = (),
) -> Record:
    """Return a record."""
    return Record(
        RecordId(record_id),
        subjects=tuple(Subject(SubjectId(name)) for name in subjects),
        purposes=purposes,
        categories=categories,
        lawful_bases=lawful_bases,
        sources=sources,
    )


def conclusion(
    tags: Mapping[str, Band] | None = None,
    *,
    candidates: tuple[str, ...] = (),
    unknown: bool | None = None,
) -> Conclusion:
    """Return what is concluded of one axis; unknown when there is no tag and nothing is said."""
    found = tuple(Tag(code, band, 0, ()) for code, band in sorted((tags or {}).items()))
    return Conclusion(
        tags=found,
        candidates=candidates,
        unknown=not found if unknown is None else unknown,
        groundless=not found and not candidates,
        coarse=tuple(
            place for place in (*(tag.territory for tag in found), *candidates) if "-" not in place
        ),
    )


def resident(*codes: str) -> Residency:
    """Return the residency of people who reside in these territories; nowhere is not concluded."""
    return Residency(resident=conclusion(dict.fromkeys(codes, "RESIDENT")))


GB = resident("GB")


def held(state: InForce, what: Record, judged: Residency = GB) -> list[str]:
    """Return the ids of the holds on a record."""
    return [found.document_id for found in state.holds_on(what, judged)]
