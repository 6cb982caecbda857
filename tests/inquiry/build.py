"""Dossiers with everything irrelevant filled in."""

from typing import Any

from pipeline.documents import Envelope
from pipeline.identifiers import RecordId
from pipeline.inquiry.explain import explain
from pipeline.inquiry.explanation import Dossier, Explanation, LifeSaid, Published, Row
from pipeline.instants import Instant
from pipeline.records import Record, applied
from tests.support.build import event

BEGIN = 1_000


def fresh(**options: Any) -> Record:
    """Return a record of one event at `BEGIN`."""
    return applied(None, event(at=BEGIN, **options))


def dossier(record: Record | None, *documents: Envelope, **more: Any) -> Dossier:
    """Return what is kept of a record: one row, and documents that were published at 1 ms."""
    rows = () if record is None else (Row(Instant(BEGIN), record),)
    values: dict[str, Any] = {
        "record_id": RecordId("r1"),
        "rows": rows,
        "published": tuple(Published(Instant(1), envelope) for envelope in documents),
    }
    return Dossier(**(values | more))


def explained(
    record: Record | None, *documents: Envelope, at: int = 5_000, **more: Any
) -> Explanation:
    """Return the explanation of a record under documents at an instant."""
    return explain(dossier(record, *documents, **more), Instant(at))


def life(record: Record, *documents: Envelope, at: int = 5_000, **more: Any) -> LifeSaid:
    """Return what is said of the only life of a record."""
    (found,) = explained(record, *documents, at=at, **more).lives
    return found


def results(said: LifeSaid) -> dict[str, str]:
    """Return what came of each thing considered, by name."""
    return {one.name: one.result for one in said.considered}
