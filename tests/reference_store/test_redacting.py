"""Erasing fields of a record, and the answer to it."""

from pathlib import Path

import msgspec
import pytest

from pipeline.commands import Command
from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.reference_store import ReferenceStore
from tests.reference_store.build import EARLY, LATER, NOW, UNTIL, change, command, dump

R1 = RecordId("r1")


def answer(receipt: Receipt) -> tuple[str, int | None]:
    return receipt.status, receipt.verified_remaining


def erasing(*fields: str, name: str = "c1", record_id: str = "r1", **changes: int) -> Command:
    made = command("REDACT", name, record_id, **changes)  # type: ignore[arg-type]
    return msgspec.structs.replace(made, fields=fields)


@pytest.mark.parametrize("field", ["image", "vector", "terms"])
def test_a_field_is_erased_and_the_rest_stays(
    store: ReferenceStore, path: Path, field: str
) -> None:
    before = dump(path)
    assert answer(store.obey(erasing(field), NOW)) == ("COMPLETED", 0)
    after = dump(path)
    table, left = {
        "image": ("images", [(1, "r1", b"", EARLY, EARLY)]),
        "vector": ("templates", [(1, "r1", 1, b"", EARLY, EARLY)]),
        "terms": ("search_index", []),
    }[field]
    assert after[table] == left
    changed = [name for name in before if before[name] != after[name]]
    assert changed == [table, "obeyed"]
    assert {held.record_id for held in store.inventory()} == {R1}


def test_an_erased_field_is_overwritten_in_the_file(store: ReferenceStore, path: Path) -> None:
    store.keep_image(R1, b"\xffSECRET" * 999, ["hush"], collected_at=EARLY, stored_at=EARLY)
    store.obey(erasing("image"), NOW)
    assert b"SECRET" not in path.read_bytes()
    assert b"hush" in path.read_bytes()


def test_a_field_that_is_empty_or_of_another_store_has_nothing_to_be_erased(
    store: ReferenceStore,
) -> None:
    assert answer(store.obey(erasing("image", name="c1"), NOW)) == ("COMPLETED", 0)
    assert answer(store.obey(erasing("image", name="c2"), NOW)) == ("NOT_FOUND", 0)
    receipt = store.obey(erasing("id_document", "terms", name="c3"), NOW)
    assert receipt.status == "COMPLETED"
    assert receipt.detail == "1 of the fields named are none of this store's"
    assert answer(store.obey(erasing("id_document", name="c4"), NOW)) == ("NOT_FOUND", 0)
    assert answer(store.obey(erasing("terms", name="c5", record_id="r2"), NOW)) == ("NOT_FOUND", 0)


def test_what_was_put_in_a_field_later_stays(store: ReferenceStore) -> None:
    store.keep_image(R1, b"new", ["new"], collected_at=EARLY, stored_at=Instant(UNTIL + 1))
    store.obey(erasing("terms"), NOW)
    assert (store.search("new"), store.search("beach")) == ([R1], [])


def test_what_keeps_a_field_is_told_and_tried_again(store: ReferenceStore, path: Path) -> None:
    change(path, "CREATE TRIGGER keep BEFORE UPDATE ON images BEGIN SELECT RAISE(IGNORE); END")
    assert answer(store.obey(erasing("image", "terms"), NOW)) == ("PARTIAL", 1)
    change(path, "DROP TRIGGER keep")
    assert answer(store.obey(erasing("image", "terms"), LATER)) == ("COMPLETED", 0)


def test_what_was_taken_back_erases_no_field(store: ReferenceStore) -> None:
    store.obey(command("CANCEL", "x1", withdraws="c1"), NOW)
    assert store.obey(erasing("terms"), LATER).status == "CANCELLED"
    assert store.search("beach") == [R1]


def test_the_rest_is_deleted_later_and_a_restriction_stands_until_then(
    store: ReferenceStore,
) -> None:
    store.obey(command("RESTRICT", "c2"), NOW)
    store.obey(erasing("image"), NOW)
    assert store.restricted() == [R1]
    assert answer(store.obey(command("DELETE", "c3"), NOW)) == ("COMPLETED", 0)
    assert store.restricted() == []
