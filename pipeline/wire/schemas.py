"""Our Avro schemas, and anybody's: read from .avsc, checked and parsed once per process.

Logical types are dropped after reading: instants travel through the pipeline as whole milliseconds,
and decoding without conversion is a quarter faster.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, fingerprint, to_parsing_canonical_form

from pipeline.errors import InvalidInput
from pipeline.wire.admission import admit, units

SCHEMAS = (
    "event",
    "document",
    "record",
    "state",
    "command",
    "receipt",
    "finding",
    "decision",
    "quarantine",
    "measurement",
    "lineage",
    "clock",
)
"""Names of our schemas: files `NAME.avsc`."""

MAX_SCHEMA_BYTES = 1 << 18


@dataclass(frozen=True)
class Schema:
    """A schema that passed admission.

    Attributes:
        name: ours, or the file it was read from.
        record: the full name of its record.
        avro: as fastavro parsed it, without logical types.
        named: its named types by full name.
        fingerprint: CRC-64-AVRO of its canonical form, 8 bytes, little-endian, as single-object
            encoding puts it before a message (Avro 1.12 specification).
        units: logical types by path of the field.
    """

    name: str
    record: str
    avro: Any = field(repr=False)
    named: Mapping[str, Any] = field(repr=False)
    fingerprint: bytes
    units: Mapping[str, str] = field(repr=False)

    @property
    def short_name(self) -> str:
        """The record's name without its namespace, by which Avro matches writer and reader."""
        return self.record.rpartition(".")[2]


@cache
def schema(name: str) -> Schema:
    """Return one of `SCHEMAS`.

    Raises:
        InvalidInput: there is no such schema.
    """
    if name not in SCHEMAS:
        raise InvalidInput(f"`{name}` is not one of our schemas: {', '.join(SCHEMAS)}")
    return parsed((folder() / f"{name}.avsc").read_text(encoding="utf-8"), name)


def folder() -> Traversable:
    """Return where our .avsc files lie: inside an installed package, or beside the source."""
    installed = files("pipeline.wire") / "schemas"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "schemas"


@cache
def released() -> tuple[Schema, ...]:
    """Return our schemas as versions that were released had them: `released/VERSION/NAME.avsc`.

    What was written under them is still on the topics, and comes from producers of that version.
    """
    versions = (folder() / "released").iterdir()
    found = [(version.name, file) for version in versions for file in version.iterdir()]
    return tuple(
        [
            parsed(file.read_text(encoding="utf-8"), f"{version}/{file.name}")
            for version, file in sorted(found, key=lambda item: (item[0], item[1].name))
        ]
    )


def load(path: Path) -> Schema:
    """Read somebody's .avsc file.

    Raises:
        InvalidInput: it cannot be read, is not a schema of a record, or is refused (`admission`).
    """
    try:
        if path.stat().st_size > MAX_SCHEMA_BYTES:
            raise InvalidInput(f"schema {path} is larger than {MAX_SCHEMA_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"schema {path} cannot be read: {error}") from error
    return parsed(text, str(path))


def parsed(text: str, name: str) -> Schema:
    """Parse the text of a schema.

    Raises:
        InvalidInput: it is not a schema of a record, or is refused (`admission`).
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"schema {name} is not JSON: {error}") from error
    if not isinstance(raw, dict) or raw.get("type") != "record":
        raise InvalidInput(f"schema {name} is not of a record; only records can be read")
    if not isinstance(raw.get("fields"), list):
        raise InvalidInput(f"schema {name} is not an Avro schema: its record has no `fields`")
    named: dict[str, Any] = {}
    try:
        avro = fastavro.parse_schema(_without_logical_types(raw), named_schemas=named)
        digest = fingerprint(to_parsing_canonical_form(avro), "CRC-64-AVRO")
        found = dict(units(raw))
    except (
        SchemaParseException,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        raise InvalidInput(f"schema {name} is not an Avro schema: {error}") from error
    admit(avro, named, name)
    return Schema(
        name=name,
        record=avro["name"],
        avro=avro,
        named=named,
        fingerprint=bytes.fromhex(digest),
        units=found,
    )


def is_optional(avro: Any) -> bool:
    """Whether a type is a union of null and one other type: the only union in our schemas."""
    return isinstance(avro, list) and len(avro) == 2 and avro[0] == "null"


def _without_logical_types(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_without_logical_types(branch) for branch in raw]
    if not isinstance(raw, dict):
        return raw
    # A default or a doc may hold any JSON: only where types stand is looked.
    kept = {key: value for key, value in raw.items() if key != "logicalType"}
    for key in ("type", "items", "values", "fields"):
        if key in kept:
            kept[key] = _without_logical_types(kept[key])
    return kept
