"""What was told is remembered, but not without end."""

import pytest

from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import Instant
from pipeline.ledger import told
from pipeline.ledger.folding import folded, whole_chunk
from pipeline.ledger.journal import decode_chunks, encode_chunk
from pipeline.ledger.parts import Part
from pipeline.ledger.told import MAX_TOLD, Told
from pipeline.receipts import Receipt
from tests.support.build import event, policy
from tests.support.drive import Drive


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MAX_TOLD", 3)


def strange(number: int) -> Part:
    name = CommandId(f"c{number}")
    receipt = Receipt(name, RecordId("r1"), StoreName("images"), "COMPLETED", Instant(1))
    return Part(receipts=(receipt,))


def test_the_newest_are_remembered_in_order() -> None:
    seen: Told[str] = Told()
    assert [seen.add(word) for word in "abacb"] == [True, True, False, True, False]
    assert seen.add("d")
    assert (list(seen), len(seen)) == (["b", "c", "d"], 3)
    assert seen.add("a")
    seen.add_all("xyz")
    assert list(seen) == ["x", "y", "z"]
    assert MAX_TOLD >= 10_000


def test_a_shard_forgets_old_findings_and_raises_them_again_under_the_same_id() -> None:
    drive = Drive()
    for number in (1, 2, 2, 3, 4, 1):
        drive.give(strange(number))
    raised = [item.finding_id for item in drive.findings]
    assert len(drive.ledger.findings) == 3
    assert raised[0] == raised[-1]
    assert [item.subject for item in drive.findings] == ["c1", "c2", "c3", "c4", "c1"]


def test_what_is_remembered_is_the_same_after_the_decoded_ledger_was_lost() -> None:
    drive = Drive()
    for number in range(9):
        drive.give(strange(number))
    before = list(drive.ledger.findings)
    assert len(before) == 3
    drive.rebuilt()
    assert list(drive.ledger.findings) == before
    whole = encode_chunk(whole_chunk(drive.ledger, 99))
    assert list(folded(0, {}, decode_chunks([whole])).findings) == before


def test_classes_without_a_rule_are_not_remembered_without_end() -> None:
    drive = Drive()
    purposes = ("CustomerCare", "Marketing", "Advertising", "Personalisation", "DirectMarketing")
    drive.give(Part(envelopes=(policy(),)))
    for number, name in enumerate(purposes):
        drive.give(Part(events=(event(f"r{number}", purpose=f"dpv:{name}"),)))
    assert [item.kind for item in drive.findings] == ["NO_RULE"] * len(purposes)
    assert len(drive.ledger._gaps) == 3
