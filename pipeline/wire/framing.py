"""Which schema a message was written with: frames, and a local map of schema ids.

A topic's format is stated, never guessed: `confluent` (a zero byte and a 4-byte id),
`single-object` (C3 01 and the schema's 8-byte fingerprint; Avro 1.12, "Single-object encoding"), or
`plain` (the bytes alone, the schema pinned for the topic). A schema never comes from a message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import InvalidInput, Undecodable
from pipeline.wire.guard import MAX_BYTES, MAX_IN_ALL, MAX_ITEMS, Read, guarded
from pipeline.wire.reading import Maker
from pipeline.wire.schemas import SCHEMAS, Schema, load, released, schema

CONFLUENT = "confluent"
SINGLE_OBJECT = "single-object"
PLAIN = "plain"

_MAGIC = {CONFLUENT: b"\x00", SINGLE_OBJECT: b"\xc3\x01", PLAIN: b""}
_ID_BYTES = {CONFLUENT: 4, SINGLE_OBJECT: 8, PLAIN: 0}
_MAX_ID = (1 << 32) - 1


@dataclass(frozen=True)
class Format:
    """How a topic's messages are framed. `schema` is the pinned writer's schema of `plain`."""

    framing: str = SINGLE_OBJECT
    schema: str | None = None


def parse_formats(texts: Sequence[str]) -> dict[str, Format]:
    """Read formats written as `topic=format[:schema]`, e.g. `photos=plain:12`.

    The schema of `plain` is one of ours by name, or an id of the map; without it, `event`.

    Raises:
        InvalidInput: one of them is not written so, or a topic is given twice.
    """
    formats: dict[str, Format] = {}
    for text in texts:
        topic, _, rest = text.partition("=")
        framing, _, name = rest.partition(":")
        if not topic or framing not in _MAGIC or (name and framing != PLAIN):
            raise InvalidInput(
                f"`{text}` is not a format; write topic=confluent, topic=single-object, "
                "topic=plain or topic=plain:schema"
            )
        if topic in formats:
            raise InvalidInput(f"topic {topic} is given two formats; keep one")
        formats[topic] = Format(framing, name or None)
    return formats


class SchemaIds:
    """The schemas that writers may have used.

    By fingerprint ours, those of released versions and those of the map; by id those of the map.
    """

    def __init__(self, by_id: Mapping[int, Schema] | None = None) -> None:
        self.by_id = dict(by_id or {})
        known = (*released(), *map(schema, SCHEMAS), *self.by_id.values())
        self.by_fingerprint = {item.fingerprint: item for item in known}

    @classmethod
    def load(cls, path: Path) -> "SchemaIds":
        """Read a map: YAML or JSON `{schemas: {12: photo.avsc, 13: event}}`.

        A value is a file, relative to the map, or one of our schemas by name.

        Raises:
            InvalidInput: the map or a schema cannot be read or used.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            raise InvalidInput(f"schema map {path} cannot be read: {error}") from error
        entries = content.get("schemas") if isinstance(content, dict) else None
        if not isinstance(entries, dict) or len(content) != 1:
            raise InvalidInput(
                f"schema map {path} must be one mapping `schemas` of ids to .avsc files"
            )
        return cls({_id(key, path): _named(value, path) for key, value in entries.items()})

    def pinned(self, name: str) -> Schema:
        """Return a schema by one of our names or an id of the map.

        Raises:
            InvalidInput: there is none.
        """
        if name in SCHEMAS:
            return schema(name)
        found = self.by_id.get(int(name)) if name.isascii() and name.isdigit() else None
        if found is None:
            raise InvalidInput(f"schema `{name}` is neither ours nor an id of the schema map")
        return found


def _id(key: object, path: Path) -> int:
    # JSON has no other keys than texts.
    if isinstance(key, str) and key.isascii() and key.isdigit():
        key = int(key)
    if not isinstance(key, int) or isinstance(key, bool) or not 0 <= key <= _MAX_ID:
        raise InvalidInput(f"schema map {path}: `{key}` is not an id from 0 to {_MAX_ID}")
    return key


