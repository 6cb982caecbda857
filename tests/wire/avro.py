"""Makes data of any schema, and bytes that no library would write."""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any

import fastavro
from hypothesis import strategies as st

from pipeline.errors import Undecodable
from pipeline.wire.schemas import Schema

LONGS = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(0, 300)
TEXTS = st.text(max_size=80)


def data_of(avro: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a schema, as fastavro takes them."""
    if isinstance(avro, list):
        return st.one_of([data_of(branch, named) for branch in avro])
    kind = avro if isinstance(avro, str) else avro["type"]
    if kind in _PRIMITIVES:
        return _PRIMITIVES[kind]
    if kind == "array":
        return st.lists(data_of(avro["items"], named), max_size=4)
    if kind == "map":
        return st.dictionaries(TEXTS, data_of(avro["values"], named), max_size=4)
    if kind == "record":
        names = [field["name"] for field in avro["fields"]]
        values = st.tuples(*(data_of(field["type"], named) for field in avro["fields"]))
        # In the order of the schema, which `fixed_dictionaries` does not keep.
        return values.map(lambda drawn: dict(zip(names, drawn, strict=True)))
    return data_of(named[kind], named)


_PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(1 << 31), (1 << 31) - 1),
    "long": LONGS,
    "double": st.floats(allow_nan=False),
    "string": TEXTS,
}


def written(schema: Schema, datum: Any, frame: bytes = b"") -> bytes:
    """Return what fastavro writes for a value, after a frame."""
    stream = BytesIO()
    stream.write(frame)
    fastavro.schemaless_writer(stream, schema.avro, datum)
    return stream.getvalue()


def single_object(schema: Schema, datum: Any) -> bytes:
    """Return a value in single-object encoding."""
    return written(schema, datum, b"\xc3\x01" + schema.fingerprint)


def tuples(value: Any) -> Any:
    """Return a value with tuples in place of lists, as our reader has them."""
    if isinstance(value, list):
        return tuple(tuples(item) for item in value)
    if isinstance(value, dict):
        return {name: tuples(item) for name, item in value.items()}
    return value


def varint(value: int) -> bytes:
    """Return an integer in zig-zag groups of seven bits, of any size."""
    rest = (value << 1) if value >= 0 else ((-value << 1) - 1)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def text(value: str | bytes) -> bytes:
    """Return a text, or bytes where a text should be."""
    data = value.encode() if isinstance(value, str) else value
    return varint(len(data)) + data


def double(value: float) -> bytes:
    """Return a double."""
    return struct.pack("<d", value)


def assert_read_or_refused(read: Callable[[bytes], Any], data: bytes) -> None:
    """Fail when anything but `Undecodable` is raised."""
    reason = "read"
    try:
        read(data)
    except Undecodable as error:
        reason = error.reason
    assert reason.isidentifier()
