"""A store's answer to a command. Its wire form is `receipt.avsc`."""

import msgspec

from pipeline.errors import Undecodable
from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import Instant
from pipeline.records import Issued
from pipeline.vocabulary import RECEIPT_RANK


class Receipt(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a store did about one command, and how much of the data it found remaining."""

    command_id: CommandId
    record_id: RecordId
    store: StoreName
    status: str
    at: Instant
    verified_remaining: int | None = None
    detail: str | None = None


def checked(receipt: Receipt) -> Receipt:
    """Return the receipt.

    Raises:
        Undecodable: its status is not one of `vocabulary.ReceiptStatus`, or an id is empty.
    """
    if receipt.status not in RECEIPT_RANK:
        raise Undecodable("unknown_word", "`status` is not in the vocabulary")
    if not (receipt.command_id and receipt.record_id and receipt.store):
        raise Undecodable("bad_id", "`command_id`, `record_id` and `store` may not be empty")
    return receipt


def answered_with(issued: Issued, status: str, at: Instant) -> Issued:
    """Take the more final of two answers; of equals the one with the earlier instant."""
    known = -1 if issued.outcome is None else RECEIPT_RANK[issued.outcome]
    new = RECEIPT_RANK[status]
    earlier = issued.answered_at is None or at < issued.answered_at
    if new < known or (new == known and not earlier):
        return issued
    return msgspec.structs.replace(issued, outcome=status, answered_at=at)
