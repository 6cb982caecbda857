"""What each command does to the tables, and the answer to it: all inside the caller's transaction.

Answers are kept in `obeyed` beside what they say was done. Whoever is killed before the transaction
ended has done nothing; whoever is killed after it gives the same answer when the command comes
again. Refusals change nothing and are not kept: the same command may be obeyed later.
"""

from collections.abc import Container
from sqlite3 import Connection

from pipeline.commands import Command
from pipeline.identifiers import CommandId, StoreName
from pipeline.instants import Instant, format_instant
from pipeline.receipts import Receipt
from pipeline.reference_store.tables import COUNT_COVERED, DELETE_COVERED, FIELDS
from pipeline.vocabulary import SETTLED, CommandKind, ReceiptStatus

OBEYED = frozenset(
    {
        CommandKind.DELETE.value,
        CommandKind.RESTRICT.value,
        CommandKind.RELEASE.value,
        CommandKind.CANCEL.value,
        CommandKind.REDACT.value,
    }
)
"""Kinds of command that the store can do; the others go to people or to other systems."""

_DELETE = CommandKind.DELETE.value
_RESTRICT = CommandKind.RESTRICT.value
_CANCEL = CommandKind.CANCEL.value
_REDACT = CommandKind.REDACT.value
_TAKING_BACK = frozenset({CommandKind.RELEASE.value, _CANCEL})
_COMPLETED = ReceiptStatus.COMPLETED.value
_PARTIAL = ReceiptStatus.PARTIAL.value
_FAILED = ReceiptStatus.FAILED.value
_NOT_FOUND = ReceiptStatus.NOT_FOUND.value
_CANCELLED = ReceiptStatus.CANCELLED.value


def refusal(
    command: Command, store: StoreName, kinds: Container[str], now: Instant
) -> Receipt | None:
    """Return the answer to a command that is not obeyed whatever the store holds, or None.

    Args:
        command: what came.
        store: the name of this store.
        kinds: the kinds of command that it can do.
        now: the present; an instant to which commands are held, not a measurement.
    """
    status, why = _FAILED, ""
    if command.store != store:
        why = f"this is store {store}; the command names another"
    elif command.kind not in kinds:
        status, why = ReceiptStatus.NOT_SUPPORTED.value, "this store cannot do this kind of command"
    elif command.kind in _TAKING_BACK:
        # No instant binds these. A CANCEL refused by a clock that is a second slow would let
        # through what counsel has stopped; and what they name, they name by its id.
        why = "" if command.withdraws else "`withdraws` names no command"
    elif now < command.not_before:
        why = f"too early: it may be obeyed from {format_instant(command.not_before)} on"
    elif now >= command.expires_at:
        why = f"too late: it expired at {format_instant(command.expires_at)}"
    return _receipt(command, store, status, now, detail=why) if why else None


def known_answer(connection: Connection, command: Command, store: StoreName) -> Receipt | None:
    """Return the answer that holds for good, also to a command taken back before it came; or None.

    PARTIAL does not hold for good: what remained is tried again.
    """
    row = connection.execute(
        "SELECT status, at, remaining, detail FROM obeyed WHERE command_id = ?",
        (command.command_id,),
    ).fetchone()
    if row is None or row[0] == _PARTIAL:
        return None
    status, at, remaining, detail = row
    return _receipt(command, store, status, at, remaining=remaining, detail=detail)


def obey(connection: Connection, command: Command, store: StoreName, now: Instant) -> Receipt:
    """Do what a command says and keep the answer. It is not refused and was not obeyed before."""
    if command.kind == _DELETE:
        receipt = _delete(connection, command, store, now)
    elif command.kind == _RESTRICT:
        receipt = _restrict(connection, command, store, now)
    elif command.kind == _REDACT:
        receipt = _redact(connection, command, store, now)
    else:
        receipt = _take_back(connection, command, store, now)
    _keep(connection, command, receipt)
    return receipt


def _delete(connection: Connection, command: Command, store: StoreName, now: Instant) -> Receipt:
    """Remove every row stored up to `data_until`, and look again."""
    before = _covered(connection, command)
    for statement in DELETE_COVERED:
        connection.execute(statement, (command.record_id, command.data_until))
    remaining = _covered(connection, command)
    if remaining:
        detail = "something keeps what remains; it is tried again when the command comes again"
        return _receipt(command, store, _PARTIAL, now, remaining=remaining, detail=detail)
    # Restrictions end with the life that they restricted: its successor has commands of its own.
    connection.execute(
        "DELETE FROM restrictions WHERE record_id = ? AND generation = ?",
        (command.record_id, command.generation),
    )
    tried = _status(connection, command.command_id) is not None
    status = _COMPLETED if before or tried else _NOT_FOUND
    return _receipt(command, store, status, now, remaining=0)


