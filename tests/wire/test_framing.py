"""Frames, the formats of topics, and the map of schema ids."""

from pathlib import Path

import pytest

from pipeline.errors import InvalidInput, Undecodable
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.framing import Decoder, Format, SchemaIds, parse_formats
from pipeline.wire.makers import MAKERS
from pipeline.wire.schemas import schema
from tests.wire.avro import single_object, written
from tests.wire.values import EVENT, TOPIC
from tests.wire.writers import EXTRA, FULL, MORE, framed, refusal


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
        ("schemas: {7: 2026-13-45}", "cannot be read"),
        ("[" * 10_000, "cannot be read"),
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
