"""Values to bytes and back, and the words that are refused."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from pipeline.commands import Command
from pipeline.errors import InvalidInput
from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import Instant
from pipeline.ledger.inventory import Derived
from pipeline.wire.codec import Codec
from pipeline.wire.framing import SchemaIds
from pipeline.wire.schemas import parsed, schema
from tests.wire.avro import single_object
from tests.wire.refusals import CODEC, SECRET, changed, decode, evidence, refusal
from tests.wire.values import (
    COMMAND,
    DECISION,
    DERIVED,
    ENVELOPE,
    EVENT,
    FINDING,
    FULL_RECORD,
    LATER,
    MAIL,
    MEASUREMENT,
    NOW,
    QUARANTINED,
    RECEIPT,
    RECORD,
    REDACTING,
    STATE,
    TELLING,
    WITH_FIELDS,
)

# -- there and back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encode", "read", "value"),
    [
        (CODEC.encode_event, decode, EVENT),
        (CODEC.encode_event, decode, WITH_FIELDS),
        (CODEC.encode_receipt, CODEC.decode_receipt, RECEIPT),
        (CODEC.encode_command, CODEC.decode_command, COMMAND),
        (CODEC.encode_command, CODEC.decode_command, TELLING),
        (CODEC.encode_command, CODEC.decode_command, REDACTING),
        (CODEC.encode_state, CODEC.decode_state, STATE),
        (CODEC.encode_finding, CODEC.decode_finding, FINDING),
        (CODEC.encode_decision, CODEC.decode_decision, DECISION),
        (CODEC.encode_quarantine, CODEC.decode_quarantine, QUARANTINED),
        (CODEC.encode_measurement, CODEC.decode_measurement, MEASUREMENT),
        (CODEC.encode_mail, CODEC.decode_mail, MAIL),
    ],
)
def test_a_value_is_read_as_it_was_written(
    encode: Callable[[Any], bytes], read: Callable[[bytes], Any], value: Any
) -> None:
    assert read(encode(value)) == value


@pytest.mark.parametrize("record", [RECORD, FULL_RECORD])
@pytest.mark.parametrize("derived", [Derived("ACTIVE"), DERIVED])
def test_a_record_is_read_without_what_was_derived_for_readers(
    record: Any, derived: Derived
) -> None:
    assert CODEC.decode_record(CODEC.encode_record(record, derived)) == record


def test_what_is_derived_stands_in_the_row_for_other_readers() -> None:
    data = CODEC.encode_record(RECORD, DERIVED)
    found = fastavro.schemaless_reader(BytesIO(data[10:]), schema("record").avro, None)
    assert isinstance(found, dict)
    assert {name: found[name] for name in Derived.__struct_fields__} == {
        "status": "ACTIVE",
        "residency": ["GB"],
        "limit_at": NOW,
        "tags": [
            {
                "axis": "resident",
                "territory": "GB",
                "band": "RESIDENT",
                "score": 950,
                "signals": ["declared"],
            }
        ],
        "method": "evidence/1",
        "kept_until": LATER,
        "holds": ["h1"],
        "gaps": ["NO_RULE"],
    }


@pytest.mark.parametrize(("command", "recipient"), [(TELLING, "partner-1"), (COMMAND, None)])
def test_a_store_reads_in_a_command_whom_it_is_to_tell(
    command: Command, recipient: str | None
) -> None:
    data = CODEC.encode_command(command)
    found = fastavro.schemaless_reader(BytesIO(data[10:]), schema("command").avro, None)
    assert isinstance(found, dict)
    assert (found["kind"], found["recipient"]) == (command.kind, recipient)


def test_a_row_that_was_written_before_fields_were_known_is_read() -> None:
    older = json.loads((Path(__file__).parents[2] / "schemas" / "record.avsc").read_text())
    older["fields"] = [one for one in older["fields"] if one["name"] != "fields"]
    issued = next(one for one in older["fields"] if one["name"] == "issued")["type"]["items"]
    issued["fields"] = [one for one in issued["fields"] if one["name"] != "fields"]
    before = parsed(json.dumps(older), "older")
    row = fastavro.schemaless_reader(
        BytesIO(CODEC.encode_record(FULL_RECORD, DERIVED)[10:]), schema("record").avro, before.avro
    )
    codec = Codec({}, SchemaIds({1: before}))
    without = tuple(msgspec.structs.replace(item, fields=()) for item in FULL_RECORD.issued)
    expected = msgspec.structs.replace(FULL_RECORD, fields=(), issued=without)
    assert codec.decode_record(single_object(before, row)) == expected


def test_a_store_that_knows_no_recipients_reads_the_rest() -> None:
    older = dict(schema("command").avro)
    older["fields"] = [one for one in older["fields"] if one["name"] != "recipient"]
    data = BytesIO(CODEC.encode_command(TELLING)[10:])
    found = fastavro.schemaless_reader(data, schema("command").avro, older)
    assert isinstance(found, dict)
    assert (found["command_id"], found["attempt"]) == (TELLING.command_id, 1)
    assert "recipient" not in found


def test_an_envelope_is_read_from_the_topic_of_its_kind_only() -> None:
    data = CODEC.encode_envelope(ENVELOPE)
    assert CODEC.decode_envelope("holds", data) == ENVELOPE
    assert refusal(data, lambda value: CODEC.decode_envelope("notices", value)) == "wrong_kind"


def test_a_value_inside_is_frozen_like_the_one_decoded() -> None:
    event = decode(CODEC.encode_event(EVENT))
    assert isinstance(event.subjects[0], Subject)
    assert isinstance(event.subjects[0].evidence[0], Evidence)
    assert hash(event) == hash(EVENT)


def test_half_a_surrogate_pair_is_not_written() -> None:
    with pytest.raises(InvalidInput, match="surrogate") as caught:
        CODEC.encode_event(msgspec.structs.replace(EVENT, source=f"{SECRET}\ud800"))
    assert caught.value.__cause__ is None


def test_a_reading_of_a_territory_is_normalised() -> None:
    subject = Subject(SubjectId("s"), (Evidence("declared", "UK", NOW),))
    event = msgspec.structs.replace(EVENT, subjects=(subject,))
    assert decode(CODEC.encode_event(event)).subjects[0].evidence[0].territory == "GB"


# -- refused: the words --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(what=SECRET), "unknown_word"),
        (changed(kind=SECRET), "unknown_word"),
        (changed(purpose=SECRET), "unknown_word"),
        (changed(lawful_basis=SECRET), "unknown_word"),
        (changed(categories=(SECRET,)), "unknown_word"),
        (changed(subjects=evidence(SECRET)), "unknown_word"),
        (changed(subjects=evidence("declared", "XX")), "unknown_territory"),
        (changed(subjects=evidence("declared", at=-1)), "impossible_date"),
        (changed(subjects=evidence("nationality")), "prohibited_signal"),
        (changed(subjects=evidence("name")), "prohibited_signal"),
        (changed(subjects=evidence("appearance")), "prohibited_signal"),
        (changed(subjects=evidence("ethnicity")), "prohibited_signal"),
        (changed(happened_at=Instant(-1)), "impossible_date"),
        (changed(happened_at=Instant(NOW * 1_000)), "impossible_date"),  # microseconds
        (changed(collected_at=Instant(1 << 62)), "impossible_date"),
        (changed(record_id=""), "bad_id"),
        (changed(record_id=SECRET * 100), "bad_id"),
        (changed(record_id=f"retention:key/{SECRET}"), "bad_id"),
        (changed(parents=(f"retention:notice/{SECRET}",)), "bad_id"),
        (changed(event_id=SECRET * 50_000), "bad_id"),
        (changed(record_id=SECRET, parents=(SECRET,)), "own_parent"),
    ],
)
def test_an_event_with_words_that_are_not_allowed_is_refused(data: bytes, reason: str) -> None:
    assert refusal(data) == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": SECRET}, "unknown_word"),
        ({"store": ""}, "bad_id"),
        ({"record_id": SECRET * 100}, "bad_id"),
        ({"at": -1}, "impossible_date"),
        ({"verified_remaining": -1}, "bad_number"),
    ],
)
def test_a_receipt_with_values_that_are_not_allowed_is_refused(
    fields: dict[str, Any], reason: str
) -> None:
    data = CODEC.encode_receipt(msgspec.structs.replace(RECEIPT, **fields))
    assert refusal(data, CODEC.decode_receipt) == reason


def test_an_envelope_with_an_impossible_date_is_refused() -> None:
    data = CODEC.encode_envelope(msgspec.structs.replace(ENVELOPE, effective_from=-1))
    read = lambda value: CODEC.decode_envelope("holds", value)  # noqa: E731
    assert refusal(data, read) == "impossible_date"
