"""Records that a store is given from a file of JSON lines: for demonstrations and trials.

    {"record_id": "img-1", "collected_at": "2026-03-01T09:00:00Z", "terms": ["beach"]}
    {"record_id": "vec-1", "kind": "template", "image": "img-1", "collected_at": "..."}

`data` is base64; without it, a copy is empty. A line of the inventory is such a line.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

import msgspec

from pipeline.errors import InvalidInput
from pipeline.identifiers import RecordId
from pipeline.instants import Instant, from_datetime

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class Seed(NamedTuple):
    """One copy to keep. `image`: the record from whose newest image a template was made."""

    record_id: RecordId
    kind: str
    collected_at: Instant
    data: bytes = b""
    terms: tuple[str, ...] = ()
    image: RecordId | None = None


class Added(NamedTuple):
    """How many copies were kept, and how many left out: here already, or deleted before."""

    kept: int
    left_out: int


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    record_id: _Name
    collected_at: _Zoned
    kind: Literal["source", "template"] = "source"
    data: bytes = b""
    terms: tuple[_Name, ...] = ()
    image: _Name | None = None


def read_seeds(lines: Iterable[str], where: str) -> Iterator[Seed]:
    """Read lines; empty ones are passed over.

    Args:
        lines: of the file.
        where: what errors call the file.

    Raises:
        InvalidInput: a line is not such an object; the message names line and field, no value.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=_Line)
            collected_at = from_datetime(found.collected_at)
        except (msgspec.DecodeError, InvalidInput) as error:
            raise InvalidInput(f"{where}:{number}: {error}") from None
        image = None if found.image is None else RecordId(found.image)
        name = RecordId(found.record_id)
        yield Seed(name, found.kind, collected_at, found.data, found.terms, image)
