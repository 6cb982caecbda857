"""An ingestion event: what a platform says happened to one record. Its wire form is `event.avsc`.

`checked` is the only way from a decoded message to an event: it verifies every word against the
vocabulary, so that nothing after it meets an unknown one.
"""

import msgspec

from pipeline.errors import InvalidInput, Undecodable
from pipeline.identifiers import (
    MAX_ID_BYTES,
    MAX_STORE_BYTES,
    SURELY_SHORT,
    EventId,
    RecordId,
    StoreName,
    SubjectId,
    is_field_name,
    is_short,
    is_store_name,
)
from pipeline.instants import DAY, LATEST_FACT, MIN_INSTANT, Instant
from pipeline.vocabulary import (
    CATEGORIES,
    CATEGORY_TAXONOMY,
    LAWFUL_BASIS_TAXONOMY,
    PROHIBITED_SIGNALS,
    PURPOSE_TAXONOMY,
    SIGNALS,
    Happening,
    RecordKind,
    territories,
    territory,
)

INVENTORY_IDS = "inventory:"
"""How ids of `inventoried` events begin, and no other: a record keeps ids, not happenings."""
OWN_IDS = "retention:"
"""How ids begin that the pipeline gives itself; no record of others may have such a one."""
MAX_ITEMS = 1_000
"""Entries in any list of an event."""


