"""Bytes that are no message: cut, padded, swollen, or of another schema."""

import msgspec
import pytest

from pipeline.errors import Undecodable
from pipeline.events import MAX_ITEMS
from pipeline.identifiers import RecordId
from pipeline.ledger.inventory import Derived
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.guard import MAX_IN_ALL, MAX_OWN_BYTES
from pipeline.wire.schemas import schema
from tests.wire.avro import double, text, varint
from tests.wire.refusals import CODEC, FRAME, VALID, decode, refusal
from tests.wire.values import EVENT, FULL_RECORD, NOW, RECEIPT, TOPIC

START = text("e") + text("created") + varint(NOW) + text("r") + text("source")
REST = b"\x00" * 9  # purpose to fields, all empty


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


@pytest.mark.parametrize(("size", "times"), [(500, 3), (60, 17)])  # a count of two bytes, of one
def test_many_small_blocks_make_no_longer_list(size: int, times: int) -> None:
    blocks = (varint(size) + text("x") * size) * times
    assert refusal(event_bytes(parents=blocks + b"\x00")) == "too_many"


def evidence_bytes(subjects: int, each: int) -> bytes:
    """Subjects with so much evidence each, of three bytes an entry."""
    subject = text("s") + varint(each) + b"\x00" * 3 * each + b"\x00"
    return event_bytes(subjects=varint(subjects) + subject * subjects + b"\x00")


def test_lists_within_lists_make_no_more_entries_than_one_message_may_have() -> None:
    each = 999
    within = MAX_IN_ALL // (each + 1)
    assert refusal(evidence_bytes(within, each)) == "unknown_word"
    assert refusal(evidence_bytes(within + 1, each)) == "too_many"
    assert refusal(evidence_bytes(340, 1_000)) == "too_many"


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


def test_even_our_own_rows_have_a_limit() -> None:
    data = b"\xc3\x01" + schema("record").fingerprint + bytes(MAX_OWN_BYTES)
    assert refusal(data, CODEC.decode_record) == "too_large"


def test_a_boolean_other_than_0_and_1_is_refused() -> None:
    data = CODEC.encode_record(FULL_RECORD, Derived(""))
    place = data.rindex(b"\x01\x06\x00\x02\x00")  # overdue, cause_version, withdrawn, attempts, end
    broken = data[:place] + b"\x7f" + data[place + 1 :]
    assert refusal(broken, CODEC.decode_record) == "bad_boolean"


def test_a_cut_number_is_truncated() -> None:
    frame = b"\xc3\x01" + schema("measurement").fingerprint
    data = frame + text("n") + b"\x00" + double(1.5)[:4]
    assert refusal(data, CODEC.decode_measurement) == "truncated"