def _redact(connection: Connection, command: Command, store: StoreName, now: Instant) -> Receipt:
    """Erase the named fields in every row stored up to `data_until`, and look again.

    A record lies in several stores: what is no field of this one is for another.
    """
    known = [FIELDS[name] for name in command.fields if name in FIELDS]
    covered = (command.record_id, command.data_until)
    counts = [count for count, _ in known]
    before = sum([connection.execute(count, covered).fetchone()[0] for count in counts])
    for _, erase in known:
        connection.execute(erase, covered)
    remaining = sum([connection.execute(count, covered).fetchone()[0] for count in counts])
    if remaining:
        detail = "something keeps what remains; it is tried again when the command comes again"
        return _receipt(command, store, _PARTIAL, now, remaining=remaining, detail=detail)
    strange = len(command.fields) - len(known)
    note = f"{strange} of the fields named are none of this store's" if strange else None
    tried = _status(connection, command.command_id) is not None
    status = _COMPLETED if before or tried else _NOT_FOUND
    return _receipt(command, store, status, now, remaining=0, detail=note)


def _covered(connection: Connection, command: Command) -> int:
    found = [
        connection.execute(statement, (command.record_id, command.data_until)).fetchone()[0]
        for statement in COUNT_COVERED
    ]
    return sum(found)


def _restrict(connection: Connection, command: Command, store: StoreName, now: Instant) -> Receipt:
    """Hide the record, also what of it is still on its way here."""
    statuses = connection.execute(
        "SELECT status FROM obeyed WHERE record_id = ? AND generation = ? AND kind = ?",
        (command.record_id, command.generation, _DELETE),
    )
    if any(status in SETTLED for (status,) in statuses):
        return _receipt(command, store, _NOT_FOUND, now, detail="it was deleted before")
    connection.execute(
        "INSERT INTO restrictions VALUES (?, ?, ?)",
        (command.command_id, command.record_id, command.generation),
    )
    return _receipt(command, store, _COMPLETED, now)


def _take_back(connection: Connection, command: Command, store: StoreName, now: Instant) -> Receipt:
    """Lift a restriction or stop a deletion: the one command that is named, come or still to come.

    One that was not obeyed yet gets the answer CANCELLED now, and so never will be.
    """
    withdrawn = CommandId(command.withdraws or "")
    former = _status(connection, withdrawn)
    connection.execute("DELETE FROM restrictions WHERE command_id = ?", (withdrawn,))
    kind = _DELETE if command.kind == _CANCEL else _RESTRICT
    detail = f"{command.kind} {command.command_id} came first"
    connection.execute(
        "INSERT INTO obeyed VALUES (?, ?, ?, ?, ?, ?, NULL, ?) ON CONFLICT DO UPDATE"
        " SET status = excluded.status, at = excluded.at, remaining = NULL,"
        " detail = excluded.detail WHERE status = ?",
        (
            withdrawn, kind, command.record_id, command.generation, _CANCELLED, now, detail,
            _PARTIAL,
        ),
    )  # fmt: skip
    late = None
    if kind == _DELETE and former in SETTLED:
        late = f"it came too late: the deletion was answered {former} before"
    elif kind == _DELETE and former == _PARTIAL:
        late = "it came too late for a part of the data; the rest stays"
    return _receipt(command, store, _COMPLETED, now, detail=late)


def _status(connection: Connection, command_id: CommandId) -> str | None:
    row = connection.execute(
        "SELECT status FROM obeyed WHERE command_id = ?", (command_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def _keep(connection: Connection, command: Command, receipt: Receipt) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO obeyed VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            command.command_id,
            command.kind,
            command.record_id,
            command.generation,
            receipt.status,
            receipt.at,
            receipt.verified_remaining,
            receipt.detail,
        ),
    )


def _receipt(
    command: Command,
    store: StoreName,
    status: str,
    at: Instant,
    *,
    remaining: int | None = None,
    detail: str | None = None,
) -> Receipt:
    return Receipt(command.command_id, command.record_id, store, status, at, remaining, detail)
