"""Taking what the stores answer into a record."""

import msgspec

from pipeline.findings import Finding, finding, over
from pipeline.identifiers import CommandId
from pipeline.instants import MIN_INSTANT, Instant, format_instant
from pipeline.ledger.leaving import DELETE, REDACT
from pipeline.receipts import Receipt, answered_with
from pipeline.records import Answer, Issued, Record, pruned
from pipeline.vocabulary import DESTROYING, SETTLED, FindingKind, ReceiptStatus

KEPT_ANSWERS = 8
_REFUSALS = frozenset(
    {
        ReceiptStatus.FAILED.value,
        ReceiptStatus.NOT_SUPPORTED.value,
        ReceiptStatus.BLOCKED_BY_HOLD.value,
    }
)


def received(record: Record, receipt: Receipt, now: Instant) -> tuple[Record, list[Finding]]:
    """Take a store's answer into the record.

    An answer to a command that is not known is a finding, and kept: after a runner went back to a
    checkpoint it may be read before its command is issued again.
    """
    item = _issued(record, receipt)
    if item is None and _names(record, receipt):
        return record, [unknown(receipt, now)]  # another store's command: it cannot settle it
    if item is None:
        answer = Answer(receipt.command_id, _meant(receipt), receipt.at, receipt.store)
        answers = tuple(sorted({*record.answers, answer}, key=_newest)[-KEPT_ANSWERS:])
        return msgspec.structs.replace(record, answers=answers), [unknown(receipt, now)]
    findings = _complaints(record, item, receipt, now) + _over(item, receipt, now)
    new = answered_with(item, _meant(receipt), receipt.at)
    if new is item:
        return record, findings
    issued = tuple(new if kept is item else kept for kept in record.issued)
    return pruned(msgspec.structs.replace(record, issued=issued)), findings


def _meant(receipt: Receipt) -> str:
    """Return what an answer comes to: what is only said to be done, but was read back, is not."""
    if receipt.status == ReceiptStatus.COMPLETED and receipt.verified_remaining:
        return ReceiptStatus.PARTIAL.value
    return receipt.status


def _complaints(record: Record, item: Issued, receipt: Receipt, now: Instant) -> list[Finding]:
    """Return what a person must look into."""
    found = []
    store, status = receipt.store, receipt.status
    if status in _REFUSALS:
        what = f"store {store} answered {status} to {item.kind}"
        remedy = "repair the store; its next answer to the same id counts"
        found.append((FindingKind.REFUSED_BY_STORE, what, remedy))
    if status == ReceiptStatus.COMPLETED and receipt.verified_remaining:
        what = f"store {store} completed {item.kind}, but read back that data remains"
        remedy = "find out what keeps it; the command is sent again"
        found.append((FindingKind.DATA_REMAINS, what, remedy))
    destroyed = item.kind in DESTROYING and _meant(receipt) == ReceiptStatus.COMPLETED
    if destroyed and _was_to_be_kept(record, item, {}):
        what = f"store {store} deleted what a CANCEL was to save: it came too late"
        remedy = "find out what was lost, and tell whoever asked for it to be kept"
        found.append((FindingKind.DELETED_DESPITE_CANCEL, what, remedy))
    if _contradicts(item, receipt):
        what = f"store {store} said of {item.kind} that it is done and, later, {status}"
        if _meant(receipt) in SETTLED:
            what = f"store {store} said {item.outcome} of {item.kind} after saying that it was done"
        remedy = "ask the store's owner which is true; what was said to be done counts as done"
        found.append((FindingKind.CONTRADICTING_RECEIPT, what, remedy))
    occasion = f"{status} at {format_instant(receipt.at)}"
    return [
        finding(kind, receipt.command_id, what, remedy, now, occasion)
        for kind, what, remedy in found
    ]


def _was_to_be_kept(record: Record, item: Issued, known: dict[CommandId, bool]) -> bool:
    """Whether a CANCEL was to save data; not where all of it gave way to other causes' commands.

    What gives way is cancelled in the look in which the others are issued. They may have given way
    since in their turn, or have expired: that is laid aside, but nobody was told not to obey it.

    Args:
        record: what the command is about.
        item: the command.
        known: what was found of others before; what is being looked at excuses nothing.
    """
    if item.command_id not in known:
        cancel = next((one for one in record.issued if one.withdraws == item.command_id), None)
        known[item.command_id] = cancel is not None
        if cancel is not None:
            others = [
                other
                for other in record.issued
                if other.kind in DESTROYING
                and other.store == item.store
                and other.cause != item.cause
                and other.issued_at == cancel.issued_at
                and not _was_to_be_kept(record, other, known)
            ]
            known[item.command_id] = not _erase_all(record, others, item)
    return known[item.command_id]


def _erase_all(record: Record, others: list[Issued], item: Issued) -> bool:
    """Whether commands together erase whatever one does, as far as the record tells."""
    signs = [sign.at for sign in (*record.births, *record.touches) if sign.at <= item.data_until]
    newest = max(signs, default=MIN_INSTANT)
    reaching = [other for other in others if other.data_until >= newest]
    if any(other.kind == DELETE for other in reaching):
        return True
    fields = {name for other in reaching for name in other.fields}
    return item.kind == REDACT and fields.issuperset(item.fields)


def _over(item: Issued, receipt: Receipt, now: Instant) -> list[Finding]:
    """Return which findings about a command are over now that its store has obeyed it."""
    if item.outcome in SETTLED or _meant(receipt) not in SETTLED:
        return []
    found = [FindingKind.OVERDUE] if item.overdue else []
    found += [FindingKind.REFUSED_BY_STORE] if item.outcome in _REFUSALS else []
    why = f"store {receipt.store} has answered {receipt.status}"
    return [over(kind, receipt.command_id, why, now) for kind in found]


def _contradicts(item: Issued, receipt: Receipt) -> bool:
    """Whether one of two answers says done and a later one does not."""
    if item.outcome is None or item.answered_at is None:
        return False
    settled, new = item.outcome in SETTLED, _meant(receipt) in SETTLED
    later = receipt.at > item.answered_at
    return settled != new and later == settled and receipt.at != item.answered_at


def _newest(answer: Answer) -> tuple[Instant, str, str]:
    return (answer.at, answer.command_id, answer.status)


def _issued(record: Record, receipt: Receipt) -> Issued | None:
    for item in record.issued:
        if item.command_id == receipt.command_id and item.store == receipt.store:
            return item
    return None


def _names(record: Record, receipt: Receipt) -> bool:
    return any(item.command_id == receipt.command_id for item in record.issued)


def unknown(receipt: Receipt, now: Instant) -> Finding:
    """Word the finding about an answer to a command that is not known."""
    return finding(
        FindingKind.UNKNOWN_COMMAND,
        receipt.command_id,
        f"store {receipt.store} answered a command that is not known",
        "ask the store's owner where the command came from",
        now,
        occasion=f"{receipt.status} at {format_instant(receipt.at)}",
    )
