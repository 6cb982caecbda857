"""What each command does, and the answer to it."""

from pathlib import Path

import msgspec
import pytest

from pipeline.commands import Command
from pipeline.errors import InvalidInput
from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.reference_store import OBEYED, ReferenceStore, obeying
from pipeline.vocabulary import CommandKind
from tests.reference_store.build import EARLY, LATER, NOW, UNTIL, change, command, dump

R1 = RecordId("r1")


def answer(receipt: Receipt) -> tuple[str, int | None]:
    return receipt.status, receipt.verified_remaining


# -- DELETE -------------------------------------------------------------------------------------


def test_a_deletion_removes_the_record_from_every_table_and_reads_back(
    store: ReferenceStore,
) -> None:
    receipt = store.obey(command("DELETE"), NOW)
    assert receipt == Receipt(command("DELETE").command_id, R1, store.name, "COMPLETED", NOW, 0)
    assert store.counts()[:3] == (0, 0, 0)
    assert (store.inventory(), store.search("beach")) == ([], [])


def test_what_is_deleted_is_overwritten_in_the_file(store: ReferenceStore, path: Path) -> None:
    store.keep_image(R1, b"\xffSECRET" * 999, ["hush"], collected_at=EARLY, stored_at=EARLY)
    assert b"SECRET" in path.read_bytes()
    store.obey(command("DELETE"), NOW)
    assert b"SECRET" not in path.read_bytes()
    assert b"hush" not in path.read_bytes()


def test_other_records_stay_and_point_at_no_deleted_image(
    store: ReferenceStore, path: Path
) -> None:
    other = RecordId("v2")
    store.keep_template(other, b"v", ["sun"], image_id=1, collected_at=EARLY, stored_at=EARLY)
    store.obey(command("DELETE"), NOW)
    assert [held.record_id for held in store.inventory()] == store.search("sun") == [other]
    assert [row[2] for row in dump(path)["templates"]] == [None]


def test_a_deletion_of_nothing_finds_nothing(store: ReferenceStore) -> None:
    assert answer(store.obey(command("DELETE", record_id="r2"), NOW)) == ("NOT_FOUND", 0)
    assert store.counts().images == 1


def test_data_until_is_the_last_instant_that_is_covered(store: ReferenceStore) -> None:
    for at in (UNTIL, UNTIL + 1):
        store.keep_image(R1, b"", ["later"], collected_at=EARLY, stored_at=Instant(at))
    assert answer(store.obey(command("DELETE"), NOW)) == ("COMPLETED", 0)
    assert store.counts()[:3] == (1, 0, 1)
    assert store.search("later") == [R1]
    assert store.search("beach") == []


def test_only_a_later_copy_is_not_found_and_stays(store: ReferenceStore) -> None:
    early = command("DELETE", data_until=EARLY - 1)
    assert answer(store.obey(early, NOW)) == ("NOT_FOUND", 0)
    assert store.counts()[:3] == (1, 1, 2)


def test_what_something_keeps_is_partial_and_tried_again(store: ReferenceStore, path: Path) -> None:
    change(path, "CREATE TRIGGER keep BEFORE DELETE ON templates BEGIN SELECT RAISE(IGNORE); END")
    first = store.obey(command("DELETE"), NOW)
    assert answer(first) == ("PARTIAL", 1)
    assert first.detail is not None
    assert answer(store.obey(command("DELETE", attempt=2), LATER)) == ("PARTIAL", 1)
    change(path, "DROP TRIGGER keep")
    again = store.obey(command("DELETE", attempt=3), LATER)
    assert (answer(again), again.at) == (("COMPLETED", 0), LATER)


def test_what_vanished_after_a_partial_deletion_was_deleted_not_missing(
    store: ReferenceStore, path: Path
) -> None:
    change(path, "CREATE TRIGGER keep BEFORE DELETE ON templates BEGIN SELECT RAISE(IGNORE); END")
    store.obey(command("DELETE"), NOW)
    change(path, "DROP TRIGGER keep")
    change(path, "DELETE FROM templates")
    assert answer(store.obey(command("DELETE"), LATER)) == ("COMPLETED", 0)


