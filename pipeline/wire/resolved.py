"""Dictionaries, as fastavro makes them of another writer's message, to values of our schema."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.wire.reading import Maker
from pipeline.wire.schemas import Schema, is_optional

Make = Callable[[Any], Any]


def maker_of_fields(schema: Schema, makers: Mapping[str, Maker]) -> Make:
    """Return the function that makes the value of a resolved record (see `reading.reader`)."""
    return _make(schema.avro, schema.named, makers)


def _make(avro: Any, named: Mapping[str, Any], makers: Mapping[str, Maker]) -> Make:
    if is_optional(avro):
        present = _make(avro[1], named, makers)
        return lambda value: None if value is None else present(value)
    kind = avro if isinstance(avro, str) else avro["type"]
    if not isinstance(kind, str):
        return _make(kind, named, makers)
    if kind == "array":
        item = _make(avro["items"], named, makers)
        return lambda values: tuple([item(value) for value in values])
    if kind == "record":
        return _record(avro, named, makers)
    # Maps of ours hold primitive types, which are as fastavro read them.
    return _make(named[kind], named, makers) if kind in named else _same


def _record(avro: Any, named: Mapping[str, Any], makers: Mapping[str, Maker]) -> Make:
    fields = tuple((item["name"], _make(item["type"], named, makers)) for item in avro["fields"])
    maker = makers.get(avro["name"].rpartition(".")[2])
    if maker is None:
        return lambda found: {name: make(found[name]) for name, make in fields}
    return lambda found: maker(*[make(found[name]) for name, make in fields])


def _same(value: Any) -> Any:
    return value
