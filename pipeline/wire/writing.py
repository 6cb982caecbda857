"""Writes values as Avro bytes of one of our schemas.

In a third of the time of fastavro and the dictionaries it needs (`tests/wire/speed.py`). A value's
fields are those of its schema in the same order; `tests/test_schemas.py` holds them against each
other, and `tests/wire` what is written against fastavro.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from struct import Struct
from typing import Any

from msgspec.structs import astuple

from pipeline.wire.schemas import Schema, is_optional
from pipeline.wire.source import Source

Writer = Callable[[bytearray, Sequence[Any]], None]
"""Appends a record, given its fields in order, to the bytes so far."""

_DOUBLE = Struct("<d")

_SHARED = frozenset(
    {
        *("purposes", "lawful_bases", "categories", "sources", "stores", "recipients"),
        *("status", "residency", "tags", "method", "holds", "gaps"),
        *("signal", "territory"),
    }
)
"""Fields of a row that many records have in common: their bytes are kept, run by run."""
_SELDOM = frozenset(
    {
        *("natural_key_hash", "anchors", "cut", "issued"),
        *("answers", "touches", "stated", "spacing", "unplaced_at"),
        *("children", "told", "heard", "depth", "fields"),
    }
)
"""Fields of a row that few records have: a run of nothing but empty ones is written at once."""
_ROW = frozenset({"Record", "Evidence"})


def writer(schema: Schema) -> Writer:
    """Return the function that appends a record, given its fields in order.

    Records inside it are values (msgspec) or tuples of their fields, lists are tuples. The function
    raises ValueError for another number of fields, OverflowError for an integer that does not fit,
    and UnicodeEncodeError.
    """
    names = {"longs": _LONGS, "int32": _int, "double": _DOUBLE.pack, "astuple": astuple}
    source = Source(**names, keep=keep)
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
            "long": lambda name: source.add(f"out += longs[{name}]"),
            "double": lambda name: source.add(f"out += double({name})"),
            "string": self._text,
        }

    def fields(self, avro: Any, name: str) -> None:
        names = [self._source.fresh() for _ in avro["fields"]]
        self._source.add(f"[{', '.join(names)}] = {name}")
        write = {_SHARED: self._shared, _SELDOM: self._seldom, None: self._each}
        is_row = avro["name"].rpartition(".")[2] in _ROW

        def kind(field: tuple[Any, str]) -> frozenset[str] | None:
            found = [kind for kind in (_SHARED, _SELDOM) if field[0]["name"] in kind]
            return found[0] if is_row and found else None

        for key, run in itertools.groupby(zip(avro["fields"], names, strict=True), kind):
            write[key](list(run))

    def _each(self, fields: Iterable[tuple[Any, str]]) -> None:
        for field, name in fields:
            self.value(field["type"], name)

    def _shared(self, fields: Sequence[tuple[Any, str]]) -> None:
        """Look up the bytes of a run of fields, and write and keep those that are not there."""
        key, start, known = self._source.fresh(), self._source.fresh(), self._source.constant({})
        self._source.add(f"{key} = ({', '.join(name for _, name in fields)},)")
        self._source.add(f"data = {known}.get({key})")
        with self._source.block("if data is None:"):
            self._source.add(f"{start} = len(out)")
            self._each(fields)
            self._source.add(f"keep({known}, {key}, out[{start}:])")
        with self._source.block("else:"):
            self._source.add("out += data")

    def _seldom(self, fields: Sequence[tuple[Any, str]]) -> None:
        """Write a run of fields of which each is one zero byte when it is empty, 0 or null."""
        filled = [
            f"{name} is not None" if is_optional(field["type"]) else name for field, name in fields
        ]
        with self._source.block(f"if {' or '.join(filled)}:"):
            self._each(fields)
        with self._source.block("else:"):
            self._source.add(f"out += {bytes(len(fields))!r}")

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
            self._source.add(f"out += longs[len({name})]")
            with self._source.block(f"for {item} in {items}:"):
                add()
        self._source.add("out.append(0)")

    def _text(self, name: str) -> None:
        self._source.add(f"data = {name}.encode()", "out += longs[len(data)]", "out += data")


MOST_KNOWN = 16_384


class _Longs(dict[int, bytes]):
    """Integers as Avro's `long`, as far as they were written lately.

    An instant comes several times in a row, and in its next.
    """

    def __missing__(self, value: int) -> bytes:
        data = _encoded(value)
        if len(self) >= MOST_KNOWN:
            self.clear()
        self[value] = data
        return data


_LONGS = _Longs()


def append_long(out: bytearray, value: int) -> None:
    """Append an integer as Avro's `long`.

    Raises:
        OverflowError: it exceeds 64 bits.
    """
    out += _LONGS[value]


MOST_SHARED, MOST_SHARED_BYTES = 4_096, 512


def keep(known: dict[Any, bytes], key: Any, data: bytearray) -> None:
    """Keep the bytes of what many records share, unless they are too many."""
    if len(data) <= MOST_SHARED_BYTES:
        if len(known) >= MOST_SHARED:
            known.clear()
        known[key] = bytes(data)


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