class Evidence(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """One sign of where a person resides: signal, ISO 3166 territory, when it was observed."""

    signal: str
    territory: str
    observed_at: Instant


class Subject(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """A person the record is about, under an opaque id, with the evidence of residency."""

    subject_id: SubjectId
    evidence: tuple[Evidence, ...] = ()


class Field(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """A field of the data at the platform, by an opaque name, and what it holds (DPV terms)."""

    name: str
    categories: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True, gc=False, array_like=True):
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
    fields: tuple[Field, ...] = ()


def is_own(record_id: str) -> bool:
    """Whether the pipeline itself gave an id: to a natural key, or to a step of a notice."""
    return record_id.startswith(OWN_IDS)


_HAPPENINGS = frozenset(Happening)
_KINDS = frozenset(RecordKind)
_INVENTORIED = Happening.INVENTORIED.value


def checked(event: Event) -> Event:
    """Return the event with its words and territories in their normal form.

    Raises:
        Undecodable: a word is not in the vocabulary, an id is empty or too long, a date impossible.
    """
    # Written out: this runs for every event, and a call a word would be half of its time.
    if event.what not in _HAPPENINGS:
        raise _unknown_word("what")
    if event.kind not in _KINDS:
        raise _unknown_word("kind")
    purpose, basis, categories = event.purpose, event.lawful_basis, event.categories
    if purpose is not None and (purpose := PURPOSE_TAXONOMY.normal(purpose)) is None:
        raise _unknown_word("purpose")
    if basis is not None and (basis := LAWFUL_BASIS_TAXONOMY.normal(basis)) is None:
        raise _unknown_word("lawful_basis")
    if not CATEGORIES.issuperset(categories):
        categories = tuple([_category(word) for word in categories])
    _check_ids(event)
    if event.happened_at == MIN_INSTANT:  # it stands for "never"
        raise Undecodable("impossible_date", "`happened_at` is 1970-01-01T00:00Z")
    _check_instant("happened_at", event.happened_at)
    if event.collected_at is not None:
        _check_instant("collected_at", event.collected_at)
    if (event.what == _INVENTORIED) != event.event_id.startswith(INVENTORY_IDS):
        detail = f"`event_id` begins with `{INVENTORY_IDS}` where `what` is inventoried, only there"
        raise Undecodable("bad_id", detail)
    latest = Instant(event.happened_at + DAY)
    subjects = tuple([_checked_subject(subject, latest) for subject in event.subjects])
    # An empty key would be everybody's.
    key = event.natural_key_hash or None
    fields = _checked_fields(event.fields) if event.fields else ()
    if (
        subjects == event.subjects
        and purpose == event.purpose
        and basis == event.lawful_basis
        and categories == event.categories
        and key == event.natural_key_hash
        and fields == event.fields
    ):
        return event
    return msgspec.structs.replace(
        event,
        subjects=subjects,
        purpose=purpose,
        lawful_basis=basis,
        categories=categories,
        natural_key_hash=key,
        fields=fields,
    )


def _category(word: str, field: str = "categories") -> str:
    normal = CATEGORY_TAXONOMY.normal(word)
    if normal is None:
        raise _unknown_word(field)
    return normal


def _checked_fields(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    if max(len(fields), sum([len(field.categories) for field in fields])) > MAX_ITEMS:
        raise _too_many()
    for field in fields:
        if not is_field_name(field.name):
            detail = f"a name in `fields` must have 1 to {MAX_STORE_BYTES} of A-Z a-z 0-9 . _ -"
            raise Undecodable("bad_id", detail)
    return tuple(
        [
            Field(one.name, tuple([_category(word, "fields") for word in one.categories]))
            for one in fields
        ]
    )


def _checked_subject(subject: Subject, latest: Instant) -> Subject:
    _check_id("subjects.subject_id", subject.subject_id)
    if len(subject.evidence) > MAX_ITEMS:
        raise Undecodable("too_many", f"`evidence` has more than {MAX_ITEMS} entries")
    known, bound = territories(), min(latest, LATEST_FACT)
    for item in subject.evidence:
        if (
            item.signal not in SIGNALS
            or item.territory not in known
            or not MIN_INSTANT <= item.observed_at <= bound
        ):
            break
    else:  # nothing to refuse or to put in its normal form
        return subject
    evidence = tuple([_checked_evidence(item, latest) for item in subject.evidence])
    return subject if evidence == subject.evidence else Subject(subject.subject_id, evidence)


def _checked_evidence(item: Evidence, latest: Instant) -> Evidence:
    if item.signal not in SIGNALS:
        if item.signal in PROHIBITED_SIGNALS:
            words = "nationality, name, appearance or ethnicity (GDPR recital 14)"
            raise Undecodable("prohibited_signal", f"`signal` may not be {words}")
        raise _unknown_word("signal")
    _check_instant("observed_at", item.observed_at)
    if item.observed_at > latest:
        detail = "`observed_at` lies more than a day after the event that reports it"
        raise Undecodable("future_evidence", detail)
    try:
        code = territory(item.territory)
    except InvalidInput:
        # The chained error would repeat what the producer sent.
        raise Undecodable("unknown_territory", "`territory` is not an ISO 3166 code") from None
    return item if code == item.territory else Evidence(item.signal, code, item.observed_at)


def _unknown_word(field: str) -> Undecodable:
    # The word itself may be anything a hostile producer sent: it is not repeated.
    return Undecodable("unknown_word", f"`{field}` is not in the vocabulary")


def _check_ids(event: Event) -> None:
    _check_id("event_id", event.event_id)
    _check_id("record_id", event.record_id)
    if is_own(event.record_id) or (event.parents and any(map(is_own, event.parents))):
        raise Undecodable("bad_id", f"an id begins with `{OWN_IDS}`, which is reserved")
    _check_text("source", event.source)
    _check_text("natural_key_hash", event.natural_key_hash)
    if len(event.subjects) > MAX_ITEMS or len(event.categories) > MAX_ITEMS:
        raise _too_many()
    if event.parents or event.recipients:
        _check_others(event)
    if len(event.stores) > MAX_ITEMS:
        raise _too_many()
    for store in event.stores:
        _check_store(store)
    if event.record_id in event.parents:
        raise Undecodable("own_parent", "`parents` names the record itself")


def _check_others(event: Event) -> None:
    for field, values in (
        ("parents", event.parents),
        ("recipients", event.recipients),
    ):
        if len(values) > MAX_ITEMS:
            raise _too_many()
        for value in values:
            _check_id(field, value)


def _too_many() -> Undecodable:
    return Undecodable("too_many", f"a list has more than {MAX_ITEMS} entries")


def _check_id(field: str, value: str) -> None:
    if not 0 < len(value) <= SURELY_SHORT and not (value and is_short(value)):
        raise Undecodable("bad_id", f"`{field}` must have 1 to {MAX_ID_BYTES} bytes in UTF-8")


def _check_text(field: str, value: str | None) -> None:
    if value is not None and len(value) > SURELY_SHORT and not is_short(value):
        raise Undecodable("bad_id", f"`{field}` has more than {MAX_ID_BYTES} bytes in UTF-8")


def _check_store(store: str) -> None:
    if not is_store_name(store):
        detail = f"a name in `stores` must have 1 to {MAX_STORE_BYTES} of A-Z a-z 0-9 . _ -"
        raise Undecodable("bad_id", detail)


def _check_instant(field: str, instant: Instant) -> None:
    if not MIN_INSTANT <= instant <= LATEST_FACT:
        raise Undecodable("impossible_date", f"`{field}` lies outside 1970..9700")
