"""What a store keeps and shows, its inventory, its seeds and its file."""

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.reference_store import (
    Added,
    Held,
    ReferenceStore,
    StoreUnavailable,
    read_seeds,
    to_csv,
    to_json_lines,
)
from pipeline.reference_store import database as database_module
from tests.reference_store.build import EARLY, LATER, NOW, command

R1 = RecordId("r1")


def seeds(*lines: str) -> list[str]:
    return [f'{{"record_id": {line}}}' for line in lines]


def test_an_inventory_names_every_record_once_a_kind_with_its_first_collection(
    store: ReferenceStore,
) -> None:
    store.keep_image(R1, b"", collected_at=Instant(1), stored_at=LATER)
    assert store.inventory() == [Held(R1, "source", Instant(1)), Held(R1, "template", EARLY)]


def test_an_inventory_is_written_as_json_lines_and_as_csv(store: ReferenceStore) -> None:
    wanted = [
        {"record_id": "r1", "kind": "source", "collected_at": "1970-01-01T00:00:01Z"},
        {"record_id": "r1", "kind": "template", "collected_at": "1970-01-01T00:00:01Z"},
    ]
    out = io.StringIO()
    to_json_lines(store.inventory(), out)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == wanted
    out = io.StringIO(newline="")
    to_csv(store.inventory(), out)
    assert list(csv.DictReader(io.StringIO(out.getvalue(), newline=""))) == wanted


def test_a_search_finds_whole_terms_only_and_each_record_once(store: ReferenceStore) -> None:
    store.keep_image(R1, b"", ["sun", "sun"], collected_at=EARLY, stored_at=LATER)
    assert store.search("sun") == [R1]
    assert store.search("su") == store.search("") == []


def test_a_template_of_an_image_that_is_not_there_is_refused(store: ReferenceStore) -> None:
    with pytest.raises(InvalidInput, match="no image 99"):
        store.keep_template(R1, b"", ["t"], image_id=99, collected_at=EARLY, stored_at=EARLY)
    assert (store.counts().templates, store.search("t")) == (1, [])


# -- seeds ----------------------------------------------------------------------------------------


def test_seeds_are_kept_with_what_they_say(store: ReferenceStore) -> None:
    lines = seeds(
        '"i", "collected_at": "2026-03-01T09:00:00+01:00", "terms": ["a", "b"], "data": "//79"',
        '"v", "collected_at": "2026-03-01T08:00:00Z", "kind": "template", "image": "i"',
    )
    assert store.add(read_seeds([*lines, "", "  "], "f"), NOW) == Added(2, 0)
    assert store.search("b") == ["i"]
    at = Instant(1_772_352_000_000)
    assert store.inventory()[:1] == [Held(RecordId("i"), "source", at)]
    assert store.inventory()[-1:] == [Held(RecordId("v"), "template", at)]


def test_the_same_seeds_again_bring_back_nothing(store: ReferenceStore) -> None:
    lines = seeds(*(f'"r{n}", "collected_at": "1970-01-01T00:00:01Z"' for n in (1, 2, 3)))
    assert store.add(read_seeds(lines, "f"), EARLY) == Added(2, 1)
    store.obey(command("DELETE", record_id="r2"), NOW)
    assert store.add(read_seeds(lines, "f"), NOW) == Added(0, 3)
    assert [held.record_id for held in store.inventory()] == ["r1", "r1", "r3"]


def test_an_inventory_is_a_file_of_seeds(store: ReferenceStore, tmp_path: Path) -> None:
    out = io.StringIO()
    to_json_lines(store.inventory(), out)
    with ReferenceStore(tmp_path / "copy.db", "copy") as copy:
        copy.add(read_seeds(out.getvalue().splitlines(), "f"), NOW)
        assert copy.inventory() == store.inventory()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "truncated"),
        ('{"collected_at": "2026-03-01T09:00:00Z"}', "record_id"),
        ('{"record_id": "secret"}', "collected_at"),
        ('{"record_id": "secret", "collected_at": "2026-03-01T09:00:00"}', "timezone"),
        ('{"record_id": "secret", "collected_at": "1912-03-01T09:00:00Z"}', "1970"),
        ('{"record_id": "", "collected_at": "2026-03-01T09:00:00Z"}', "record_id"),
        ('{"record_id": "secret", "collected_at": "2026-03-01T09:00:00Z", "x": 1}', "x"),
        ('{"record_id": "secret", "collected_at": "2026-03-01T09:00:00Z", "kind": "model"}', "ki"),
        ('{"record_id": "secret", "collected_at": "2026-03-01T09:00:00Z", "data": "?"}', "data"),
    ],
)
def test_one_bad_line_keeps_nothing_and_is_named(
    store: ReferenceStore, line: str, what: str
) -> None:
    good = seeds('"new", "collected_at": "2026-03-01T09:00:00Z"')
    with pytest.raises(InvalidInput, match=what) as refused:
        store.add(read_seeds([*good, line], "file"), NOW)
    assert str(refused.value).startswith("file:2: ")
    assert "secret" not in str(refused.value)
    assert store.counts().images == 1


def test_a_seed_of_an_image_that_is_not_there_is_refused(store: ReferenceStore) -> None:
    line = seeds('"v", "collected_at": "2026-03-01T09:00:00Z", "kind": "template", "image": "?"')
    with pytest.raises(InvalidInput, match="has no image here"):
        store.add(read_seeds(line, "f"), NOW)


# -- the file -------------------------------------------------------------------------------------


def test_what_was_kept_and_obeyed_is_there_after_a_restart(
    store: ReferenceStore, path: Path
) -> None:
    store.obey(command("RESTRICT"), NOW)
    held, counts = store.inventory(), store.counts()
    store.close()
    with ReferenceStore(path, "images") as again:
        assert (again.inventory(), again.counts()) == (held, counts)
        assert counts == (1, 1, 2, 1, 1)
        assert again.search("beach") == []


def test_a_file_belongs_to_one_store(store: ReferenceStore, path: Path) -> None:
    with pytest.raises(InvalidInput, match="of store images, not of index"):
        ReferenceStore(path, "index")


def test_other_files_and_names_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(InvalidInput, match="another program's"):
        ReferenceStore(other, "images")
    text = tmp_path / "text"
    text.write_text("not a database, but longer than a header of one would have to be" * 9)
    with pytest.raises(StoreUnavailable, match="not a database"):
        ReferenceStore(text, "images")
    with pytest.raises(InvalidInput, match="no folder"):
        ReferenceStore(tmp_path / "no" / "x.db", "images")
    with pytest.raises(InvalidInput, match="needs a name"):
        ReferenceStore(tmp_path / "x.db", "")


def test_a_file_that_another_keeps_locked_is_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.01)
    with ReferenceStore(path, "images") as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="locked"):
            store.obey(command("DELETE"), NOW)
        other.close()
        assert store.obey(command("DELETE"), NOW).status == "NOT_FOUND"
