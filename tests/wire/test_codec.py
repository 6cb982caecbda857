"""Values to bytes and back, and every way in which bytes are refused."""

import traceback
from collections.abc import Callable
from io import BytesIO
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidInput, Undecodable
from pipeline.events import MAX_ITEMS, Event, Evidence, Subject
from pipeline.identifiers import RecordId, SubjectId
from pipeline.instants import Instant
from pipeline.ledger.inventory import Derived
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.schemas import schema
from tests.wire.avro import assert_read_or_refused, double, text, varint
from tests.wire.values import (
    COMMAND,
    DECISION,
    DERIVED,
    ENVELOPE,
    EVENT,
    FINDING,
    FULL_RECORD,
    LATER,
    MEASUREMENT,
    NOW,
    QUARANTINED,
    RECEIPT,
    RECORD,
    STATE,
    TOPIC,
)

CODEC = Codec.from_settings(Settings("sqlite:///x"))
FRAME = b"\xc3\x01" + schema("event").fingerprint
SECRET = "anna.schmidt"


def decode(data: bytes | None) -> Event:
    return CODEC.decode_event(TOPIC, data)


def refusal(data: bytes | None, read: Callable[[bytes | None], Any] = decode) -> str:
    """The reason code; the error must not repeat what the message says, nor its causes."""
    with pytest.raises(Undecodable) as caught:
        read(data)
    printed = "".join(traceback.format_exception(caught.value))
    messages = [line for line in printed.splitlines() if line and not line.startswith(" ")]
    assert SECRET not in "\n".join(messages)
    return caught.value.reason


# -- there and back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encode", "read", "value"),
    [
        (CODEC.encode_event, decode, EVENT),
        (CODEC.encode_receipt, CODEC.decode_receipt, RECEIPT),
        (CODEC.encode_command, CODEC.decode_command, COMMAND),
        (CODEC.encode_state, CODEC.decode_state, STATE),
        (CODEC.encode_finding, CODEC.decode_finding, FINDING),
        (CODEC.encode_decision, CODEC.decode_decision, DECISION),
        (CODEC.encode_quarantine, CODEC.decode_quarantine, QUARANTINED),
        (CODEC.encode_measurement, CODEC.decode_measurement, MEASUREMENT),
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


# -- refused: the bytes ---------------------------------------------------------------------------

VALID = CODEC.encode_event(EVENT)
START = text("e") + text("created") + varint(NOW) + text("r") + text("source")
REST = b"\x00" * 8  # purpose to natural_key_hash, all empty


def event_bytes(parents: bytes = b"\x00", subjects: bytes = b"\x00", rest: bytes = REST) -> bytes:
    return FRAME + START + parents + subjects + rest


def test_bytes_made_by_hand_are_an_event() -> None:
    assert decode(event_bytes()).record_id == "r"


@pytest.mark.parametrize("length", range(2, len(VALID)))
def test_a_message_cut_anywhere_is_refused(length: int) -> None:
    assert refusal(VALID[:length]) == "truncated"


def test_a_message_without_value_is_refused() -> None:
    assert refusal(None) == "empty"


@pytest.mark.parametrize("more", [b"\x00", VALID, b"\xff" * 100])
def test_bytes_after_the_value_are_refused(more: bytes) -> None:
    assert refusal(VALID + more) == "trailing_bytes"


def test_a_message_above_the_limit_is_refused_before_it_is_read() -> None:
    codec = Codec.from_settings(Settings("sqlite:///x", max_message_bytes=len(VALID)))
    assert codec.decode_event(TOPIC, VALID) == EVENT
    with pytest.raises(Undecodable, match="too_large"):
        codec.decode_event(TOPIC, VALID + b"\x00")


@pytest.mark.parametrize(
    "value", [b"\x00\x00\x00\x00\x07" + VALID[10:], VALID[10:], b"{}", b"\xc3"]
)
def test_another_frame_is_refused_and_not_guessed(value: bytes) -> None:
    assert refusal(value) == "wrong_format"


def test_an_unknown_fingerprint_is_refused_by_name() -> None:
    with pytest.raises(Undecodable, match="0102030405060708 is not in the local map") as caught:
        decode(b"\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08" + VALID[10:])
    assert caught.value.reason == "unknown_schema"


def test_another_of_our_schemas_is_refused_on_the_topic() -> None:
    assert refusal(CODEC.encode_receipt(RECEIPT)) == "wrong_schema"


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"\x01" + REST[1:], "bad_branch"),  # -1: the last branch, to a Python list
        (b"\x04" + REST[1:], "bad_branch"),
        (b"\x80\x01" + REST[1:], "bad_branch"),
        (b"\x02\x01" + REST[1:], "bad_length"),
        (b"\x02" + varint(1 << 40) + REST[1:], "truncated"),
        (b"\x02" + varint((1 << 63) - 1) + REST[1:], "truncated"),
        (b"\x02" + text(b"\xff\xfe") + REST[1:], "bad_text"),
        (b"\x02" + text(b"\xed\xa0\x80") + REST[1:], "bad_text"),  # a surrogate
        (b"\x02\x82\x80\x00ab" + REST[1:], "bad_integer"),  # 1, padded
        (b"\x02" + b"\x80" * 1000 + REST[1:], "bad_integer"),
    ],
)
def test_bytes_that_avro_forbids_are_refused(rest: bytes, reason: str) -> None:
    assert refusal(event_bytes(rest=rest)) == reason


