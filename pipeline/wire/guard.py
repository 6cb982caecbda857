"""What stands between a message's bytes and a value: sizes, and a walk before fastavro sees them.

Messages written with our own schema are read by `reading`, which is strict by itself. What another
schema wrote needs Avro's resolution, which is fastavro's; and fastavro 1.13 accepts what Avro
forbids (negative union indices, padded integers, trailing bytes). The walk refuses all of it, and
creates nothing while it looks. Why that is enough: an admitted schema (`admission`) does not
contain itself and has no item without bytes, so the walk is as deep as the schema and takes at most
one step a byte and type; every list is bounded by `most` and by the bytes that are there, and all
lists of a message by `in_all`, since lists within lists multiply what a few bytes cost; and what
passes has exactly one reading, so fastavro can only confirm it. UTF-8 is left to fastavro, which is
strict.
"""

import struct
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader
from fastavro.read import SchemaResolutionError

from pipeline.errors import Undecodable
from pipeline.wire.integers import (
    NOT_ONE_SMALL,
    bad_block,
    bad_boolean,
    bad_branch,
    block,
    length,
    number,
    small,
    too_many,
)
from pipeline.wire.reading import Maker, Reader, reader
from pipeline.wire.resolved import Make, maker_of_fields
from pipeline.wire.schemas import Schema

MAX_BYTES = 1 << 20
"""Largest message, its frame included."""
MAX_OWN_BYTES = 1 << 26
"""The same in our own topics: what the broker took from us must come back."""
MAX_ITEMS = 1_000
"""Entries of a list or map in a message that others write."""
MAX_IN_ALL = 10_000
"""Entries of all lists of a message that others write: three bytes are enough for one."""
MAX_OWN_ITEMS = 1_000_000
"""Entries of a list in our own topics: records gather what many events said."""

Walk = Callable[[bytes, int], int]
"""Data and the position of a value to the position after it."""
_Step = Callable[[bytes, int, list[int]], int]
"""The same; the list holds how many entries may still come."""
Read = Callable[[bytes, int], Any]
"""Data and the position after its frame to the value."""


def guarded(
    written: Schema,
    wanted: Schema,
    makers: Mapping[str, Maker],
    *,
    max_bytes: int,
    max_items: int,
    max_in_all: int,
) -> Read:
    """Return a function that reads what `written` wrote into a value of `wanted`.

    It raises `Undecodable` and nothing else, without a word of the payload.
    """
    if written.fingerprint == wanted.fingerprint:
        inner = _own(reader(wanted, makers, max_items, max_in_all))
    else:
        inner = _foreign(
            walker(written, max_items, max_in_all),
            maker_of_fields(wanted, makers),
            written.avro,
            wanted.avro,
        )

    def read(data: bytes, start: int) -> Any:
        if len(data) > max_bytes:
            raise Undecodable("too_large", f"the message is larger than {max_bytes} bytes")
        # `from None` throughout: the chained error would carry the payload.
        try:
            return inner(data, start)
        except (IndexError, EOFError, struct.error):
            raise _remainder(1, 0) from None
        except UnicodeDecodeError:
            raise Undecodable("bad_text", "a text is not UTF-8") from None
        except SchemaResolutionError:
            detail = f"a value of the writer's schema does not fit our {wanted.short_name}"
            raise Undecodable("schema_mismatch", detail) from None
        except (ValueError, TypeError, KeyError, OverflowError):
            raise Undecodable("undecodable", "the bytes do not fit the schema") from None

    return read


def _own(inner: Reader) -> Read:
    def read(data: bytes, start: int) -> Any:
        value, end = inner(data, start)
        if end != len(data):
            raise _remainder(end, len(data))
        return value

    return read


def _foreign(walk: Walk, make: Make, writer_avro: Any, reader_avro: Any) -> Read:
    def read(data: bytes, start: int) -> Any:
        end = walk(data, start)
        if end != len(data):
            raise _remainder(end, len(data))
        stream = BytesIO(data)
        stream.seek(start)
        return make(schemaless_reader(stream, writer_avro, reader_avro))

    return read


def _remainder(end: int, size: int) -> Undecodable:
    if end > size:
        return Undecodable("truncated", "the message ends before its value does")
    return Undecodable("trailing_bytes", "bytes follow after the value")


def walker(schema: Schema, most: int, in_all: int) -> Walk:
    """Return the function that walks a value of an admitted schema.

    It raises `Undecodable`, and IndexError for missing bytes; a text that ends after the data moves
    the position past the end, which the caller must check.
    """
    step = _Compiler(schema, most).walk(schema.avro)
    return lambda data, at: step(data, at, [in_all])


class _Compiler:
    """Turns a schema into nested functions; each named type once."""

    def __init__(self, schema: Schema, most: int) -> None:
        self._named = schema.named
        self._most = most
        self._done: dict[str, _Step] = {}

    def walk(self, avro: Any) -> _Step:
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


def _record(fields: tuple[_Step, ...]) -> _Step:
    def walk(data: bytes, at: int, left: list[int]) -> int:
        for field in fields:
            at = field(data, at, left)
        return at

    return walk


def _union(branches: tuple[_Step, ...]) -> _Step:
    count = len(branches)

    def walk(data: bytes, at: int, left: list[int]) -> int:
        head = data[at]
        branch = head >> 1
        if head & NOT_ONE_SMALL or branch >= count:
            raise bad_branch()
        return branches[branch](data, at + 1, left)

    return walk


def _blocks(item: _Step, most: int) -> _Step:
    def walk(data: bytes, at: int, left: list[int]) -> int:
        room = most
        while data[at]:
            count, at, end = block(data, at, room)
            room -= count
            left[0] -= count
            if left[0] < 0:
                raise too_many()
            for _ in range(count):
                at = item(data, at, left)
            if end is not None and at != end:
                raise bad_block()
        return at + 1

    return walk


def _wide(size: int) -> _Step:
    def walk(_data: bytes, at: int, _left: list[int]) -> int:
        return at + size

    return walk


def _nothing(_data: bytes, at: int, _left: list[int]) -> int:
    return at


def _text(data: bytes, at: int, _left: list[int]) -> int:
    size, at = length(data, at)
    return at + size


def _boolean(data: bytes, at: int, _left: list[int]) -> int:
    if data[at] > 1:
        raise bad_boolean()
    return at + 1


_PRIMITIVES: dict[str, _Step] = {
    "null": _nothing,
    "boolean": _boolean,
    "int": lambda data, at, _: small(data, at)[1],
    "long": lambda data, at, _: number(data, at)[1],
    "float": _wide(4),
    "double": _wide(8),
    "bytes": _text,
    "string": _text,
}
