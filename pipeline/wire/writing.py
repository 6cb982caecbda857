"""Writes values as Avro bytes of one of our schemas.

In a third of the time of fastavro and the dictionaries it needs (`tests/wire/speed.py`). A value's
fields are those of its schema in the same order; `tests/test_schemas.py` holds them against each
other, and `tests/wire` what is written against fastavro.
"""

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Any

from msgspec.structs import astuple

from pipeline.wire.schemas import Schema, is_optional
from pipeline.wire.source import Source

Writer = Callable[[bytearray, Sequence[Any]], None]
"""Appends a record, given its fields in order, to the bytes so far."""

_DOUBLE = Struct("<d")


def writer(schema: Schema) -> Writer:
    """Return the function that appends a record, given its fields in order.

    Records inside it are values (msgspec) or tuples of their fields. The function raises ValueError
    for another number of fields, OverflowError for an integer that does not fit, and
    UnicodeEncodeError.
    """
    source = Source(long=append_long, int32=_int, double=_DOUBLE.pack, astuple=astuple)
    _Writer(source, schema.named).fields(schema.avro, "fields")
    return source.function("write(out, fields)", f"writer of {schema.name}")


class _Writer:
    """Writes the source: each method adds what appends the value of a name."""

    def __init__(self, source: Source, named: Mapping[str, Any]) -> None:
        self._source = source
        self._named = named
        self._primitives = {
            "boolean": lambda name: source.add(f"out.append(1 if {name} else 0)"),
            "int": lambda name: source.add(f"int32(out, {name})"),
            "long": lambda name: source.add(f"long(out, {name})"),
            "double": lambda name: source.add(f"out += double({name})"),
            "string": self._text,
        }

    def fields(self, avro: Any, name: str) -> None:
        names = [self._source.fresh() for _ in avro["fields"]]
        self._source.add(f"[{', '.join(names)}] = {name}")
        for field, value in zip(avro["fields"], names, strict=True):
            self.value(field["type"], value)

    def value(self, avro: Any, name: str) -> None:
        if is_optional(avro):
            self._optional(avro[1], name)
            return
        kind = avro if isinstance(avro, str) else avro["type"]
        if not isinstance(kind, str):
            self.value(kind, name)
        elif kind == "array":
            item = self._source.fresh()
            self._listed(name, item, name, lambda: self.value(avro["items"], item))
        elif kind == "map":
            self._map(avro["values"], name)
        elif kind == "record":
            fields = self._source.fresh()
            self._source.add(f"{fields} = {name} if isinstance({name}, tuple) else astuple({name})")
            self.fields(avro, fields)
        elif kind in self._primitives:
            self._primitives[kind](name)
        else:
            self.value(self._named[kind], name)

    def _optional(self, present: Any, name: str) -> None:
        with self._source.block(f"if {name} is None:"):
            self._source.add("out.append(0)")
        with self._source.block("else:"):
            self._source.add("out.append(2)")  # zig-zag of 1
            self.value(present, name)

    def _map(self, values: Any, name: str) -> None:
        key, item = self._source.fresh(), self._source.fresh()

        def pair() -> None:
            self._text(key)
            self.value(values, item)

        self._listed(name, f"{key}, {item}", f"{name}.items()", pair)

    def _listed(self, name: str, item: str, items: str, add: Callable[[], None]) -> None:
        with self._source.block(f"if {name}:"):
            self._source.add(f"long(out, len({name}))")
            with self._source.block(f"for {item} in {items}:"):
                add()
        self._source.add("out.append(0)")

    def _text(self, name: str) -> None:
        self._source.add(f"data = {name}.encode()", "size = len(data)")
        with self._source.block("if size < 64:"):  # zig-zag of it fits in one byte
            self._source.add("out.append(size << 1)")
        with self._source.block("else:"):
            self._source.add("long(out, size)")
        self._source.add("out += data")


_KNOWN: dict[int, bytes] = {}
"""Integers that were written lately: an instant comes several times in a row, and in its next."""
MOST_KNOWN = 16_384


def append_long(out: bytearray, value: int) -> None:
    """Append an integer as Avro's `long`.

    Raises:
        OverflowError: it exceeds 64 bits.
    """
    data = _KNOWN.get(value)
    if data is None:
        data = _encoded(value)
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[value] = data
    out += data


def _encoded(value: int) -> bytes:
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError("an integer exceeds 64 bits")
    rest = (value << 1) ^ (value >> 63)
    data = bytearray()
    while rest > 0x7F:
        data.append(rest & 0x7F | 0x80)
        rest >>= 7
    data.append(rest)
    return bytes(data)


def _int(out: bytearray, value: int) -> None:
    if not -(1 << 31) <= value < 1 << 31:
        raise OverflowError("an integer exceeds 32 bits")
    append_long(out, value)
