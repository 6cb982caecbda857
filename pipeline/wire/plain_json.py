"""Values as JSON for people: fields by name, instants in ISO 8601, what is missing has its default.

The shapes are derived from the values' own types, so that a new field needs nothing here.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

from pipeline.commands import Command
from pipeline.errors import InvalidInput, Undecodable
from pipeline.events import Event
from pipeline.events import checked as checked_event
from pipeline.instants import Instant, format_instant, from_datetime
from pipeline.receipts import Receipt
from pipeline.receipts import checked as checked_receipt

V = TypeVar("V", bound=msgspec.Struct)

_UNKNOWN_FIELD = re.compile(
    r"Object contains unknown field `(.*?)`(?: - at `(\$(?:\.[a-z_]+|\[\d+\])+)`)?\Z", re.DOTALL
)
_ZONED = Annotated[datetime, msgspec.Meta(tz=True)]


def event_from_json(line: str | bytes) -> Event:
    """Read an event from one JSON object and check every word of it.

    Raises:
        InvalidInput: it is not JSON, a field is missing, unknown or of another type, a date has no
            zone, or a word is not in the vocabulary; the message names the field.
    """
    return _checked(checked_event, _read(Event, line))


def event_to_encode(line: str | bytes) -> Event:
    """Read an event without checking its words: what a producer may send, right or wrong.

    Raises:
        InvalidInput: it is not JSON, or a field is missing, unknown or of another type.
    """
    return _read(Event, line)


def receipt_from_json(line: str | bytes) -> Receipt:
    """Read a receipt from one JSON object.

    Raises:
        InvalidInput: as `event_from_json`.
    """
    return _checked(checked_receipt, _read(Receipt, line))


def command_from_json(line: str | bytes) -> Command:
    """Read a command from one JSON object, as stores do in their tests.

    Raises:
        InvalidInput: as `event_from_json`.
    """
    return _read(Command, line)


def to_json(value: msgspec.Struct) -> str:
    """Write any value as one line of JSON; fields that have their default are written too."""
    return msgspec.json.encode(_plain(value, type(value))).decode()


def _checked(check: Callable[[V], V], value: V) -> V:
    try:
        return check(value)
    except Undecodable as error:
        raise InvalidInput(f"{error.detail}; see schemas/README.md") from error


def _read(kind: type[V], line: str | bytes) -> V:
    try:
        found = msgspec.json.decode(line, type=_mirror(kind))
    except msgspec.DecodeError as error:
        raise InvalidInput(_explained(str(error), kind)) from None
    except UnicodeDecodeError:
        raise InvalidInput("it is not UTF-8; save the file as UTF-8") from None
    made: V = _value(found, kind, "")
    return made


def _explained(said: str, kind: type[msgspec.Struct]) -> str:
    """Return what msgspec says (`Expected ... - at `$.field``, never a value) with a remedy.

    The name of an unknown field is left out: where names are wrong, they may be somebody's data.
    """
    where = said.rpartition(" - at `")[2].rstrip("`")
    if found := _UNKNOWN_FIELD.match(said):
        name, place = found[1], found[2] or ""
        at = _struct_at(place, kind)
        if at is None:  # It was no path, but the end of a strange name.
            name, place, at = f"{name}` - at `{place}", "", kind
        known = ", ".join(at.__struct_fields__)
        size = len(name.encode(errors="replace"))
        place = f" in `{place}`" if place else ""
        return f"a field whose name has {size} bytes is unknown{place}; known are {known}"
    if "RFC3339" in said or "timezone" in said:
        where = where.removeprefix("$.")
        return f"`{where}` is no instant with a zone; write e.g. 2026-03-01T09:00:00Z"
    return f"{said}; see schemas/README.md for an example"


def _struct_at(path: str, kind: type[msgspec.Struct]) -> type[msgspec.Struct] | None:
    """Return the type of the object at a path such as `$.subjects[0]`; None when there is none."""
    for name in re.findall(r"\.([^.\[]+)", path):
        types = {field.name: field.type for field in msgspec.structs.fields(kind)}
        inner = (types.get(name), *get_args(types.get(name)))
        found = [one for one in inner if isinstance(one, type) and issubclass(one, msgspec.Struct)]
        if not found:
            return None
        kind = found[0]
    return kind


@cache
def _mirror(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return the type of the JSON object of a value: by name, strict, instants with a zone."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(kind):
        shape = _shape(field.type)
        if field.required:
            fields.append((field.name, shape))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, shape, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, shape, field.default))
    return msgspec.defstruct(kind.__name__, fields, kw_only=True, forbid_unknown_fields=True)


def _shape(annotation: Any) -> Any:
    if annotation is Instant:
        return _ZONED
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return _mirror(annotation)
    inner = get_args(annotation)
    if get_origin(annotation) is tuple:
        return tuple[tuple(item if item is ... else _shape(item) for item in inner)]  # type: ignore[misc]  # built at run time
    if type(None) in inner:
        return _shape(_present(annotation)) | None
    return annotation


def _present(annotation: Any) -> Any:
    """Return X of `X | None`, the only union that values have."""
    return next(item for item in get_args(annotation) if item is not type(None))


def _value(found: Any, annotation: Any, where: str) -> Any:
    """Turn what JSON gave into the value; `where` names the field in errors."""
    if type(None) in get_args(annotation):
        return None if found is None else _value(found, _present(annotation), where)
    if annotation is Instant and isinstance(found, datetime):
        try:
            return from_datetime(found)
        except InvalidInput as error:
            raise InvalidInput(f"`{where}`: {error}") from error
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation(
            *[
                _value(getattr(found, field.name), field.type, f"{where}.{field.name}".lstrip("."))
                for field in msgspec.structs.fields(annotation)
            ]
        )
    if get_origin(annotation) is tuple:
        return tuple([_value(item, kind, where) for item, kind in _items(found, annotation)])
    return found


def _plain(value: Any, annotation: Any) -> Any:
    if value is None:
        return None
    if type(None) in get_args(annotation):
        return _plain(value, _present(annotation))
    if annotation is Instant:
        return format_instant(value)
    if isinstance(value, msgspec.Struct):
        return {
            field.name: _plain(getattr(value, field.name), field.type)
            for field in msgspec.structs.fields(type(value))
        }
    if get_origin(annotation) is tuple:
        return [_plain(item, kind) for item, kind in _items(value, annotation)]
    return value


def _items(values: tuple[Any, ...], annotation: Any) -> list[tuple[Any, Any]]:
    kinds = get_args(annotation)
    if kinds[-1] is ...:
        return [(value, kinds[0]) for value in values]
    return list(zip(values, kinds, strict=True))
