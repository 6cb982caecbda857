"""A message as the pieces its schema gives it, so that each can be broken by itself."""

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.wire.avro import varint


class Token(NamedTuple):
    """One piece: what it is, its bytes, and for a count how many items and tokens follow."""

    kind: str
    raw: bytes
    items: int = 0
    first: int = 0
    """Tokens of the first item, which follow a count at once."""


def tokens(avro: Any, named: Mapping[str, Any], datum: Any) -> list[Token]:
    """Take a value apart as its schema writes it."""
    found: list[Token] = []
    _Taker(named, found).take(avro, datum)
    return found


def joined(found: list[Token]) -> bytes:
    """The bytes of a message."""
    return b"".join([token.raw for token in found])


class _Taker:
    def __init__(self, named: Mapping[str, Any], found: list[Token]) -> None:
        self._named = named
        self._found = found

    def take(self, avro: Any, datum: Any) -> None:
        if isinstance(avro, list):
            self._union(avro, datum)
            return
        kind = avro if isinstance(avro, str) else avro["type"]
        if not isinstance(kind, str):
            self.take(kind, datum)
        elif kind == "record":
            for field in avro["fields"]:
                self.take(field["type"], datum[field["name"]])
        elif kind in ("array", "map"):
            self._repeated(avro, kind, datum)
        elif kind == "enum":
            self._add("branch", varint(avro["symbols"].index(datum)))
        elif kind == "fixed":
            self._add("fixed", datum)
        elif kind in self._named:
            self.take(self._named[kind], datum)
        else:
            self._primitive(kind, datum)

    def _add(self, kind: str, raw: bytes) -> None:
        self._found.append(Token(kind, raw))

    def _union(self, branches: list[Any], datum: Any) -> None:
        index = next(at for at, one in enumerate(branches) if (one == "null") == (datum is None))
        self._add("branch", varint(index))
        self.take(branches[index], datum)

    def _repeated(self, avro: Any, kind: str, datum: Any) -> None:
        if not datum:
            self._add("end", b"\x00")
            return
        place = len(self._found)
        self._add("count", varint(len(datum)))
        first = 0
        for item in datum:
            if kind == "map":
                self._primitive("string", item)
                self.take(avro["values"], datum[item])
            else:
                self.take(avro["items"], item)
            first = first or len(self._found) - place - 1
        self._found[place] = Token("count", varint(len(datum)), len(datum), first)
        self._add("end", b"\x00")

    def _primitive(self, kind: str, datum: Any) -> None:
        if kind in ("string", "bytes"):
            raw = datum.encode() if isinstance(datum, str) else datum
            self._add("size", varint(len(raw)))
            self._add("text", raw)
        elif kind in ("int", "long"):
            self._add("number", varint(datum))
        elif kind == "boolean":
            self._add("boolean", b"\x01" if datum else b"\x00")
        elif kind != "null":
            self._add("double", struct.pack("<d" if kind == "double" else "<f", datum))