def test_an_integer_beyond_64_bits_is_refused() -> None:
    head = FRAME + text("e") + text("created")
    assert refusal(head + varint(1 << 63) + VALID) == "bad_integer"
    assert refusal(head + b"\xff" * 9 + b"\x02" + VALID) == "bad_integer"


@pytest.mark.parametrize("count", [MAX_ITEMS + 1, 1 << 24, 1 << 40, (1 << 63) - 1, -(1 << 63)])
def test_a_list_of_more_than_a_thousand_is_refused_before_it_is_made(count: int) -> None:
    size = varint(1) if count < 0 else b""
    assert refusal(event_bytes(parents=varint(count) + size)) == "too_many"
    assert refusal(event_bytes(subjects=varint(count) + size)) == "too_many"


def test_many_small_blocks_make_no_longer_list() -> None:
    blocks = (varint(500) + text("x") * 500) * 3
    assert refusal(event_bytes(parents=blocks + b"\x00")) == "too_many"


def test_ten_thousand_parents_are_refused() -> None:
    parents = tuple(RecordId(f"p{number}") for number in range(10_000))
    assert (
        refusal(CODEC.encode_event(msgspec.structs.replace(EVENT, parents=parents))) == "too_many"
    )


def test_a_map_bomb_is_refused() -> None:
    frame = b"\xc3\x01" + schema("state").fingerprint
    data = frame + text("governor") + text("c") + b"\x00" + varint(1 << 40)
    assert refusal(data, CODEC.decode_state) == "too_many"


def test_blocks_that_tell_their_length_are_read() -> None:
    items = text("p1") + text("p2")
    parents = varint(-2) + varint(len(items)) + items + b"\x00"
    assert decode(event_bytes(parents=parents)).parents == ("p1", "p2")


@pytest.mark.parametrize("length", [0, 5, 7, -6, 1 << 40])
def test_blocks_that_lie_about_their_length_are_refused(length: int) -> None:
    items = text("p1") + text("p2")
    parents = varint(-2) + varint(length) + items + b"\x00"
    assert refusal(event_bytes(parents=parents)) in ("bad_block", "bad_length")


def test_a_boolean_other_than_0_and_1_is_refused() -> None:
    data = CODEC.encode_record(FULL_RECORD, Derived(""))
    place = data.rindex(b"\x01\x06\x00\x02\x00")  # overdue, cause_version, withdrawn, attempts, end
    broken = data[:place] + b"\x7f" + data[place + 1 :]
    assert refusal(broken, CODEC.decode_record) == "bad_boolean"


def test_a_cut_number_is_truncated() -> None:
    frame = b"\xc3\x01" + schema("measurement").fingerprint
    data = frame + text("n") + b"\x00" + double(1.5)[:4]
    assert refusal(data, CODEC.decode_measurement) == "truncated"


# -- refused: the words --------------------------------------------------------------------------


def changed(**fields: Any) -> bytes:
    return CODEC.encode_event(msgspec.structs.replace(EVENT, **fields))


def evidence(signal: str, territory: str = "GB", at: int = NOW) -> tuple[Subject, ...]:
    return (Subject(SubjectId(SECRET), (Evidence(signal, territory, Instant(at)),)),)


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


# -- whatever comes ------------------------------------------------------------------------------

READS: dict[str, Callable[[bytes], Any]] = {
    "event": decode,
    "document": lambda value: CODEC.decode_envelope("holds", value),
    "receipt": CODEC.decode_receipt,
    "record": CODEC.decode_record,
    "state": CODEC.decode_state,
    "command": CODEC.decode_command,
    "finding": CODEC.decode_finding,
    "decision": CODEC.decode_decision,
    "quarantine": CODEC.decode_quarantine,
    "measurement": CODEC.decode_measurement,
}
WHOLE = {
    "event": VALID,
    "document": CODEC.encode_envelope(ENVELOPE),
    "receipt": CODEC.encode_receipt(RECEIPT),
    "record": CODEC.encode_record(FULL_RECORD, DERIVED),
    "state": CODEC.encode_state(STATE),
    "command": CODEC.encode_command(COMMAND),
    "finding": CODEC.encode_finding(FINDING),
    "decision": CODEC.encode_decision(DECISION),
    "quarantine": CODEC.encode_quarantine(QUARANTINED),
    "measurement": CODEC.encode_measurement(MEASUREMENT),
}


@pytest.mark.parametrize("name", READS)
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300), framed=st.booleans())
def test_random_bytes_are_read_or_refused(name: str, data: bytes, framed: bool) -> None:
    frame = b"\xc3\x01" + schema(name).fingerprint if framed else b""
    assert_read_or_refused(READS[name], frame + data)


@pytest.mark.parametrize("name", READS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_changed_messages_are_read_or_refused(name: str, data: st.DataObject) -> None:
    value = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(value)))
        value[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    assert_read_or_refused(READS[name], bytes(value))


@settings(max_examples=100, deadline=None)
@given(junk=st.text(alphabet="qxz", min_size=12, max_size=40))
def test_no_part_of_a_message_stands_in_the_error(junk: str) -> None:
    for data in (changed(what=junk), changed(purpose=junk), changed(subjects=evidence(junk))):
        with pytest.raises(Undecodable) as caught:
            decode(data)
        assert junk not in str(caught.value)
        assert junk not in repr(caught.value.args)
