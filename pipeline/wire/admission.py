"""Which Avro schemas may be used for decoding. Foreign ones come from a person's local map.

fastavro trusts a schema: a recursive one and 5 KB of input end the process, and an array of items
without bytes builds 16 million of them from 5 bytes. Such schemas are refused when they are loaded,
before any message; `guard` relies on what is refused here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import InvalidInput

MAX_DEPTH = 32
"""Records, arrays, maps and unions inside each other."""
MAX_NODES = 2_000
"""Types that one value may pass through, each named type counted wherever it is used."""
MAX_BRANCHES = 64
"""Branches of a union and symbols of an enum: their index then fits in one byte."""
MAX_FIXED = 1 << 20
"""Bytes of a fixed type."""

_WIDTHS = {
    "null": 0,
    "boolean": 1,
    "int": 1,
    "long": 1,
    "float": 4,
    "double": 8,
    "bytes": 1,
    "string": 1,
}
"""The fewest bytes of each primitive type."""


def admit(avro: Any, named: Mapping[str, Any], where: str) -> None:
    """Check a schema as fastavro parsed it.

    Args:
        avro: the parsed schema.
        named: its named types by full name.
        where: what an error calls the schema, e.g. its file.

    Raises:
        InvalidInput: it refers to itself, has array items or map values without bytes, or is too
            deep or too large.
    """
    try:
        _Admission(named).measure(avro, 0)
    except InvalidInput as refusal:
        message = f"schema {where} cannot be used: {refusal}"
        raise InvalidInput(message) from None


class _Admission:
    """Measures a schema: for each type the fewest bytes and the number of types in one value."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self._open: set[str] = set()

    def measure(self, avro: Any, depth: int) -> tuple[int, int]:
        if depth > MAX_DEPTH:
            raise InvalidInput(f"it is deeper than {MAX_DEPTH} levels; flatten it")
        if isinstance(avro, list):
            return self._union(avro, depth)
        kind = avro if isinstance(avro, str) else avro["type"]
        if not isinstance(kind, str):
            return self.measure(kind, depth + 1)
        if kind in _WIDTHS:
            return _WIDTHS[kind], 1
        if kind in ("array", "map"):
            return self._repeated(avro["items" if kind == "array" else "values"], kind, depth)
        return self._of_a_name(avro, kind, depth)

    def _of_a_name(self, avro: Any, kind: str, depth: int) -> tuple[int, int]:
        if kind == "enum":
            if len(avro["symbols"]) > MAX_BRANCHES:
                raise InvalidInput(f"an enum has more than {MAX_BRANCHES} symbols; use a string")
            return 1, 1
        if kind == "fixed":
            return _fixed(avro["size"])
        if kind == "record":
            return self._record(avro, depth)
        # The named type itself: `_record` refuses one that is still being measured.
        return self.measure(self._named[kind], depth)

    def _union(self, branches: list[Any], depth: int) -> tuple[int, int]:
        if not 0 < len(branches) <= MAX_BRANCHES:
            raise InvalidInput(f"a union must have 1 to {MAX_BRANCHES} branches")
        found = [self.measure(branch, depth + 1) for branch in branches]
        return 1 + min(width for width, _ in found), _counted(1 + sum(n for _, n in found))

    def _repeated(self, item: Any, kind: str, depth: int) -> tuple[int, int]:
        width, nodes = self.measure(item, depth + 1)
        if width == 0:
            what = f"the contents of an {kind}" if kind == "array" else f"the contents of a {kind}"
            raise InvalidInput(f"{what} take no bytes: a few bytes would stand for millions")
        return 1, _counted(1 + nodes)

    def _record(self, avro: Any, depth: int) -> tuple[int, int]:
        name = avro["name"]
        if name in self._open:
            raise InvalidInput(f"`{name}` contains itself; write the levels out")
        self._open.add(name)
        width, nodes = 0, 1
        for field in avro["fields"]:
            field_width, field_nodes = self.measure(field["type"], depth + 1)
            width, nodes = width + field_width, _counted(nodes + field_nodes)
        self._open.discard(name)
        return width, nodes


def _fixed(size: Any) -> tuple[int, int]:
    if not isinstance(size, int) or not 0 <= size <= MAX_FIXED:
        raise InvalidInput(f"a fixed type must have 0 to {MAX_FIXED} bytes")
    return size, 1


def _counted(nodes: int) -> int:
    # Checked at every step: types used many times inside each other multiply.
    if nodes > MAX_NODES:
        raise InvalidInput(f"it has more than {MAX_NODES} types in one value; make it smaller")
    return nodes


def units(avro: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the logical type of every field of a schema as written, unparsed.

    Unions and arrays do not count in a path, so that `x` and `["null", x]` have the same one.
    """
    if isinstance(avro, list):
        for branch in avro:
            yield from units(branch, path)
    elif isinstance(avro, dict):
        if isinstance(avro.get("logicalType"), str):
            yield path, avro["logicalType"]
        for field in avro.get("fields", ()):
            yield from units(field["type"], f"{path}.{field['name']}".lstrip("."))
        for key in ("type", "items", "values"):
            if not isinstance(avro.get(key), str):
                yield from units(avro.get(key), path)
