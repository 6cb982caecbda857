"""Reads Avro bytes written with one of our schemas, strictly, into values.

Twice as fast as fastavro, the walk that it needs before it (`guard`) and the making of values after
it; and stricter than fastavro by itself: there is one encoding of a value and this reads no other.
Nothing is allocated before the bytes for it are there, and a list is bounded by `most`. The tests
hold it against fastavro on every schema.
"""

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any

from pipeline.wire.integers import (
    NOT_ONE_SMALL,
    bad_block,
    bad_boolean,
    bad_branch,
    block,
    length,
    number,
    small,
)
from pipeline.wire.schemas import Schema, is_optional

Reader = Callable[[bytes, int], tuple[Any, int]]
"""Data and a position to the value there and the position after it."""
Maker = Callable[..., Any]
"""Takes the fields of a record in order."""


def reader(schema: Schema, makers: Mapping[str, Maker], most: int) -> Reader:
    """Return the function that reads one of our schemas.

    Lists become tuples and maps dictionaries. The function raises `Undecodable`, IndexError and
    struct.error for missing bytes, and UnicodeDecodeError; a text that ends after the data moves
    the position past the end, which the caller must check.

    Args:
        schema: one of ours: its unions are of null and one other type.
        makers: by record, without namespace; a record without one becomes a dictionary.
        most: entries of a list or map.
    """
    return _Compiler(schema, makers, most).reader(schema.avro)


class _Compiler:
    """Turns a schema into nested functions."""

    def __init__(self, schema: Schema, makers: Mapping[str, Maker], most: int) -> None:
        self._named = schema.named
        self._makers = makers
        self._most = most

    def reader(self, avro: Any) -> Reader:
        if is_optional(avro):
            return _optional(self.reader(avro[1]))
        kind = avro if isinstance(avro, str) else avro["type"]
        if not isinstance(kind, str):
            return self.reader(kind)
        if kind == "array":
            return _listed(self.reader(avro["items"]), self._most, tuple)
        if kind == "map":
            return _listed(_pair(self.reader(avro["values"])), self._most, dict)
        if kind == "record":
            return self._record(avro)
        if kind in _PRIMITIVES:
            return _PRIMITIVES[kind]
        return self.reader(self._named[kind])

    def _record(self, avro: Any) -> Reader:
        fields = tuple(self.reader(field["type"]) for field in avro["fields"])
        short_name = avro["name"].rpartition(".")[2]
        maker = self._makers.get(short_name)
        if maker is None:
            names = tuple(field["name"] for field in avro["fields"])
            return _record(fields, lambda *values: dict(zip(names, values, strict=True)))
        return _record(fields, maker)


def _record(fields: tuple[Reader, ...], maker: Maker) -> Reader:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        values = []
        for field in fields:
            value, at = field(data, at)
            values.append(value)
        return maker(*values), at

    return read


def _optional(present: Reader) -> Reader:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        branch = data[at]
        if branch == 0:
            return None, at + 1
        if branch == 2:  # zig-zag of 1
            return present(data, at + 1)
        raise bad_branch()

    return read


def _listed(item: Reader, most: int, kind: Callable[[list[Any]], Any]) -> Reader:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        values: list[Any] = []
        while data[at]:
            count, at, end = block(data, at, most - len(values))
            for _ in range(count):
                value, at = item(data, at)
                values.append(value)
            if end is not None and at != end:
                raise bad_block()
        return kind(values), at + 1

    return read


def _pair(value: Reader) -> Reader:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        name, at = _text(data, at)
        found, at = value(data, at)
        return (name, found), at

    return read


def _text(data: bytes, at: int) -> tuple[str, int]:
    head = data[at]
    if head & NOT_ONE_SMALL:
        size, at = length(data, at)
        end = at + size
    else:
        at += 1
        end = at + (head >> 1)
    return data[at:end].decode(), end


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    value = data[at]
    if value > 1:
        raise bad_boolean()
    return value == 1, at + 1


_DOUBLE = Struct("<d")


def _double(data: bytes, at: int) -> tuple[float, int]:
    return _DOUBLE.unpack_from(data, at)[0], at + _DOUBLE.size


_PRIMITIVES: dict[str, Reader] = {
    "boolean": _boolean,
    "int": small,
    "long": number,
    "double": _double,
    "string": _text,
}
