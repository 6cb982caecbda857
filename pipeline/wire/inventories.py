"""Files in which a store lists what it holds: JSON lines, CSV, or an Avro object container.

Every row names a record and when it was collected; what else it says uses the names of an event's
fields. A row is never guessed at: what is wrong with it is said with its place.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

import fastavro

from pipeline.errors import InvalidInput
from pipeline.events import Event
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant, format_instant
from pipeline.wire.plain_json import event_from_json
from pipeline.wire.schemas import parsed

FORMATS = ("jsonl", "csv", "avro")
MAX_LINE_BYTES = 1 << 20
SEPARATOR = ";"
"""Between several values in one CSV field."""

_LISTS = ("categories", "parents", "recipients")
_TEXTS = ("kind", "purpose", "lawful_basis", "source", "natural_key_hash")
_OBJECTS = ("subjects", "fields")
_FIELDS = frozenset({"record_id", "collected_at", *_OBJECTS, *_LISTS, *_TEXTS})


class Row(NamedTuple):
    """One row: its place (line, or number in the container), and what it says or why it cannot."""

    place: int
    fields: Mapping[str, Any]
    refused: str = ""


def format_of(name: str) -> str:
    """Tell the format from a file's name.

    Raises:
        InvalidInput: its ending is none of `FORMATS`.
    """
    ending = name.rpartition(".")[2].lower()
    known = {"jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl", "csv": "csv", "avro": "avro"}
    if ending not in known:
        raise InvalidInput(f"{name}: its name tells no format; say --format {' or '.join(FORMATS)}")
    return known[ending]


def rows(stream: BinaryIO, form: str) -> Iterator[Row]:
    """Read rows one by one; those that cannot be read come with the reason.

    Raises:
        InvalidInput: the file as a whole is not what it should be.
    """
    return _READERS[form](stream)


def event_of(row: Row, *, store: str, event_id: str, taken_at: str) -> Event:
    """Make the event that tells the pipeline of a row.

    Args:
        row: what the store says.
        store: its name.
        event_id: of the event; the same for the same row.
        taken_at: when the inventory was taken, ISO 8601.

    Raises:
        InvalidInput: a field is missing, unknown or wrong; the message names it, never its value.
    """
    if row.refused:
        raise InvalidInput(row.refused)
    unknown = len(set(row.fields) - _FIELDS)
    if unknown:
        raise InvalidInput(f"{unknown} unknown fields; known are {', '.join(sorted(_FIELDS))}")
    for needed in ("record_id", "collected_at"):
        if not row.fields.get(needed):
            raise InvalidInput(f"`{needed}` is missing")
    said = {name: value for name, value in row.fields.items() if value not in (None, "", [])}
    told = {"event_id": event_id, "what": "inventoried", "happened_at": taken_at, "stores": [store]}
    event = event_from_json(json.dumps(said | told))
    if event.collected_at is not None and event.collected_at > event.happened_at:
        raise InvalidInput("`collected_at` lies after the inventory was taken")
    return event


def _json_lines(stream: BinaryIO) -> Iterator[Row]:
    for place, line in _lines(stream):
        if isinstance(line, str):
            yield Row(place, {}, line)
            continue
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            yield Row(place, {}, "it is not JSON")
            continue
        if isinstance(found, dict):
            yield Row(place, found)
        else:
            yield Row(place, {}, "it is not a JSON object")


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | str]]:
    """Yield lines with their numbers; for one that is too long, the reason in its place."""
    place = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        place += 1
        if len(line) <= MAX_LINE_BYTES:
            yield place, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)
        yield place, f"the line is longer than {MAX_LINE_BYTES} bytes"


def _csv(stream: BinaryIO) -> Iterator[Row]:
    # Not `newline=None`: a quoted field may hold a line break, which is its own. Bytes that are
    # not UTF-8 become lone surrogates, which no text holds: the row is told apart and refused.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.DictReader(text, strict=True)
    try:
        names = set(reader.fieldnames or ())
    except csv.Error:
        names = set()
    if not {"record_id", "collected_at"} <= names:
        raise InvalidInput("its first line must name the columns record_id and collected_at")
    while True:
        try:
            found = next(reader, None)
        except csv.Error:
            yield Row(reader.reader.line_num, {}, "it is not CSV")
            continue
        if found is None:
            return
        yield _csv_row(reader.line_num, found)


def _csv_row(place: int, found: Mapping[str | Any, str | Any]) -> Row:
    if None in found or None in found.values():
        return Row(place, {}, "it has not as many fields as the first line has columns")
    try:
        return Row(place, {name: _listed(name, value) for name, value in found.items()})
    except UnicodeEncodeError:
        return Row(place, {}, "it is not UTF-8")
    except (ValueError, RecursionError):
        return Row(place, {}, f"{' or '.join(f'`{name}`' for name in _OBJECTS)} is not JSON")


def _listed(name: str, value: str) -> Any:
    value.encode()
    if name in _LISTS:
        return [item.strip() for item in value.split(SEPARATOR) if item.strip()]
    return json.loads(value) if name in _OBJECTS and value else value


def _avro(stream: BinaryIO) -> Iterator[Row]:
    # What fastavro raises on bytes that are no container is not documented: any of these.
    try:
        reader = fastavro.reader(stream)
        parsed(reader.metadata["avro.schema"], "of the file")
        for place, found in enumerate(reader, 1):
            yield Row(place, {name: _plain(value) for name, value in found.items()})
    except (ValueError, EOFError, LookupError, TypeError, ArithmeticError) as error:
        raise InvalidInput(f"it is no Avro object container ({type(error).__name__})") from None


def _plain(value: Any) -> Any:
    """Return what JSON would have: instants as text, whole numbers as milliseconds since 1970."""
    if isinstance(value, int) and not isinstance(value, bool):
        return format_instant(Instant(value)) if MIN_INSTANT <= value <= MAX_INSTANT else value
    return value.isoformat() if isinstance(value, datetime) else value


_READERS: Mapping[str, Callable[[BinaryIO], Iterator[Row]]] = {
    "jsonl": _json_lines,
    "csv": _csv,
    "avro": _avro,
}
