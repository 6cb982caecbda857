"""`retention import`: a store's inventory becomes events, once, from where it stopped."""

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.cli import load
from pipeline.events import Event
from pipeline.instants import parse_instant
from pipeline.settings import Settings
from pipeline.transports import open_broker
from pipeline.transports.contract import Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.sqlite_clients import SqliteProducer
from pipeline.wire.codec import Codec
from tests.cli.conftest import Retention

TAKEN = "2022-05-18T00:00:00Z"


def inventory(folder: Path, count: int, **changes: object) -> Path:
    file = folder / "images.jsonl"
    row = {"collected_at": "2019-03-01T00:00:00Z"} | changes
    lines = [json.dumps({"record_id": f"secret-{n}"} | row) for n in range(count)]
    file.write_text("\n".join(lines) + "\n")
    return file


def published(url: str) -> list[Event]:
    codec = Codec.from_settings(Settings(url))
    with open_broker(url) as broker:
        count = broker.partitions("ingestion.events") or 0
        partitions = [Partition("ingestion.events", number) for number in range(count)]
        messages = list(read_to_end(broker, partitions))
    return [codec.decode_event(message.topic, message.value or b"") for message in messages]


def note_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.images.import")


@pytest.fixture
def command(retention: Retention, ready: str, tmp_path: Path) -> tuple[object, ...]:
    return ("import", "--store", "images", "--broker", ready, "--taken-at", TAKEN)


def test_an_inventory_becomes_events_with_their_collection_dates(
    retention: Retention, command: tuple[object, ...], ready: str, tmp_path: Path
) -> None:
    file = inventory(tmp_path, 7)
    said = retention(*command, file)
    assert said.code == 0, said.text
    assert "7 records of store images published to ingestion.events, 0 rows refused" in said.text
    events = published(ready)
    assert sorted(event.record_id for event in events) == [f"secret-{n}" for n in range(7)]
    assert {event.what for event in events} == {"inventoried"}
    assert {event.stores for event in events} == {("images",)}
    assert {event.happened_at for event in events} == {parse_instant(TAKEN)}
    assert {event.collected_at for event in events} == {parse_instant("2019-03-01T00:00:00Z")}
    assert not note_of(file).exists()


def test_the_same_row_is_the_same_event_and_another_inventory_is_not(
    retention: Retention, command: tuple[object, ...], ready: str, tmp_path: Path
) -> None:
    file = inventory(tmp_path, 2)
    for _ in range(2):
        assert retention(*command, file).code == 0
    assert len(published(ready)) == 4
    assert len({event.event_id for event in published(ready)}) == 2
    later = [*command[:-1], "2022-06-18T00:00:00Z"]
    assert retention(*later, file).code == 0
    assert len({event.event_id for event in published(ready)}) == 4


def test_the_inventory_was_taken_when_its_file_was_written_unless_said(
    retention: Retention, command: tuple[object, ...], ready: str, tmp_path: Path
) -> None:
    file = inventory(tmp_path, 1)
    taken = parse_instant("2021-02-03T04:05:06Z")
    os.utime(file, (taken / 1000, taken / 1000))
    assert retention(*command[:-2], file).code == 0
    assert [event.happened_at for event in published(ready)] == [taken]


def test_an_interrupted_import_goes_on_where_it_stopped(
    retention: Retention,
    command: tuple[object, ...],
    ready: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = inventory(tmp_path, 25)
    monkeypatch.setattr(load, "BATCH", 10)
    sent: list[int] = []
    send = SqliteProducer.send

    def fail_at_fifteen(producer: SqliteProducer, *message: object) -> None:
        sent.append(1)
        if len(sent) == 15:
            raise KeyboardInterrupt
        send(producer, *message)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteProducer, "send", fail_at_fifteen)
    with pytest.raises((KeyboardInterrupt, AssertionError)):
        assert retention(*command, file).code == 0
    assert json.loads(note_of(file).read_text())["rows"] == 10
    said = retention(*command, file)
    assert said.code == 0, said.text
    assert "going on after row 10" in said.text
    assert {e.record_id for e in published(ready)} == {f"secret-{n}" for n in range(25)}
    assert len(sent) == 15 + 15
    assert not note_of(file).exists()


