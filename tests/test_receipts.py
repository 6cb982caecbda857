"""Receipts: the most final answer holds, whatever comes first and however often."""

import functools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Undecodable
from pipeline.identifiers import (
    MAX_ID_BYTES,
    Cause,
    CommandId,
    EventId,
    RecordId,
    StoreName,
)
from pipeline.instants import Instant
from pipeline.receipts import Receipt, answered_with, checked
from pipeline.records import Issued
from pipeline.vocabulary import RECEIPT_RANK, SETTLED, ReceiptStatus

ISSUED = Issued(
    CommandId("c1"), "DELETE", StoreName("images"), Cause("policy:acme/faces"), "Act s.1",
    EventId("e1"), Instant(10), Instant(20), Instant(10), Instant(99), Instant(10),
)  # fmt: skip


def answered(item: Issued, receipt: Receipt) -> Issued:
    return answered_with(item, receipt.status, receipt.at)


def receipt(status: str, at: int = 1) -> Receipt:
    return Receipt(CommandId("c1"), RecordId("r1"), StoreName("images"), status, Instant(at))


RECEIPTS = st.lists(
    st.builds(receipt, st.sampled_from([item.value for item in ReceiptStatus]), st.integers(0, 9)),
    min_size=1,
    max_size=8,
)


@given(RECEIPTS, st.data())
def test_any_order_and_repetition_of_answers_give_the_same_outcome(
    receipts: list[Receipt], data: st.DataObject
) -> None:
    again = data.draw(st.permutations(receipts + receipts[:3]))
    one = functools.reduce(answered, receipts, ISSUED)
    assert functools.reduce(answered, again, ISSUED) == one
    assert one.outcome == max((item.status for item in receipts), key=RECEIPT_RANK.__getitem__)


@pytest.mark.parametrize("settled", sorted(SETTLED))
def test_nothing_unsettles_a_settled_command(settled: str) -> None:
    done = answered(ISSUED, receipt(settled))
    for status in ReceiptStatus:
        assert answered(done, receipt(status.value, at=99)).outcome in SETTLED


def test_a_repeated_answer_changes_nothing_not_even_the_object() -> None:
    done = answered(ISSUED, receipt("COMPLETED", at=5))
    assert answered(done, receipt("COMPLETED", at=5)) is done
    assert answered(done, receipt("COMPLETED", at=7)) is done


def test_of_equal_answers_the_earlier_instant_is_kept() -> None:
    late = answered(ISSUED, receipt("COMPLETED", at=5))
    assert answered(late, receipt("COMPLETED", at=3)).answered_at == 3


def test_an_unknown_status_is_undecodable_and_is_not_repeated() -> None:
    with pytest.raises(Undecodable) as caught:
        checked(receipt("jane@example.org"))
    assert caught.value.reason == "unknown_word"
    assert "jane" not in str(caught.value)


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_an_empty_id_is_undecodable(empty: int) -> None:
    ids = ["c1", "r1", "images"]
    ids[empty] = ""
    with pytest.raises(Undecodable, match="bad_id"):
        checked(
            Receipt(CommandId(ids[0]), RecordId(ids[1]), StoreName(ids[2]), "COMPLETED", Instant(1))
        )


@pytest.mark.parametrize("field", ["command_id", "record_id", "store"])
@pytest.mark.parametrize("text", ["é" * (MAX_ID_BYTES // 2) + "a", "jane " * MAX_ID_BYTES])
def test_an_id_that_is_too_long_is_undecodable_and_is_not_repeated(field: str, text: str) -> None:
    with pytest.raises(Undecodable) as caught:
        checked(msgspec.structs.replace(receipt("COMPLETED"), **{field: text}))
    assert caught.value.reason == "bad_id"
    assert "jane" not in str(caught.value)


def test_a_store_of_an_impossible_name_is_undecodable() -> None:
    with pytest.raises(Undecodable, match="bad_id"):
        checked(msgspec.structs.replace(receipt("COMPLETED"), store=StoreName("a b")))


@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀"])
def test_a_long_detail_is_cut_and_the_answer_counts(letter: str) -> None:
    long = msgspec.structs.replace(receipt("COMPLETED"), detail=f"x{letter * 9_999}")
    cut = checked(long)
    assert cut.detail is not None
    assert long.detail is not None
    assert long.detail.startswith(cut.detail)
    assert MAX_ID_BYTES - 4 < len(cut.detail.encode()) <= MAX_ID_BYTES
    assert msgspec.structs.replace(cut, detail=long.detail) == long


def test_a_good_receipt_passes_as_it_is() -> None:
    good = receipt("NOT_FOUND")
    assert checked(good) is good