def test_a_rule_of_the_database_fails_the_command_and_keeps_everything(
    store: ReferenceStore, path: Path
) -> None:
    change(
        path, "CREATE TRIGGER no BEFORE DELETE ON templates BEGIN SELECT RAISE(ABORT, 'lock'); END"
    )
    before = dump(path)
    receipt = store.obey(command("DELETE"), NOW)
    assert receipt.status == "FAILED"
    assert receipt.detail == "the database refuses: lock"
    assert dump(path) == before


# -- instants, stores, kinds ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["DELETE", "RESTRICT"])
def test_it_is_obeyed_from_not_before_on_and_not_from_expires_at_on(
    store: ReferenceStore, path: Path, kind: str
) -> None:
    bounded = command(kind, not_before=2_000, expires_at=3_000, data_until=EARLY)
    before = dump(path)
    for now, why in ((1_999, "too early"), (3_000, "too late")):
        refused = store.obey(bounded, Instant(now))
        assert (refused.status, refused.at) == ("FAILED", now)
        assert why in (refused.detail or "")
    assert dump(path) == before
    assert store.obey(bounded, Instant(2_000)).status == "COMPLETED"
    # What was obeyed keeps its answer, also when it comes again too late.
    assert store.obey(bounded, Instant(3_000)).status == "COMPLETED"


@pytest.mark.parametrize("kind", ["CANCEL", "RELEASE"])
def test_no_instant_binds_what_takes_back(store: ReferenceStore, kind: str) -> None:
    for number, now in enumerate((0, 3_000)):
        taking = command(
            kind, f"t{number}", withdraws=f"w{number}", not_before=2_000, expires_at=3_000
        )
        assert store.obey(taking, Instant(now)).status == "COMPLETED"


@pytest.mark.parametrize("kind", sorted(CommandKind))
def test_a_command_for_another_store_fails_and_changes_nothing(
    store: ReferenceStore, path: Path, kind: str
) -> None:
    before = dump(path)
    receipt = store.obey(command(kind, store="index", withdraws="c0"), NOW)
    assert (receipt.status, receipt.store) == ("FAILED", "images")
    assert "images" in (receipt.detail or "")
    assert dump(path) == before


@pytest.mark.parametrize("kind", [*sorted(set(CommandKind) - OBEYED), "PAINT_IT_BLACK"])
def test_other_kinds_are_not_supported(store: ReferenceStore, path: Path, kind: str) -> None:
    before = dump(path)
    assert store.obey(command(kind), NOW).status == "NOT_SUPPORTED"
    assert dump(path) == before


def test_a_store_may_do_fewer_kinds_but_no_others(tmp_path: Path) -> None:
    with ReferenceStore(tmp_path / "x.db", "images", {"DELETE", "CANCEL"}) as store:
        assert store.obey(command("RESTRICT"), NOW).status == "NOT_SUPPORTED"
        assert store.obey(command("DELETE", "c2"), NOW).status == "NOT_FOUND"
    with pytest.raises(InvalidInput, match="ATTEST"):
        ReferenceStore(tmp_path / "y.db", "images", {"DELETE", "ATTEST"})


@pytest.mark.parametrize("kind", ["CANCEL", "RELEASE"])
def test_what_takes_back_nothing_fails(store: ReferenceStore, kind: str) -> None:
    receipt = store.obey(command(kind), NOW)
    assert receipt.status == "FAILED"
    assert "withdraws" in (receipt.detail or "")


# -- once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "once",
    [
        command("DELETE"),
        command("DELETE", record_id="r2"),
        command("RESTRICT"),
        command("RELEASE", withdraws="c0"),
        command("CANCEL", withdraws="c0"),
    ],
)
def test_the_same_command_again_gives_the_same_answer_and_does_nothing(
    store: ReferenceStore, path: Path, once: Command
) -> None:
    first = store.obey(once, NOW)
    store.keep_image(once.record_id, b"", ["new"], collected_at=EARLY, stored_at=EARLY)
    before = dump(path)
    assert store.obey(msgspec.structs.replace(once, attempt=2), LATER) == first
    assert dump(path) == before