def test_another_file_of_that_name_starts_from_the_beginning(
    retention: Retention, command: tuple[object, ...], ready: str, tmp_path: Path
) -> None:
    file = inventory(tmp_path, 3)
    note_of(file).write_text(
        json.dumps({"inventory": "1 bytes, 00", "taken_at": TAKEN, "rows": 2, "refused": 0})
    )
    assert retention(*command, file).code == 0
    assert len(published(ready)) == 3


@pytest.mark.parametrize("text", ["", "{", '{"rows": 2}', "[]", '{"rows": "x"}'])
def test_a_progress_note_that_cannot_be_read_is_named(
    retention: Retention, command: tuple[object, ...], ready: str, tmp_path: Path, text: str
) -> None:
    file = inventory(tmp_path, 3)
    note_of(file).write_text(text)
    said = retention(*command, file)
    assert said.code == 2
    assert "remove it to import from the beginning" in said.text
    assert published(ready) == []


def test_refused_rows_are_said_by_line_and_the_others_are_published(
    retention: Retention, command: tuple[object, ...], ready: str, tmp_path: Path
) -> None:
    file = inventory(tmp_path, 3)
    bad = [json.dumps({"record_id": f"secret-bad-{n}"}) for n in range(30)]
    file.write_text("\n".join([*bad, file.read_text()]))
    said = retention(*command, file)
    assert said.code == 1
    assert "images.jsonl:1: `collected_at` is missing" in said.err.replace("\n", "")
    assert "images.jsonl:21:" not in said.text
    assert "3 records of store images published" in said.text
    assert "30 rows refused" in said.text
    assert "secret-bad" not in said.text
    assert len(published(ready)) == 3


def test_standard_input_is_read_when_its_format_is_said(
    retention: Retention,
    command: tuple[object, ...],
    ready: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = b"record_id,collected_at\na,2019-03-01T00:00:00Z\nb,2019-03-01T00:00:00Z\n"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert retention(*command, "-").code == 2
    said = retention(*command, "-", "--format", "csv")
    assert said.code == 0, said.text
    assert sorted(event.record_id for event in published(ready)) == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("--store", "templates"), "log.db --store templates"),
        (("--store", "a b;c"), "log.db --store 'a b;c'"),
        (("--events", "retention.records"), "a topic of the pipeline's own"),
        (("--store", "no/store"), "store"),
        (("--format", "xml"), "choose jsonl, csv, avro"),
        (("--taken-at", "yesterday"), "yesterday"),
    ],
)
def test_what_is_wrong_with_the_call_is_said_before_anything_is_published(
    retention: Retention,
    command: tuple[object, ...],
    ready: str,
    tmp_path: Path,
    change: tuple[str, str],
    says: str,
) -> None:
    said = retention(*command, inventory(tmp_path, 1), *change)
    assert said.code == 2
    assert says in said.text
    assert published(ready) == []


def test_a_file_that_is_not_there_is_named(
    retention: Retention, command: tuple[object, ...], tmp_path: Path
) -> None:
    said = retention(*command, tmp_path / "gone.csv")
    assert said.code == 2
    assert "gone.csv" in said.text


def test_a_file_that_is_refused_as_a_whole_leaves_no_note_behind(
    retention: Retention,
    command: tuple[object, ...],
    tmp_path: Path,
) -> None:
    file = tmp_path / "images.csv"
    file.write_text("neither,of,them\n1,2,3\n")
    said = retention(*command, file)
    assert said.code == 2
    assert "record_id and collected_at" in said.text
    assert list(tmp_path.glob("*.import")) == []
