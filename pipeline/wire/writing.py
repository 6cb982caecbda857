"""Writes values as Avro bytes of one of our schemas.

In about two thirds of the time of fastavro and the dictionaries it needs (`tests/wire/speed.py`).
A value's fields are those of its schema in the same order; `tests/test_schemas.py` holds them
against each other, and `tests/wire` what is written against fastavro.
"""

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Any

from msgspec.structs import astuple

from pipeline.wire.schemas import Schema, is_optional

Writer = Callable[[bytearray, Any], None]
"""Appends a value to the bytes so far."""


def writer(schema: Schema) -> Callable[[bytearray, Sequence[Any]], None]:
    """Return the function that appends a record, given its fields in order.

    Records inside it are values (msgspec) or tuples of their fields.
    """
    return _fields(schema.avro, schema.named)


def _fields(avro: Any, named: Mapping[str, Any]) -> Writer:
    fields = tuple(_writer(field["type"], named) for field in avro["fields"])

    def write(out: bytearray, values: Sequence[Any]) -> None:
        for field, value in zip(fields, values, strict=True):
            field(out, value)

    return write


def _writer(avro: Any, named: Mapping[str, Any]) -> Writer:
    if is_optional(avro):
        return _optional(_writer(avro[1], named))
    kind = avro if isinstance(avro, str) else avro["type"]
    if not isinstance(kind, str):
        return _writer(kind, named)
    if kind == "array":
        return _array(_writer(avro["items"], named))
    if kind == "map":
        return _map(_writer(avro["values"], named))
    if kind == "record":
        return _record(_fields(avro, named))
    return _PRIMITIVES[kind] if kind in _PRIMITIVES else _writer(named[kind], named)


def _record(fields: Writer) -> Writer:
    def write(out: bytearray, value: Any) -> None:
        fields(out, value if isinstance(value, tuple) else astuple(value))

    return write


def _optional(present: Writer) -> Writer:
    def write(out: bytearray, value: Any) -> None:
        if value is None:
            out.append(0)
        else:
            out.append(2)
            present(out, value)

    return write


def _array(item: Writer) -> Writer:
    def write(out: bytearray, values: Sequence[Any]) -> None:
        if values:
            _long(out, len(values))
            for value in values:
                item(out, value)
        out.append(0)

    return write


def _map(item: Writer) -> Writer:
    def write(out: bytearray, values: Mapping[str, Any]) -> None:
        if values:
            _long(out, len(values))
            for name, value in values.items():
                _text(out, name)
                item(out, value)
        out.append(0)

    return write


def _long(out: bytearray, value: int) -> None:
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError("an integer exceeds 64 bits")
    rest = (value << 1) ^ (value >> 63)
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)


def _int(out: bytearray, value: int) -> None:
    if not -(1 << 31) <= value < 1 << 31:
        raise OverflowError("an integer exceeds 32 bits")
    _long(out, value)


def _text(out: bytearray, value: str) -> None:
    data = value.encode()
    size = len(data)
    if size < 64:  # zig-zag of it fits in one byte
        out.append(size << 1)
    else:
        _long(out, size)
    out += data


def _boolean(out: bytearray, value: bool) -> None:  # noqa: FBT001  # the value itself
    out.append(1 if value else 0)


_DOUBLE = Struct("<d")


def _double(out: bytearray, value: float) -> None:
    out += _DOUBLE.pack(value)


_PRIMITIVES: dict[str, Writer] = {
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "double": _double,
    "string": _text,
}
