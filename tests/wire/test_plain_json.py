"""JSON lines for people: there and back, and errors that name the field but not its content."""

import json
from typing import Any

import msgspec
import pytest

from pipeline.errors import InvalidInput
from pipeline.wire.plain_json import (
    command_from_json,
    event_from_json,
    receipt_from_json,
    to_json,
)
from tests.wire.values import COMMAND, DECISION, EVENT, FINDING, FULL_RECORD, RECEIPT, STATE

LEAST = {
    "event_id": "e",
    "what": "created",
    "happened_at": "2026-03-01T09:00:00Z",
    "record_id": "r",
}


def changed(**fields: Any) -> str:
    return json.dumps(LEAST | fields)


def test_missing_fields_take_their_defaults() -> None:
    event = event_from_json(json.dumps(LEAST))
    assert (event.kind, event.parents, event.purpose, event.collected_at) == (
        "source",
        (),
        None,
        None,
    )


def test_instants_with_an_offset_are_read_as_utc() -> None:
    summer = event_from_json(changed(happened_at="2026-07-01T10:00:00.250+01:00"))
    assert summer.happened_at == 1_782_896_400_250


def test_values_are_read_as_they_were_written() -> None:
    assert event_from_json(to_json(EVENT)) == EVENT
    assert receipt_from_json(to_json(RECEIPT)) == RECEIPT
    assert command_from_json(to_json(COMMAND)) == COMMAND


@pytest.mark.parametrize("value", [FULL_RECORD, FINDING, DECISION, STATE])
def test_every_value_is_written_by_name(value: msgspec.Struct) -> None:
    assert list(json.loads(to_json(value))) == list(value.__struct_fields__)


def test_instants_inside_lists_are_written_for_people() -> None:
    written = json.loads(to_json(FULL_RECORD))
    assert written["anchors"][0] == ["consent_withdrawn", "2026-02-02T02:40:00Z"]
    assert written["births"][0]["at"] == "2026-02-02T02:40:00Z"
    assert json.loads(to_json(EVENT))["subjects"][0]["evidence"][0]["territory"] == "GB"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("", "truncated"),
        ("[]", "Expected `object`"),
        ("{", "truncated"),
        (json.dumps({}), "`event_id`"),
        (
            changed(colour="red"),
            "name has 6 bytes is unknown; known are event_id, what, happened_at",
        ),
        (
            changed(subjects=[{"subject_id": "s", "nam\u00e9": 1}]),
            r"5 bytes .*; known are subject_id",
        ),
        (changed(happened_at="2026-02-30T09:00:00Z"), "`happened_at` is no instant with a zone"),
        (changed(record_id=7), "record_id"),
        (changed(happened_at="2026-03-01T09:00:00"), "happened_at"),
        (changed(happened_at="1 March"), "happened_at"),
        (changed(happened_at="1969-12-31T23:59:59Z"), "`happened_at`: .*outside 1970"),
        (changed(collected_at="1900-01-01T00:00:00Z"), "`collected_at`: .*outside 1970"),
        (
            changed(subjects=[{"subject_id": "s", "evidence": [{}]}]),
            r"subjects\[0\]\.evidence\[0\]",
        ),
        (changed(what="eaten"), "`what` is not in the vocabulary"),
        (changed(purpose="fun"), "`purpose` is not in the vocabulary"),
        (changed(record_id="r", parents=["r"]), "`parents` names the record itself"),
        (changed(parents=["x"] * 1_001), "more than 1000"),
    ],
)
def test_an_error_names_the_field(line: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        event_from_json(line)


def test_an_impossible_date_deep_inside_is_named_by_its_path() -> None:
    sign = {"signal": "declared", "territory": "GB", "observed_at": "1900-01-01T00:00:00Z"}
    with pytest.raises(InvalidInput, match=r"`subjects\.evidence\.observed_at`"):
        event_from_json(changed(subjects=[{"subject_id": "s", "evidence": [sign]}]))


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidInput):
        event_from_json(b'{"event_id": "\xff"}')


@pytest.mark.parametrize(
    "name", ["anna", "` - at `$.anna", "` - at `$.subjects[anna]", "anna`", "\ud800anna"]
)
def test_the_name_of_an_unknown_field_is_not_repeated(name: str) -> None:
    """Whoever mixes up names and values must not find the values in a log."""
    for line in (changed(**{name: 1}), changed(subjects=[{"subject_id": "s", name: 1}])):
        with pytest.raises(InvalidInput) as caught:
            event_from_json(line)
        assert "anna" not in str(caught.value)


@pytest.mark.parametrize("field", ["happened_at", "what", "purpose"])
def test_an_error_does_not_repeat_what_was_given(field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        event_from_json(changed(**{field: "anna.schmidt"}))
    assert "anna" not in str(caught.value)


def test_a_receipt_with_an_unknown_status_is_refused() -> None:
    with pytest.raises(InvalidInput, match="`status` is not in the vocabulary"):
        receipt_from_json(to_json(msgspec.structs.replace(RECEIPT, status="GONE")))
