"""What makes the value of each of our Avro records."""

from typing import Any

from pipeline.commands import Command
from pipeline.documents.envelope import Envelope
from pipeline.events import Event, Evidence, Field, Subject
from pipeline.findings import Decision, Finding, Measurement, Quarantined, StateRow
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.records import Answer, Birth, FieldCategory, Heard, Issued, Mail, Record, Taint
from pipeline.wire.reading import Maker
from pipeline.wire.sealed import unsealed

_RECORD_FIELDS = len(Record.__struct_fields__)


def _record(*values: Any) -> Record:
    # What follows was derived for readers.
    return Record(*values[:_RECORD_FIELDS])


def _anchor(name: str, at: Instant) -> tuple[str, Instant]:
    return (name, at)


MAKERS: dict[str, Maker] = {
    "Anchor": _anchor,
    "Answer": Answer,
    "Birth": Birth,
    "Command": unsealed(Command),
    "Decision": Decision,
    "Document": unsealed(Envelope),
    "Event": Event,
    "Evidence": Evidence,
    "Field": Field,
    "FieldCategory": FieldCategory,
    "Finding": Finding,
    "Heard": Heard,
    "Issued": Issued,
    "Lineage": Mail,
    "Measurement": Measurement,
    "Quarantined": Quarantined,
    "Receipt": unsealed(Receipt),
    "Record": _record,
    "State": StateRow,
    "Subject": Subject,
    "Taint": Taint,
}
"""What makes the value of each of our Avro records, from its fields in order."""
