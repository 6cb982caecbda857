"""Writers whose schema differs from ours: what is read, and what is refused."""

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.wire.framing import Format
from pipeline.wire.schemas import parsed
from tests.test_schemas import raw
from tests.wire.avro import assert_read_or_refused, double, single_object, text, varint
from tests.wire.writers import EXTRA, FEWER, FULL, MORE, framed, refusal, variant


def test_a_writer_with_more_fields_is_read() -> None:
    event = framed(Format(), MORE).read(single_object(MORE, FULL | EXTRA))
    assert (event.kind, event.stores, event.subjects[0].subject_id) == (
        "template",
        ("images",),
        "s",
    )


def test_a_writer_with_fewer_fields_is_read_with_our_defaults() -> None:
    event = framed(Format(), FEWER).read(single_object(FEWER, FULL))
    assert (event.record_id, event.kind, event.subjects, event.recipients) == (
        "r",
        "source",
        (),
        (),
    )


def test_a_writer_with_its_fields_in_another_order_is_read() -> None:
    avro = raw("event")
    avro["fields"].reverse()
    other = parsed(json.dumps(avro), "reversed.avsc")
    assert framed(Format(), other).read(single_object(other, FULL)).parents == ("p",)


def test_a_writer_without_a_field_that_we_need_is_refused() -> None:
    other = variant(without=("record_id",))
    assert refusal(framed(Format(), other), single_object(other, FULL)) == "schema_mismatch"


def test_a_writer_whose_unit_is_not_ours_is_refused_when_it_is_loaded() -> None:
    avro = json.loads(json.dumps(raw("event")).replace("timestamp-millis", "timestamp-micros"))
    other = parsed(json.dumps(avro), "micros.avsc")
    with pytest.raises(InvalidInput, match=r"micros\.avsc: `happened_at` is timestamp-micros"):
        framed(Format("confluent"), other)


# -- a foreign writer's bytes ----------------------------------------------------------------------

TAIL = (
    b"\x02"
    + double(1.5)
    + b"\x01"
    + varint(1)
    + text("a")
    + varint(1)
    + b"\x00"
    + b"abcd"
    + text(b"\x00")
    + struct.pack("<f", 0.5)
)
"""What `MORE` ends in: score, sure, tags, crc, raw, weight."""


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"\x00" + b"\x02" + b"\x00" + b"abcd" + text(b"") + b"\x00" * 4, "bad_boolean"),
        (b"\x06" + b"\x01" + b"\x00" + b"abcd" + text(b"") + b"\x00" * 4, "bad_branch"),
        (b"\x05" + b"\x01" + b"\x00" + b"abcd" + text(b"") + b"\x00" * 4, "bad_branch"),
        (b"\x00" + b"\x01" + varint(1 << 24), "too_many"),
        (
            b"\x00\x01" + varint(-1) + varint(9) + text("a") + varint(1) + b"\x00"
            b"abcd" + text(b"") + b"\x00" * 4,
            "bad_block",
        ),
        (b"\x00\x01" + varint(1) + text("a") + varint(1 << 31) + b"\x00", "bad_integer"),
        (b"\x00\x01\x00" + b"abcd" + varint(-1) + b"\x00" * 4, "bad_length"),
        (b"\x00\x01\x00" + b"abcd" + text(b"") + b"\x00" * 3, "truncated"),
        (b"\x00\x01\x00" + b"abcd" + text(b"") + b"\x00" * 5, "trailing_bytes"),
        (b"\x00\x01\x00" + b"abcd" + b"\x82\x80\x00a" + b"\x00" * 4, "bad_integer"),
    ],
)
def test_bytes_that_avro_forbids_do_not_reach_fastavro(tail: bytes, reason: str) -> None:
    whole = single_object(MORE, FULL | EXTRA)
    assert whole.endswith(TAIL)
    value = whole.removesuffix(TAIL) + tail
    assert refusal(framed(Format(), MORE), value) == reason


def test_lists_within_lists_of_a_foreign_writer_are_counted_together() -> None:
    evidence = {"signal": "", "territory": "", "observed_at": 0}
    many = [{"subject_id": "s", "evidence": [evidence] * 999}] * 11
    reader = framed(Format(), MORE)
    assert (
        len(reader.read(single_object(MORE, FULL | EXTRA | {"subjects": many[:9]})).subjects) == 9
    )
    assert refusal(reader, single_object(MORE, FULL | EXTRA | {"subjects": many})) == "too_many"


def test_the_first_field_of_a_foreign_writer_may_not_be_an_unknown_symbol() -> None:
    value = bytearray(single_object(MORE, FULL | EXTRA))
    for head in (0x01, 0x04, 0x80):
        value[10] = head
        assert refusal(framed(Format(), MORE), bytes(value)) == "bad_branch"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_changed_messages_of_a_foreign_writer_are_read_or_refused(data: st.DataObject) -> None:
    reader = framed(Format(), MORE, FEWER)
    whole = data.draw(
        st.sampled_from([single_object(MORE, FULL | EXTRA), single_object(FEWER, FULL)])
    )
    value = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(10, len(value)))
        value[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    assert_read_or_refused(reader.read, bytes(value))
