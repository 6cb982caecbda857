"""What a notice orders of the controller itself, not of a record: to stop collecting, to attest.

Each such step has an entry of its own beside the records, so that its commands are sent, answered,
repeated, overdue and taken back as all others are.
"""

from collections.abc import Iterator

from pipeline.documents import InForce, Standing
from pipeline.events import OWN_IDS, Event
from pipeline.identifiers import EventId, RecordId
from pipeline.instants import Instant
from pipeline.records import Record
from pipeline.steps import Step
from pipeline.vocabulary import CommandKind, Happening

NOTICE_IDS = f"{OWN_IDS}notice/"
"""How ids begin under which steps of notices are kept: notice and step follow."""
_KINDS = {
    "stop_collection": CommandKind.STOP_COLLECTION.value,
    "attest": CommandKind.ATTEST.value,
}
_BEGINNING = Instant(1)


def appointments(in_force: InForce) -> Iterator[Event]:
    """Yield, for each step of a notice that somebody is to be told, what makes its entry."""
    for found in in_force.notices:
        if found.notice.mode != "enforce" or not found.ordered:
            continue
        for order in found.notice.orders:
            if order.tell:
                yield Event(
                    event_id=EventId(found.notice.cause(order.step_id)),
                    what=Happening.CREATED.value,
                    happened_at=_BEGINNING,
                    record_id=_entry_id(found, order.step_id),
                    stores=order.tell,
                )


def is_appointment(record_id: RecordId) -> bool:
    """Whether a step of a notice is kept under an id, and no record."""
    return record_id.startswith(NOTICE_IDS)


def appointed_steps(record: Record, in_force: InForce) -> tuple[Step, ...]:
    """Return what the step of a notice that is kept here orders now; nothing once it has ended."""
    name, _, step_id = record.record_id.removeprefix(NOTICE_IDS).partition("/")
    found = in_force.notices_by_name.get(f"notice:{name}")
    if found is None or found.notice.mode != "enforce":
        return ()
    told = [order.tell for order in found.notice.orders if order.step_id == step_id]
    tell = told[0] if told else ()
    return tuple(
        [
            Step(
                complete_by=step.complete_by,
                cause=found.cause(step),
                kind=_KINDS[step.action],
                not_before=step.not_before,
                cause_version=found.notice.version,
                citation=found.notice.citation.text,
                at_once=True,
                only=tell,
            )
            for step in found.ordered
            if step.step_id == step_id and step.action in _KINDS and tell
        ]
    )


def _entry_id(found: Standing, step_id: str) -> RecordId:
    return RecordId(f"{NOTICE_IDS}{found.notice.document_id}/{step_id}")
