"""Commands as they leave a ledger: of what was issued, and of what takes that back."""

from pipeline.commands import LIFETIME, Command
from pipeline.identifiers import command_id
from pipeline.instants import Instant
from pipeline.records import Issued, Record
from pipeline.vocabulary import CommandKind

DELETE = CommandKind.DELETE.value
RESTRICT = CommandKind.RESTRICT.value
CANCEL = CommandKind.CANCEL.value
RELEASE = CommandKind.RELEASE.value
REVIEW = CommandKind.REVIEW_MODEL.value
STOP = CommandKind.STOP_COLLECTION.value
ATTEST = CommandKind.ATTEST.value
REDACT = CommandKind.REDACT.value
NOTIFY = CommandKind.NOTIFY_RECIPIENT.value

LASTING = frozenset({RESTRICT, STOP})
"""Kinds of commands that last after they were obeyed: a RELEASE ends them, a CANCEL others."""


def command_of(record: Record, item: Issued) -> Command:
    """Return the command as it was or is issued: same id, same instants."""
    return Command(
        command_id=item.command_id,
        kind=item.kind,
        store=item.store,
        record_id=record.record_id,
        generation=item.generation,
        cause=item.cause,
        cause_version=item.cause_version,
        citation=item.citation,
        not_before=item.not_before,
        complete_by=item.complete_by,
        data_until=item.data_until,
        expires_at=item.expires_at,
        issued_at=item.issued_at,
        withdraws=item.withdraws,
        attempt=max(1, item.attempts),
        recipient=item.recipient,
        uses=item.uses,
        fields=item.fields,
    )


def withdrawal_of(record: Record, item: Issued, now: Instant) -> Issued:
    """Return what takes an issued command back: it is answered for, and sent again, like any.

    It carries that one's cause, so that it goes where that one may still wait, and outlives it.
    """
    kind = RELEASE if item.kind in LASTING else CANCEL
    name = command_id(
        kind=kind,
        target=item.store,
        record_id=record.record_id,
        generation=item.generation,
        cause=item.cause,
        epoch=item.command_id,
    )
    return Issued(
        command_id=name,
        kind=kind,
        store=item.store,
        cause=item.cause,
        citation=item.citation,
        generation=item.generation,
        not_before=now,
        complete_by=now,
        data_until=item.data_until,
        expires_at=Instant(max(item.expires_at, now + LIFETIME)),
        issued_at=now,
        cause_version=item.cause_version,
        withdraws=item.command_id,
        recipient=item.recipient,
    )
