"""What a store holds, and the files in which it says so: JSON lines or CSV."""

import csv
import json
from collections.abc import Iterable
from typing import NamedTuple, TextIO

from pipeline.identifiers import RecordId
from pipeline.instants import Instant, format_instant

COLUMNS = ("record_id", "kind", "collected_at")


class Held(NamedTuple):
    """One record that a store holds: its kind, and when it was collected (the first copy's)."""

    record_id: RecordId
    kind: str
    collected_at: Instant


def to_json_lines(held: Iterable[Held], out: TextIO) -> None:
    """Write one JSON object a line, with the names in `COLUMNS`; instants in ISO 8601."""
    out.writelines(json.dumps(dict(zip(COLUMNS, _texts(row), strict=True))) + "\n" for row in held)


def to_csv(held: Iterable[Held], out: TextIO) -> None:
    """Write CSV under a line with the names in `COLUMNS`; instants in ISO 8601.

    Open the file with `newline=""`.
    """
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(map(_texts, held))


def _texts(row: Held) -> tuple[str, str, str]:
    return row.record_id, row.kind, format_instant(row.collected_at)