def test_an_error_between_deletion_and_answer_leaves_everything_as_it_was(
    store: ReferenceStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    before = dump(path)
    with monkeypatch.context() as patched:
        patched.setattr(obeying, "_keep", killed)
        with pytest.raises(KeyboardInterrupt):
            store.obey(command("DELETE"), NOW)
    assert dump(path) == before
    assert answer(store.obey(command("DELETE"), NOW)) == ("COMPLETED", 0)


# -- RESTRICT and RELEASE -------------------------------------------------------------------------


def test_a_record_is_hidden_while_any_restriction_stands(store: ReferenceStore) -> None:
    for name in ("c1", "c2", "c2"):
        assert store.obey(command("RESTRICT", name), NOW).status == "COMPLETED"
    assert (store.search("beach"), store.restricted()) == ([], [R1])
    assert [held.record_id for held in store.inventory()] == [R1, R1]
    store.obey(command("RELEASE", "l1", withdraws="c1"), NOW)
    assert store.search("beach") == []
    store.obey(command("RELEASE", "l2", withdraws="c2"), NOW)
    assert (store.search("beach"), store.restricted()) == ([R1], [])
    store.obey(command("RESTRICT", "c2", attempt=2), LATER)
    assert store.search("beach") == [R1]


def test_a_restriction_hides_what_arrives_later(store: ReferenceStore) -> None:
    assert store.obey(command("RESTRICT", record_id="r2"), NOW).status == "COMPLETED"
    store.keep_image(RecordId("r2"), b"", ["beach"], collected_at=EARLY, stored_at=LATER)
    assert store.search("beach") == [R1]


def test_a_release_that_comes_first_wins(store: ReferenceStore) -> None:
    assert store.obey(command("RELEASE", "l1", withdraws="c1"), NOW).status == "COMPLETED"
    late = store.obey(command("RESTRICT", "c1"), LATER)
    assert (late.status, late.at) == ("CANCELLED", NOW)
    assert store.search("beach") == [R1]


@pytest.mark.parametrize("order", [("DELETE", "RESTRICT"), ("RESTRICT", "DELETE")])
def test_a_restriction_ends_with_the_life_that_it_restricted(
    store: ReferenceStore, order: tuple[str, str]
) -> None:
    store.keep_image(R1, b"", ["new"], collected_at=EARLY, stored_at=LATER)
    for kind in order:
        store.obey(command(kind, kind), NOW)
    assert store.search("new") == [R1]
    store.obey(command("RESTRICT", "c3", generation="g2"), NOW)
    assert store.search("new") == []


def test_a_restriction_of_a_later_life_survives_the_deletion_of_the_former(
    store: ReferenceStore,
) -> None:
    store.obey(command("RESTRICT", "c2", generation="g2"), NOW)
    store.obey(command("DELETE"), NOW)
    assert store.restricted() == [R1]


# -- CANCEL ---------------------------------------------------------------------------------------


def test_a_cancel_that_comes_first_wins(store: ReferenceStore) -> None:
    receipt = store.obey(command("CANCEL", "x1", withdraws="c1"), NOW)
    assert (receipt.status, receipt.detail) == ("COMPLETED", None)
    late = store.obey(command("DELETE", "c1"), LATER)
    assert (late.status, late.verified_remaining, late.at) == ("CANCELLED", None, NOW)
    assert "CANCEL x1" in (late.detail or "")
    assert store.counts()[:3] == (1, 1, 2)
    assert answer(store.obey(command("DELETE", "c2"), LATER)) == ("COMPLETED", 0)


@pytest.mark.parametrize(("record_id", "status"), [("r1", "COMPLETED"), ("r2", "NOT_FOUND")])
def test_a_cancel_that_comes_too_late_says_so(
    store: ReferenceStore, record_id: str, status: str
) -> None:
    deletion = store.obey(command("DELETE", "c1", record_id), NOW)
    receipt = store.obey(command("CANCEL", "x1", record_id, withdraws="c1"), LATER)
    assert receipt.status == "COMPLETED"
    assert receipt.detail == f"it came too late: the deletion was answered {status} before"
    assert store.obey(command("DELETE", "c1", record_id), LATER) == deletion


def test_a_cancel_of_a_partial_deletion_keeps_the_rest(store: ReferenceStore, path: Path) -> None:
    change(path, "CREATE TRIGGER keep BEFORE DELETE ON templates BEGIN SELECT RAISE(IGNORE); END")
    store.obey(command("DELETE", "c1"), NOW)
    change(path, "DROP TRIGGER keep")
    assert "a part" in (store.obey(command("CANCEL", "x1", withdraws="c1"), NOW).detail or "")
    assert store.obey(command("DELETE", "c1"), LATER).status == "CANCELLED"
    assert store.counts()[:3] == (0, 1, 0)
