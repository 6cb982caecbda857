"""Walks a message's bytes along its schema before fastavro may see them.

fastavro 1.13 accepts what Avro forbids (negative union indices, integers padded with empty bytes,
trailing bytes), and gives one value many encodings. The walk refuses all of it, and creates nothing
while it looks; what passes has exactly one reading, so fastavro can only confirm it. Why that is
enough: a schema that was admitted (`admission`) does not contain itself and has no item without
bytes, so the walk is as deep as the schema, takes at most one step a byte and type, and every list
is bounded both by `max_items` and by the bytes that are there. UTF-8 is left to fastavro, which is
strict about it. The walk of an event of one subject takes about 4 µs.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader
from fastavro.read import SchemaResolutionError

from pipeline.errors import Undecodable
from pipeline.wire.schemas import Schema

MAX_BYTES = 1 << 20
"""Largest message, its frame included."""
MAX_ITEMS = 1_000
"""Entries of a list or map in a message that others write."""
MAX_OWN_ITEMS = 1_000_000
"""The same in our own topics: records gather what many events said."""

Walk = Callable[[bytes, int], int]
"""Data and the position of a value to the position after it."""
Read = Callable[[bytes, int], dict[str, Any]]
"""Data and the position after its frame to the value."""

_NOT_ONE_SMALL = 0x81
"""Bits of a first byte that make a length or index negative (zig-zag) or longer than a byte."""
_LAST_OF_64 = 9
"""Place of the tenth byte of an integer, which may hold the 64th bit only."""


def guarded(writer: Schema, reader: Schema, *, max_bytes: int, max_items: int) -> Read:
    """Return a function that decodes what `writer` wrote into the fields of `reader`.

    It raises `Undecodable` and nothing else, without a word of the payload.
    """
    walk = _Compiler(writer, max_items).walk(writer.avro)
    reader_avro = None if reader.fingerprint == writer.fingerprint else reader.avro
    writer_avro = writer.avro

    def read(data: bytes, start: int) -> dict[str, Any]:
        if len(data) > max_bytes:
            raise Undecodable("too_large", f"the message is larger than {max_bytes} bytes")
        try:
            end = walk(data, start)
            if end != len(data):
                raise _remainder(end, len(data))
            stream = BytesIO(data)
            stream.seek(start)
            found: dict[str, Any] = schemaless_reader(stream, writer_avro, reader_avro)
        except (IndexError, EOFError):
            raise _remainder(1, 0) from None
        except UnicodeDecodeError:
            # The chained error would carry the payload; so everywhere below.
            raise Undecodable("bad_text", "a text is not UTF-8") from None
        except SchemaResolutionError:
            detail = f"a value of the writer's schema does not fit our {reader.short_name}"
            raise Undecodable("schema_mismatch", detail) from None
        except (ValueError, TypeError, KeyError, OverflowError):
            raise Undecodable("undecodable", "the bytes do not fit the schema") from None
        return found

    return read


def _remainder(end: int, length: int) -> Undecodable:
    if end > length:
        return Undecodable("truncated", "the message ends before its value does")
    return Undecodable("trailing_bytes", "bytes follow after the value")


class _Compiler:
    """Turns a schema into nested functions; each named type once."""

    def __init__(self, schema: Schema, max_items: int) -> None:
        self._named = schema.named
        self._most = max_items
        self._done: dict[str, Walk] = {}

    def walk(self, avro: Any) -> Walk:
        if isinstance(avro, list):
            return _union(tuple(self.walk(branch) for branch in avro))
        kind = avro if isinstance(avro, str) else avro["type"]
        if not isinstance(kind, str):
            return self.walk(kind)
        if kind in _PRIMITIVES:
            return _PRIMITIVES[kind]
        if kind == "array":
            return _blocks(self.walk(avro["items"]), self._most)
        if kind == "map":
            return _blocks(_record((_text, self.walk(avro["values"]))), self._most)
        if kind == "enum":
            return _union((_nothing,) * len(avro["symbols"]))
        if kind == "fixed":
            return _wide(avro["size"])
        if kind == "record":
            return _record(tuple(self.walk(field["type"]) for field in avro["fields"]))
        if kind not in self._done:
            self._done[kind] = self.walk(self._named[kind])
        return self._done[kind]


def _record(fields: tuple[Walk, ...]) -> Walk:
    def walk(data: bytes, at: int) -> int:
        for field in fields:
            at = field(data, at)
        return at

    return walk


def _union(branches: tuple[Walk, ...]) -> Walk:
    count = len(branches)

    def walk(data: bytes, at: int) -> int:
        head = data[at]
        branch = head >> 1
        if head & _NOT_ONE_SMALL or branch >= count:
            raise Undecodable("bad_branch", "the index of a union or enum is out of range")
        return branches[branch](data, at + 1)

    return walk


def _blocks(item: Walk, most: int) -> Walk:
    def walk(data: bytes, at: int) -> int:
        seen = 0
        while data[at]:
            count, at = _number(data, at)
            end = None
            if count < 0:
                count = -count
                size, at = _number(data, at)
                end = at + size
            seen += count
            if seen > most:
                raise Undecodable("too_many", f"a list has more than {most} entries")
            for _ in range(count):
                at = item(data, at)
            if end is not None and at != end:
                raise Undecodable("bad_block", "a block of a list has not the length it says")
        return at + 1

    return walk


def _wide(size: int) -> Walk:
    def walk(_data: bytes, at: int) -> int:
        return at + size

    return walk


def _nothing(_data: bytes, at: int) -> int:
    return at


def _text(data: bytes, at: int) -> int:
    head = data[at]
    if not head & _NOT_ONE_SMALL:
        return at + 1 + (head >> 1)
    length, at = _number(data, at)
    if length < 0:
        raise Undecodable("bad_length", "a length is negative")
    return at + length


def _boolean(data: bytes, at: int) -> int:
    if data[at] > 1:
        raise Undecodable("bad_boolean", "a boolean is neither 0 nor 1")
    return at + 1


def _long(data: bytes, at: int) -> int:
    start = at
    while data[at] >= 0x80:
        at += 1
    if at != start:
        _check_integer(data, start, at)
    return at + 1


def _int(data: bytes, at: int) -> int:
    value, at = _number(data, at)
    if not -(1 << 31) <= value < 1 << 31:
        raise Undecodable("bad_integer", "an integer does not fit in 32 bits")
    return at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return the integer at a position, and the position after it."""
    head = data[at]
    if head < 0x80:
        return (head >> 1) ^ -(head & 1), at + 1
    end = _long(data, at)
    value = 0
    for byte in reversed(data[at:end]):
        value = value << 7 | byte & 0x7F
    return (value >> 1) ^ -(value & 1), end


def _check_integer(data: bytes, start: int, last: int) -> None:
    length = last - start
    if data[last] == 0 or length > _LAST_OF_64 or (length == _LAST_OF_64 and data[last] > 1):
        raise Undecodable("bad_integer", "an integer is padded or exceeds 64 bits")


_PRIMITIVES: dict[str, Walk] = {
    "null": _nothing,
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "float": _wide(4),
    "double": _wide(8),
    "bytes": _text,
    "string": _text,
}
