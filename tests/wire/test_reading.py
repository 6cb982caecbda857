"""Our reader and writer against fastavro: the same bytes and values, on every schema."""

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Undecodable
from pipeline.wire.guard import MAX_BYTES, MAX_IN_ALL, MAX_ITEMS, guarded, walker
from pipeline.wire.reading import reader
from pipeline.wire.resolved import maker_of_fields
from pipeline.wire.schemas import SCHEMAS, schema
from pipeline.wire.writing import writer
from tests.wire.avro import data_of, tuples, varint, written


def in_order(value: Any) -> Any:
    """A record's fields in order, as our writer takes them: records and lists become tuples."""
    if isinstance(value, dict):
        return tuple(in_order(item) for item in value.values())
    if isinstance(value, list):
        return tuple(in_order(item) for item in value)
    return value


def fields_in_order(name: str, datum: dict[str, Any]) -> tuple[Any, ...]:
    maps = {
        field["name"]
        for field in schema(name).avro["fields"]
        if isinstance(field["type"], dict) and field["type"]["type"] == "map"
    }
    return tuple(item if key in maps else in_order(item) for key, item in datum.items())


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_both_write_the_same_bytes_and_read_the_same_value(name: str, data: st.DataObject) -> None:
    ours = schema(name)
    datum = data.draw(data_of(ours.avro, dict(ours.named)))
    encoded = written(ours, datum)
    write = writer(ours)
    for _ in range(2):  # again from what was kept of the first time
        out = bytearray()
        write(out, fields_in_order(name, datum))
        assert bytes(out) == encoded
    assert reader(ours, {}, MAX_ITEMS, MAX_IN_ALL)(encoded, 0) == (tuples(datum), len(encoded))


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_walk_ends_where_the_value_does(name: str, data: st.DataObject) -> None:
    ours = schema(name)
    datum = data.draw(data_of(ours.avro, dict(ours.named)))
    encoded = written(ours, datum)
    assert walker(ours, MAX_ITEMS, MAX_IN_ALL)(encoded, 0) == len(encoded)
    read = fastavro.schemaless_reader(BytesIO(encoded), ours.avro, None)
    assert maker_of_fields(ours, {})(read) == tuples(datum)


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_we_read_of_any_bytes_fastavro_reads_too(name: str, data: st.DataObject) -> None:
    ours = schema(name)
    encoded = bytearray(written(ours, data.draw(data_of(ours.avro, dict(ours.named)))))
    place = data.draw(st.integers(0, len(encoded)))
    encoded[place : place + 1] = data.draw(st.binary(max_size=3))
    try:
        value, end = reader(ours, {}, MAX_ITEMS, MAX_IN_ALL)(bytes(encoded), 0)
    except Exception:  # noqa: BLE001  # any refusal is right here
        return
    if end == len(encoded):
        read = fastavro.schemaless_reader(BytesIO(encoded), ours.avro, None)
        assert repr(value) == repr(tuples(read))  # NaN differs from itself


@given(value=st.integers(-(1 << 63), (1 << 63) - 1))
def test_an_integer_is_read_in_its_shortest_form_only(value: int) -> None:
    encoded = varint(value)
    ours = schema("state")
    head = b"\x00\x00\x00\x00\x00"  # kind, name, shard, numbers, texts
    read = guarded(ours, ours, {}, max_bytes=MAX_BYTES, max_items=MAX_ITEMS, max_in_all=MAX_IN_ALL)
    assert read(head + encoded, 0)["version"] == value
    padded = encoded[:-1] + bytes([encoded[-1] | 0x80, 0])
    with pytest.raises(Undecodable, match="bad_integer"):
        read(head + padded, 0)


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1])
def test_an_integer_beyond_64_bits_is_not_written(value: int) -> None:
    with pytest.raises(OverflowError):
        writer(schema("state"))(bytearray(), ("", "", 0, {}, (), value))


def test_a_shard_beyond_32_bits_is_not_written() -> None:
    with pytest.raises(OverflowError):
        writer(schema("state"))(bytearray(), ("", "", 1 << 31, {}, (), 0))


def test_too_few_fields_are_not_written() -> None:
    with pytest.raises(ValueError, match="not enough"):
        writer(schema("lineage"))(bytearray(), ("a", "b"))
