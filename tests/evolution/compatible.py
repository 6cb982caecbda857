"""What would break somebody when one Avro schema takes the place of another.

Stricter than Avro's resolution in two things: a field may not go, even where it has a default,
since what old writers say in it would be dropped without a word; and no default and no unit may
change, since what is on the topics would then mean something else.
"""

from collections.abc import Iterator
from typing import Any

_PROMOTED = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
"""Avro 1.12, "Schema Resolution": what a writer's type may be read as."""


def broken(old: Any, new: Any) -> list[str]:
    """Return what readers or writers of either schema would lose by the other; empty: nothing."""
    before, after = _Names(old), _Names(new)
    found = [f"old readers: {one}" for one in _unreadable(after, new, before, old, "")]
    found += [f"new readers: {one}" for one in _unreadable(before, old, after, new, "")]
    return found + list(_changed(before, old, after, new, ""))


class _Names:
    """The named types of a schema; a second use of a name stands for its definition."""

    def __init__(self, avro: Any) -> None:
        self._found: dict[str, Any] = {}
        self._take(avro)

    def _take(self, avro: Any) -> None:
        if isinstance(avro, list):
            for branch in avro:
                self._take(branch)
        elif isinstance(avro, dict):
            if "name" in avro:
                self._found[avro["name"]] = avro
            for inner in (avro.get("type"), avro.get("items"), avro.get("values")):
                self._take(inner)
            for field in avro.get("fields", ()):
                self._take(field["type"])

    def whole(self, avro: Any) -> Any:
        """The definition that a type stands for; a primitive type is its name."""
        if isinstance(avro, str):
            named = self._found.get(avro.rpartition(".")[2])
            return avro if named is None else named
        if isinstance(avro, dict) and isinstance(avro["type"], dict | list):
            return self.whole(avro["type"])
        return avro


def _kind(avro: Any) -> str:
    return avro if isinstance(avro, str) else str(avro["type"])


def _unreadable(
    writers: _Names, written: Any, readers: _Names, wanted: Any, where: str
) -> Iterator[str]:
    """Yield what a reader of `wanted` cannot read of what `written` writes."""
    written, wanted = writers.whole(written), readers.whole(wanted)
    if isinstance(written, list):
        for branch in written:
            yield from _unreadable(writers, branch, readers, wanted, where)
        return
    if isinstance(wanted, list):
        yield from _unreadable_by_branches(writers, written, readers, wanted, where)
        return
    wrote, wants = _kind(written), _kind(wanted)
    if wrote != wants:
        if wants not in _PROMOTED.get(wrote, ()):
            yield f"{where}: {wrote} is not {wants}"
    elif wrote in ("array", "map"):
        key = "items" if wrote == "array" else "values"
        yield from _unreadable(writers, written[key], readers, wanted[key], where)
    elif wrote == "record":
        yield from _unreadable_record(writers, written, readers, wanted, where)
    elif wrote == "enum" and not set(written["symbols"]) <= set(wanted["symbols"]):
        yield f"{where}: symbols are missing"
    elif wrote == "fixed" and written["size"] != wanted["size"]:
        yield f"{where}: the size differs"


def _unreadable_by_branches(
    writers: _Names, written: Any, readers: _Names, wanted: list[Any], where: str
) -> Iterator[str]:
    branches = [readers.whole(one) for one in wanted]
    tried = [list(_unreadable(writers, written, readers, one, where)) for one in branches]
    if all(tried):
        same = [found for one, found in zip(branches, tried, strict=True) if _alike(written, one)]
        yield from same[0] if same else [f"{where}: no branch for {_kind(written)}"]


def _alike(one: Any, other: Any) -> bool:
    return _kind(one) == _kind(other)


def _unreadable_record(
    writers: _Names, written: Any, readers: _Names, wanted: Any, where: str
) -> Iterator[str]:
    if written["name"] != wanted["name"]:
        yield f"{where}: record {written['name']} is not {wanted['name']}"
    known = {field["name"]: field for field in written["fields"]}
    for field in wanted["fields"]:
        place = f"{where}.{field['name']}".lstrip(".")
        if field["name"] in known:
            inner = known[field["name"]]["type"]
            yield from _unreadable(writers, inner, readers, field["type"], place)
        elif "default" not in field:
            yield f"{place}: is not written and has no default"


def _changed(before: _Names, old: Any, after: _Names, new: Any, where: str) -> Iterator[str]:
    """Yield fields that went, and meanings that changed, where both schemas still agree in form."""
    unit, became = _unit(old), _unit(new)
    if unit != became:
        yield f"{where}: {unit} became {became}"
    old, new = before.whole(old), after.whole(new)
    if isinstance(old, list) and isinstance(new, list):
        for one in old:
            kept = [other for other in new if _alike(before.whole(one), after.whole(other))]
            for other in kept[:1]:
                yield from _changed(before, one, after, other, where)
    elif isinstance(old, dict) and isinstance(new, dict) and _alike(old, new):
        for key in ("items", "values"):
            if key in old:
                yield from _changed(before, old[key], after, new[key], where)
        yield from _changed_fields(before, old, after, new, where)


def _changed_fields(before: _Names, old: Any, after: _Names, new: Any, where: str) -> Iterator[str]:
    known = {field["name"]: field for field in new.get("fields", ())}
    for field in old.get("fields", ()):
        place = f"{where}.{field['name']}".lstrip(".")
        now = known.get(field["name"])
        if now is None:
            yield f"{place}: was removed"
            continue
        if "default" in field and field["default"] != now.get("default", _NONE):
            said = "changed" if "default" in now else "was dropped"
            yield f"{place}: its default {said}"
        yield from _changed(before, field["type"], after, now["type"], place)


_NONE = object()
"""Stands for a default that is not there: null is one."""


def _unit(avro: Any) -> str | None:
    return avro.get("logicalType") if isinstance(avro, dict) else None
