"""A store's answer to a command. Its wire form is `receipt.avsc`."""

import msgspec

from pipeline.errors import Undecodable
from pipeline.identifiers import (
    MAX_ID_BYTES,
    CommandId,
    RecordId,
    StoreName,
    is_short,
    is_store_name,
)
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
    """Return the receipt, with a `detail` that is too long cut: the answer itself must count.

    Raises:
        Undecodable: its status is not one of `vocabulary.ReceiptStatus`, an id is empty or too
            long, or no store can have the name.
    """
    if receipt.status not in RECEIPT_RANK:
        raise Undecodable("unknown_word", "`status` is not in the vocabulary")
    if not (receipt.command_id and receipt.record_id and receipt.store):
        raise Undecodable("bad_id", "`command_id`, `record_id` and `store` may not be empty")
    if not (is_short(receipt.command_id) and is_short(receipt.record_id)):
        detail = f"`command_id` or `record_id` has more than {MAX_ID_BYTES} bytes in UTF-8"
        raise Undecodable("bad_id", detail)
    if not is_store_name(receipt.store):
        raise Undecodable("bad_id", "`store` is not the name of a store")
    if receipt.detail is not None and not is_short(receipt.detail):
        return msgspec.structs.replace(receipt, detail=_cut(receipt.detail))
    return receipt


def _cut(detail: str) -> str:
    kept = detail[:MAX_ID_BYTES].encode("utf-8", "surrogatepass")[:MAX_ID_BYTES]
    return kept.decode("utf-8", "ignore")


def answered_with(issued: Issued, status: str, at: Instant) -> Issued:
    """Take the more final of two answers; of equals the one with the earlier instant."""
    known = -1 if issued.outcome is None else RECEIPT_RANK[issued.outcome]
    new = RECEIPT_RANK[status]
    earlier = issued.answered_at is None or at < issued.answered_at
    if new < known or (new == known and not earlier):
        return issued
    return msgspec.structs.replace(issued, outcome=status, answered_at=at)
