"""Frames, the map of schema ids, and writers whose schema differs from ours."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidInput, Undecodable
from pipeline.settings import Settings
from pipeline.wire.codec import MAKERS, Codec
from pipeline.wire.framing import Decoder, Format, Framed, SchemaIds, parse_formats
from pipeline.wire.schemas import Schema, parsed, schema
from tests.test_schemas import raw
from tests.wire.avro import assert_read_or_refused, double, single_object, text, varint, written
from tests.wire.values import EVENT, NOW, TOPIC

FULL = {
    "event_id": "e",
    "what": "created",
    "happened_at": NOW,
    "record_id": "r",
    "kind": "template",
    "parents": ["p"],
    "subjects": [
        {
            "subject_id": "s",
            "evidence": [{"signal": "declared", "territory": "GB", "observed_at": NOW}],
        }
    ],
    "purpose": None,
    "lawful_basis": None,
    "categories": [],
    "source": None,
    "stores": ["images"],
    "recipients": [],
    "collected_at": None,
    "natural_key_hash": None,
}


def variant(*, more: Any = (), without: Any = (), first: Any = ()) -> Schema:
    """Our event with other fields."""
    avro = raw("event")
    kept = [field for field in avro["fields"] if field["name"] not in without]
    avro["fields"] = [*first, *kept, *more]
    return parsed(json.dumps(avro), "variant.avsc")


MORE = variant(
    first=[{"name": "mood", "type": {"type": "enum", "name": "Mood", "symbols": ["A", "B"]}}],
    more=[
        {"name": "score", "type": ["null", "double", "string"], "default": None},
        {"name": "sure", "type": "boolean"},
        {"name": "tags", "type": {"type": "map", "values": "int"}, "default": {}},
        {"name": "crc", "type": {"type": "fixed", "name": "Crc", "size": 4}},
        {"name": "raw", "type": "bytes"},
        {"name": "weight", "type": "float"},
    ],
)
FEWER = variant(without=("natural_key_hash", "recipients", "collected_at", "subjects", "kind"))
EXTRA = {
    "mood": "B",
    "score": 1.5,
    "sure": True,
    "tags": {"a": 1},
    "crc": b"abcd",
    "raw": b"\x00",
    "weight": 0.5,
}


def framed(form: Format, *others: Schema) -> Framed:
    return Framed(schema("event"), MAKERS, form, SchemaIds(dict(enumerate(others, 7))))


def refusal(reader: Framed, value: bytes) -> str:
    with pytest.raises(Undecodable) as caught:
        reader.read(value)
    assert caught.value.__cause__ is None
    return caught.value.reason


# -- frames --------------------------------------------------------------------------------------


def test_a_confluent_message_is_read_by_the_id_of_the_map() -> None:
    value = written(schema("event"), FULL, b"\x00\x00\x00\x00\x07")
    assert framed(Format("confluent"), schema("event")).read(value).parents == ("p",)


def test_an_unknown_confluent_id_is_refused_by_number() -> None:
    value = written(schema("event"), FULL, b"\x00\x00\x00\x01\x00")
    with pytest.raises(Undecodable, match="schema 256 is not in the local map"):
        framed(Format("confluent"), schema("event")).read(value)


@pytest.mark.parametrize("frame", [b"\x01\x00\x00\x00\x07", b"\xc3\x01\x00\x00\x07"])
def test_a_wrong_magic_byte_is_refused(frame: bytes) -> None:
    value = written(schema("event"), FULL, frame)
    assert refusal(framed(Format("confluent"), schema("event")), value) == "wrong_format"


def test_a_frame_cut_short_is_truncated() -> None:
    assert refusal(framed(Format("confluent"), schema("event")), b"\x00\x00") == "truncated"
    assert refusal(framed(Format()), b"\xc3\x01\x00") == "truncated"


def test_a_plain_message_is_read_with_the_pinned_schema() -> None:
    ours = framed(Format("plain"))
    assert ours.read(written(schema("event"), FULL)).record_id == "r"
    pinned = framed(Format("plain", "7"), MORE)
    assert pinned.read(written(MORE, FULL | EXTRA)).record_id == "r"


def test_a_framed_message_on_a_plain_topic_is_not_guessed() -> None:
    with pytest.raises(Undecodable):
        framed(Format("plain")).read(single_object(schema("event"), FULL))


def test_a_plain_topic_cannot_be_pinned_to_another_record() -> None:
    with pytest.raises(InvalidInput, match="record called Event"):
        framed(Format("plain", "receipt"))


def test_a_topic_without_format_is_a_mistake_of_the_caller() -> None:
    decoder = Decoder(schema("event"), MAKERS, {"a": Format()}, SchemaIds())
    assert decoder.decode("a", single_object(schema("event"), FULL)).record_id == "r"
    with pytest.raises(InvalidInput, match="topic b has no format"):
        decoder.decode("b", b"")


# -- evolution -----------------------------------------------------------------------------------


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


# -- formats and the map -------------------------------------------------------------------------


def test_formats_are_read_as_they_are_written() -> None:
    assert parse_formats(["a=confluent", "b=plain:12", "c=plain", "d=single-object"]) == {
        "a": Format("confluent"),
        "b": Format("plain", "12"),
        "c": Format("plain"),
        "d": Format("single-object"),
    }


@pytest.mark.parametrize("wrong", ["a", "a=", "=plain", "a=avro", "a=confluent:7", "a=auto"])
def test_a_format_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="is not a format"):
        parse_formats([wrong])


def test_two_formats_for_one_topic_are_refused() -> None:
    with pytest.raises(InvalidInput, match="two formats"):
        parse_formats(["a=plain", "a=confluent"])


def test_a_format_for_a_topic_that_is_not_read_is_refused() -> None:
    with pytest.raises(InvalidInput, match="photos, which is not an ingestion topic"):
        Codec.from_settings(Settings("sqlite:///x", formats=("photos=plain",)))


def test_a_codec_reads_each_topic_in_its_own_format(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text('{"schemas": {"7": "event"}}')
    codec = Codec.from_settings(
        Settings(
            "sqlite:///x",
            events=(TOPIC, "photos", "faces"),
            formats=("photos=confluent", "faces=plain"),
            schema_map=str(tmp_path / "map.json"),
        )
    )
    value = codec.encode_event(EVENT)
    assert codec.decode_event(TOPIC, value) == EVENT
    assert codec.decode_event("photos", b"\x00\x00\x00\x00\x07" + value[10:]) == EVENT
    assert codec.decode_event("faces", value[10:]) == EVENT
    with pytest.raises(Undecodable, match="wrong_format"):
        codec.decode_event("photos", value)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "one mapping"),
        ("schemas: [event]", "one mapping"),
        ("schemas: {7: event}\nmore: 1", "one mapping"),
        ("schemas: {x: event}", "`x` is not an id"),
        ("schemas: {-1: event}", "`-1` is not an id"),
        ("schemas: {true: event}", "`True` is not an id"),
        ("schemas: {4294967296: event}", "is not an id"),
        ("schemas: {7: 8}", "must be a file"),
        ("schemas: {7: gone.avsc}", "cannot be read"),
        ("schemas: {7: event", "cannot be read"),
        ("!!python/object/apply:os.system [exit]", "cannot be read"),
    ],
)
def test_a_wrong_map_is_refused(content: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(content)
    with pytest.raises(InvalidInput, match=what):
        SchemaIds.load(tmp_path / "map.yaml")


def test_a_pinned_schema_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="neither ours nor an id"):
        framed(Format("plain", "9"))
    with pytest.raises(InvalidInput, match="neither ours nor an id"):
        framed(Format("plain", "events"))
