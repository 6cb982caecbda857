"""Dictionaries, as Avro has them, to values and back.

Written out by hand where it is hot: `msgspec.convert` cannot read a dictionary into a value that
travels as an array elsewhere, and `msgspec.to_builtins` writes such arrays. What arrives here has
passed the guard and our own schema, so the types are right.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from pipeline.documents.envelope import Envelope
from pipeline.events import Event, Evidence, Subject
from pipeline.findings import StateRow
from pipeline.instants import Instant
from pipeline.records import Birth, Issued, Record

Fields = dict[str, Any]
Flat = TypeVar("Flat", bound=msgspec.Struct)


def flat_fields(value: msgspec.Struct) -> Fields:
    """Return the fields of a value that holds no other values."""
    return dict(zip(value.__struct_fields__, msgspec.structs.astuple(value), strict=True))


def flat_value(kind: type[Flat], found: Mapping[str, Any]) -> Flat:
    """Make a value that holds no other values, lists included."""
    return kind(*[found[name] for name in kind.__struct_fields__])


def event_value(found: Mapping[str, Any]) -> Event:
    """Make an event. Its words are not checked here."""
    return Event(
        found["event_id"],
        found["what"],
        found["happened_at"],
        found["record_id"],
        found["kind"],
        tuple(found["parents"]),
        _subjects(found["subjects"]),
        found["purpose"],
        found["lawful_basis"],
        tuple(found["categories"]),
        found["source"],
        tuple(found["stores"]),
        tuple(found["recipients"]),
        found["collected_at"],
        found["natural_key_hash"],
    )


def event_fields(event: Event) -> Fields:
    """Return the fields of an event."""
    fields = flat_fields(event)
    fields["subjects"] = _subject_fields(event.subjects)
    return fields


def _subjects(found: Sequence[Mapping[str, Any]]) -> tuple[Subject, ...]:
    return tuple(
        [
            Subject(
                item["subject_id"],
                tuple(
                    [
                        Evidence(sign["signal"], sign["territory"], sign["observed_at"])
                        for sign in item["evidence"]
                    ]
                ),
            )
            for item in found
        ]
    )


def _subject_fields(subjects: tuple[Subject, ...]) -> list[Fields]:
    return [
        {
            "subject_id": subject.subject_id,
            "evidence": [
                {
                    "signal": sign.signal,
                    "territory": sign.territory,
                    "observed_at": sign.observed_at,
                }
                for sign in subject.evidence
            ],
        }
        for subject in subjects
    ]


def record_value(found: Mapping[str, Any]) -> Record:
    """Make a record; what was derived for readers is left out."""
    return Record(
        record_id=found["record_id"],
        births=tuple(
            [Birth(item["at"], item["event_id"], item["collected_at"]) for item in found["births"]]
        ),
        kind=found["kind"],
        parents=tuple(found["parents"]),
        subjects=_subjects(found["subjects"]),
        purposes=tuple(found["purposes"]),
        lawful_bases=tuple(found["lawful_bases"]),
        categories=tuple(found["categories"]),
        sources=tuple(found["sources"]),
        stores=tuple(found["stores"]),
        recipients=tuple(found["recipients"]),
        natural_key_hash=found["natural_key_hash"],
        anchors=tuple([(item["name"], item["at"]) for item in found["anchors"]]),
        cut=found["cut"],
        issued=tuple([flat_value(Issued, item) for item in found["issued"]]),
        version=found["version"],
    )


def record_fields(
    record: Record, status: str, residency: Sequence[str], limit_at: Instant | None
) -> Fields:
    """Return the fields of a record, and those derived for readers."""
    return {
        "record_id": record.record_id,
        "births": [
            {"at": birth.at, "event_id": birth.event_id, "collected_at": birth.collected_at}
            for birth in record.births
        ],
        "kind": record.kind,
        "parents": record.parents,
        "subjects": _subject_fields(record.subjects),
        "purposes": record.purposes,
        "lawful_bases": record.lawful_bases,
        "categories": record.categories,
        "sources": record.sources,
        "stores": record.stores,
        "recipients": record.recipients,
        "natural_key_hash": record.natural_key_hash,
        "anchors": [{"name": name, "at": at} for name, at in record.anchors],
        "cut": record.cut,
        "issued": [flat_fields(item) for item in record.issued],
        "version": record.version,
        "status": status,
        "residency": residency,
        "limit_at": limit_at,
    }


def envelope_value(found: Mapping[str, Any]) -> Envelope:
    """Make an envelope. Its text is not read here."""
    return flat_value(Envelope, found)


def state_value(found: Mapping[str, Any]) -> StateRow:
    """Make a row of state."""
    return StateRow(
        kind=found["kind"],
        name=found["name"],
        shard=found["shard"],
        numbers=found["numbers"],
        texts=tuple(found["texts"]),
        version=found["version"],
    )
