"""Reads Avro bytes written with one of our schemas, strictly, into values.

Several times as fast as fastavro, the walk that it needs before it (`guard`) and the making of
values after it; and stricter than fastavro by itself: there is one encoding of a value and this
reads no other. Nothing is allocated before the bytes for it are there, a list is bounded by `most`
and all lists together by `in_all`. The tests hold it against fastavro on every schema.
"""

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any

from pipeline.wire.integers import (
    MORE,
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
from pipeline.wire.schemas import Schema, is_optional
from pipeline.wire.source import Source

Reader = Callable[[bytes, int], tuple[Any, int]]
"""Data and a position to the value there and the position after it."""
Maker = Callable[..., Any]
"""Takes the fields of a record in order."""

_DOUBLE = Struct("<d")


def reader(schema: Schema, makers: Mapping[str, Maker], most: int, in_all: int) -> Reader:
    """Return the function that reads one of our schemas.

    Lists become tuples and maps dictionaries. The function raises `Undecodable`, IndexError and
    struct.error for missing bytes, and UnicodeDecodeError; a text that ends after the data moves
    the position past the end, which the caller must check.

    Args:
        schema: one of ours: its unions are of null and one other type.
        makers: by record, without namespace; a record without one becomes a dictionary.
        most: entries of a list or map.
        in_all: entries of all lists and maps of a message together.
    """
    source = Source(
        bad_block=bad_block,
        bad_boolean=bad_boolean,
        bad_branch=bad_branch,
        block=block,
        length=length,
        number=number,
        small=small,
        too_many=too_many,
        double=_DOUBLE.unpack_from,
    )
    source.add(f"left = {in_all}")
    value = _Writer(source, schema.named, makers, most).value(schema.avro)
    source.add(f"return {value}, at")
    return source.function("read(data, at)", f"reader of {schema.name}")


class _Writer:
    """Writes the source: each method adds what reads one value and returns the value's name."""

    def __init__(
        self, source: Source, named: Mapping[str, Any], makers: Mapping[str, Maker], most: int
    ) -> None:
        self._source = source
        self._named = named
        self._makers = makers
        self._most = most
        self._primitives = {
            "boolean": self._boolean,
            "int": self._int,
            "long": self._long,
            "double": self._double,
            "string": self._text,
        }

    def value(self, avro: Any) -> str:
        if is_optional(avro):
            return self._optional(avro[1])
        kind = avro if isinstance(avro, str) else avro["type"]
        if not isinstance(kind, str):
            return self.value(kind)
        if kind == "array":
            return self._listed(lambda: self.value(avro["items"]), "tuple")
        if kind == "map":
            return self._listed(lambda: self._pair(avro["values"]), "dict")
        if kind == "record":
            return self._record(avro)
        if kind in self._primitives:
            return self._primitives[kind]()
        return self.value(self._named[kind])

    def _record(self, avro: Any) -> str:
        fields = [self.value(field["type"]) for field in avro["fields"]]
        maker = self._makers.get(avro["name"].rpartition(".")[2])
        if maker is None:
            keys = self._source.constant(tuple(field["name"] for field in avro["fields"]))
            return self._set(f"dict(zip({keys}, [{', '.join(fields)}]))")
        return self._set(f"{self._source.constant(maker)}({', '.join(fields)})")

    def _set(self, expression: str) -> str:
        name = self._source.fresh()
        self._source.add(f"{name} = {expression}")
        return name

    def _optional(self, present: Any) -> str:
        source, name = self._source, self._source.fresh()
        source.add("branch = data[at]", "at += 1")
        with source.block("if branch == 2:"):  # zig-zag of 1
            source.add(f"{name} = {self.value(present)}")
        with source.block("elif branch == 0:"):
            source.add(f"{name} = None")
        with source.block("else:"):
            source.add("raise bad_branch()")
        return name

    def _listed(self, item: Callable[[], str], kind: str) -> str:
        source, name = self._source, self._source.fresh()
        values, end = source.fresh(), source.fresh()
        source.add(f"{name} = {kind}()")
        with source.block("if data[at]:"):
            source.add(f"{values} = []")
            with source.block("while data[at]:"):
                source.add("count = data[at]")
                with source.block(f"if count & {NOT_ONE_SMALL}:"):
                    source.add(f"count, at, {end} = block(data, at, {self._most} - len({values}))")
                with source.block("else:"):
                    source.add("count >>= 1", "at += 1", f"{end} = None")
                    with source.block(f"if count > {self._most} - len({values}):"):
                        source.add("raise too_many()")
                source.add("left -= count")
                with source.block("if left < 0:"):
                    source.add("raise too_many()")
                with source.block("for _ in range(count):"):
                    source.add(f"{values}.append({item()})")
                with source.block(f"if {end} is not None and at != {end}:"):
                    source.add("raise bad_block()")
            source.add(f"{name} = {kind}({values})")
        source.add("at += 1")
        return name

    def _pair(self, avro: Any) -> str:
        name = self._text()
        return f"({name}, {self.value(avro)})"

    def _text(self) -> str:
        source, name = self._source, self._source.fresh()
        source.add("size = data[at]")
        with source.block(f"if size & {NOT_ONE_SMALL}:"):
            source.add("size, at = length(data, at)", "end = at + size")
        with source.block("else:"):
            source.add("at += 1", "end = at + (size >> 1)")
        source.add(f"{name} = data[at:end].decode()", "at = end")
        return name

    def _long(self) -> str:
        source, name = self._source, self._source.fresh()
        source.add("head = data[at]")
        with source.block(f"if head < {MORE}:"):
            source.add(f"{name} = (head >> 1) ^ -(head & 1)", "at += 1")
        with source.block("else:"):
            source.add(f"{name}, at = number(data, at)")
        return name

    def _int(self) -> str:
        name = self._source.fresh()
        self._source.add(f"{name}, at = small(data, at)")
        return name

    def _boolean(self) -> str:
        with self._source.block("if data[at] > 1:"):
            self._source.add("raise bad_boolean()")
        name = self._set("data[at] == 1")
        self._source.add("at += 1")
        return name

    def _double(self) -> str:
        name = self._set("double(data, at)[0]")
        self._source.add(f"at += {_DOUBLE.size}")
        return name
