"""An ingestion event: what a platform says happened to one record. Its wire form is `event.avsc`.

`checked` is the only way from a decoded message to an event: it verifies every word against the
vocabulary, so that nothing after it meets an unknown one.
"""

import msgspec

from pipeline.errors import InvalidInput, Undecodable
from pipeline.identifiers import EventId, RecordId, StoreName, SubjectId
from pipeline.instants import LATEST_FACT, MIN_INSTANT, Instant
from pipeline.vocabulary import (
    CATEGORIES,
    LAWFUL_BASES,
    PROHIBITED_SIGNALS,
    PURPOSES,
    SIGNALS,
    Happening,
    RecordKind,
    territory,
)

MAX_ID_LENGTH = 512
"""Characters in an id, store or source: longer is a mistake or an attack."""
MAX_ITEMS = 1_000
"""Entries in any list of an event."""


class Evidence(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One sign of where a person resides: signal, ISO 3166 territory, when it was observed."""

    signal: str
    territory: str
    observed_at: Instant


class Subject(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A person the record is about, under an opaque id, with the evidence of residency."""

    subject_id: SubjectId
    evidence: tuple[Evidence, ...] = ()


class Event(msgspec.Struct, frozen=True, array_like=True):
    """What happened to one record. See `schemas/event.avsc` for the meaning of each field."""

    event_id: EventId
    what: str
    happened_at: Instant
    record_id: RecordId
    kind: str = RecordKind.SOURCE
    parents: tuple[RecordId, ...] = ()
    subjects: tuple[Subject, ...] = ()
    purpose: str | None = None
    lawful_basis: str | None = None
    categories: tuple[str, ...] = ()
    source: str | None = None
    stores: tuple[StoreName, ...] = ()
    recipients: tuple[str, ...] = ()
    collected_at: Instant | None = None
    natural_key_hash: str | None = None


_HAPPENINGS = frozenset(Happening)
_KINDS = frozenset(RecordKind)


def checked(event: Event) -> Event:
    """Return the event with territories normalised.

    Raises:
        Undecodable: a word is not in the vocabulary, an id is empty or too long, a date impossible.
    """
    _known("what", event.what, _HAPPENINGS)
    _known("kind", event.kind, _KINDS)
    if event.purpose is not None:
        _known("purpose", event.purpose, PURPOSES)
    if event.lawful_basis is not None:
        _known("lawful_basis", event.lawful_basis, LAWFUL_BASES)
    for category in event.categories:
        _known("categories", category, CATEGORIES)
    _check_ids(event)
    _check_instant("happened_at", event.happened_at)
    if event.collected_at is not None:
        _check_instant("collected_at", event.collected_at)
    if not event.subjects:
        return event
    subjects = tuple(_checked_subject(subject) for subject in event.subjects)
    return (
        event if subjects == event.subjects else msgspec.structs.replace(event, subjects=subjects)
    )


def _checked_subject(subject: Subject) -> Subject:
    _check_id("subjects.subject_id", subject.subject_id)
    if len(subject.evidence) > MAX_ITEMS:
        raise Undecodable("too_many", f"`evidence` has more than {MAX_ITEMS} entries")
    return Subject(subject.subject_id, tuple(_checked_evidence(item) for item in subject.evidence))


def _checked_evidence(item: Evidence) -> Evidence:
    if item.signal in PROHIBITED_SIGNALS:
        detail = "`signal` may not be nationality, name, appearance or ethnicity (GDPR recital 14)"
        raise Undecodable("prohibited_signal", detail)
    _known("signal", item.signal, SIGNALS)
    _check_instant("observed_at", item.observed_at)
    try:
        code = territory(item.territory)
    except InvalidInput:
        # The chained error would repeat what the producer sent.
        raise Undecodable("unknown_territory", "`territory` is not an ISO 3166 code") from None
    return item if code == item.territory else Evidence(item.signal, code, item.observed_at)


def _known(field: str, word: str, vocabulary: frozenset[str]) -> None:
    if word not in vocabulary:
        # The word itself may be anything a hostile producer sent: it is not repeated.
        raise Undecodable("unknown_word", f"`{field}` is not in the vocabulary")


def _check_ids(event: Event) -> None:
    _check_id("event_id", event.event_id)
    _check_id("record_id", event.record_id)
    lists = (event.parents, event.stores, event.recipients)
    if max(map(len, (*lists, event.subjects, event.categories))) > MAX_ITEMS:
        raise Undecodable("too_many", f"a list has more than {MAX_ITEMS} entries")
    for field, values in zip(("parents", "stores", "recipients"), lists, strict=True):
        for value in values:
            _check_id(field, value)
    if event.record_id in event.parents:
        raise Undecodable("own_parent", "`parents` names the record itself")


def _check_id(field: str, value: str) -> None:
    if not value or len(value) > MAX_ID_LENGTH:
        detail = f"`{field}` must have 1 to {MAX_ID_LENGTH} characters"
        raise Undecodable("bad_id", detail)


def _check_instant(field: str, instant: Instant) -> None:
    if not MIN_INSTANT <= instant <= LATEST_FACT:
        raise Undecodable("impossible_date", f"`{field}` lies outside 1970..9700")