def _named(value: object, path: Path) -> Schema:
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"schema map {path}: every value must be a file or one of our schemas")
    return schema(value) if value in SCHEMAS else load(path.parent / value)


class Framed:
    """Reads messages of one format into values of one of our schemas."""

    def __init__(
        self,
        reader: Schema,
        makers: Mapping[str, Maker],
        form: Format,
        ids: SchemaIds,
        *,
        max_bytes: int = MAX_BYTES,
        max_items: int = MAX_ITEMS,
        max_in_all: int = MAX_IN_ALL,
    ) -> None:
        self._reader = reader
        self._magic = _MAGIC[form.framing]
        self._frame = len(self._magic) + _ID_BYTES[form.framing]
        writers: Mapping[bytes, Schema]
        if form.framing == PLAIN:
            writers = {b"": reader if form.schema is None else ids.pinned(form.schema)}
        elif form.framing == CONFLUENT:
            writers = {key.to_bytes(4, "big"): item for key, item in ids.by_id.items()}
        else:
            writers = ids.by_fingerprint
        self._known = frozenset(writers)
        self._reads: dict[bytes, Read] = {
            self._magic + key: guarded(
                item,
                reader,
                makers,
                max_bytes=max_bytes,
                max_items=max_items,
                max_in_all=max_in_all,
            )
            for key, item in writers.items()
            if item.short_name == reader.short_name and _same_units(item, reader)
        }
        if form.framing == PLAIN and not self._reads:
            raise InvalidInput(
                f"schema {writers[b''].name} is not of a record called {reader.short_name}; "
                "give its record that name"
            )

    def read(self, value: bytes | None) -> Any:
        """Return the value of a message, made by the makers.

        Raises:
            Undecodable: it has no value, another frame or schema, or bytes that do not fit.
        """
        if value is None:
            raise Undecodable("empty", "the message has no value")
        read = self._reads.get(value[: self._frame])
        if read is None:
            raise self._refused(value)
        return read(value, self._frame)

    def _refused(self, value: bytes) -> Undecodable:
        if not value.startswith(self._magic):
            return Undecodable("wrong_format", "the message is not framed as its topic promises")
        if len(value) < self._frame:
            return Undecodable("truncated", "the message ends within its frame")
        key = value[len(self._magic) : self._frame]
        if key in self._known:
            detail = f"the schema is known, but not of a record called {self._reader.short_name}"
            return Undecodable("wrong_schema", detail)
        name = int.from_bytes(key, "big") if len(key) == _ID_BYTES[CONFLUENT] else key.hex()
        return Undecodable("unknown_schema", f"schema {name} is not in the local map")


def _same_units(writer: Schema, reader: Schema) -> bool:
    """Refuse microseconds read as milliseconds: limits would be wrong by a thousand times.

    Raises:
        InvalidInput: a field that both have means another unit to the writer.
    """
    for path, unit in writer.units.items():
        expected = reader.units.get(path)
        if expected is not None and unit != expected:
            raise InvalidInput(
                f"schema {writer.name}: `{path}` is {unit}, but must be {expected}; "
                "convert it in the producer"
            )
    return True


class Decoder:
    """Reads topics of one kind, each in its own format, into values of one schema."""

    def __init__(
        self,
        reader: Schema,
        makers: Mapping[str, Maker],
        formats: Mapping[str, Format],
        ids: SchemaIds,
        *,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._topics = {
            topic: Framed(reader, makers, form, ids, max_bytes=max_bytes)
            for topic, form in formats.items()
        }

    def decode(self, topic: str, value: bytes | None) -> Any:
        """Return the value of a message, made by the makers.

        Raises:
            Undecodable: see `Framed.read`.
            InvalidInput: the topic has no format.
        """
        framed = self._topics.get(topic)
        if framed is None:
            raise InvalidInput(f"topic {topic} has no format; name it when the job is started")
        return framed.read(value)
