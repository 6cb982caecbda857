"""Taking what the stores answer into a record."""

import msgspec

from pipeline.findings import Finding, finding
from pipeline.instants import Instant
from pipeline.receipts import Receipt, answered_with
from pipeline.records import Answer, Issued, Record
from pipeline.vocabulary import FindingKind, ReceiptStatus

KEPT_ANSWERS = 8
_REFUSALS = frozenset({ReceiptStatus.FAILED.value, ReceiptStatus.NOT_SUPPORTED.value})


def received(record: Record | None, receipt: Receipt, now: Instant) -> tuple[Record, list[Finding]]:
    """Take a store's answer into the record.

    An answer to a command that is not known is a finding, and kept: after a runner went back to a
    checkpoint it may be read before its command is issued again.
    """
    item = _issued(record, receipt)
    if record is not None and item is None and _names(record, receipt):
        return record, [_unknown(receipt, now)]  # another store's command: it cannot settle it
    if record is None or item is None:
        known = record or Record(receipt.record_id)
        answer = Answer(receipt.command_id, receipt.status, receipt.at, receipt.store)
        answers = tuple(sorted({*known.answers, answer}, key=_newest)[-KEPT_ANSWERS:])
        return msgspec.structs.replace(known, answers=answers), [_unknown(receipt, now)]
    findings = []
    if receipt.status in _REFUSALS:
        findings.append(
            finding(
                FindingKind.REFUSED_BY_STORE,
                receipt.command_id,
                f"store {receipt.store} answered {receipt.status} to {item.kind}",
                "repair the store; its next answer to the same id counts",
                now,
            )
        )
    new = answered_with(item, receipt.status, receipt.at)
    if new is item:
        return record, findings
    issued = tuple(new if kept is item else kept for kept in record.issued)
    return msgspec.structs.replace(record, issued=issued), findings


def _newest(answer: Answer) -> tuple[Instant, str, str]:
    return (answer.at, answer.command_id, answer.status)


def _issued(record: Record | None, receipt: Receipt) -> Issued | None:
    if record is None:
        return None
    for item in record.issued:
        if item.command_id == receipt.command_id and item.store == receipt.store:
            return item
    return None


def _names(record: Record, receipt: Receipt) -> bool:
    return any(item.command_id == receipt.command_id for item in record.issued)


def _unknown(receipt: Receipt, now: Instant) -> Finding:
    return finding(
        FindingKind.UNKNOWN_COMMAND,
        receipt.command_id,
        f"store {receipt.store} answered a command that is not known",
        "ask the store's owner where the command came from",
        now,
    )
