"""`retention store`: a store from the command line, in a process of its own where it runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.commands import Command
from pipeline.receipts import Receipt
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker, Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec
from tests.cli.conftest import Retention
from tests.reference_store.build import command

LINES = (
    '{"record_id": "img-1", "collected_at": "2022-03-01T09:00:00Z", "terms": ["beach"]}\n'
    '{"record_id": "img-2", "collected_at": "2022-03-02T09:00:00Z"}\n'
    '{"record_id": "vec-1", "kind": "template", "image": "img-1",'
    ' "collected_at": "2022-03-01T09:00:00Z"}\n'
)
SECONDS = 30.0


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """A store's name and file, and records to begin with."""
    (tmp_path / "images.jsonl").write_text(LINES)
    database, add = str(tmp_path / "images.db"), str(tmp_path / "images.jsonl")
    return ("--name", "images", "--database", database, "--add", add)


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command in this process leave the process's signal handlers alone."""
    monkeypatch.setattr("signal.signal", lambda *_: None)


def publish(broker: Broker, one: Command) -> None:
    producer = broker.producer()
    value = Codec({}).encode_command(one)
    producer.send(Topics().commands("images"), one.record_id.encode(), value)
    producer.close()


def receipts(broker: Broker) -> list[Receipt]:
    topic = Topics().name("receipts")
    partitions = [Partition(topic, n) for n in range(broker.partitions(topic) or 0)]
    return [Codec({}).decode_receipt(m.value) for m in read_to_end(broker, partitions)]


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_obeys_and_answers_until_it_is_stopped(
    retention: Retention, ready: str, options: tuple[str, ...], number: signal.Signals
) -> None:
    program = [sys.executable, "-m", "pipeline", "store", "--broker", ready, *options]
    process = subprocess.Popen(
        program, env=os.environ, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True
    )
    try:
        with open_broker(ready) as broker:
            now = broker.sample(()).now
            end = now + 60_000
            publish(broker, command("DELETE", "c1", "img-1", data_until=end, expires_at=end))
            until(lambda: receipts(broker) or process.poll() is not None)
            found = [(r.command_id, r.status, r.verified_remaining) for r in receipts(broker)]
            process.send_signal(number)
            _, said = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert found == [("c1", "COMPLETED", 0)]
    assert process.returncode == 0, said
    assert "keeps 3 more" in said
    assert "obeys retention.commands.images" in said
    assert "stopped; 1 answered, 0 passed over" in said
    listed = retention("store", *options, "--inventory")
    assert (listed.code, listed.out.count("img-1")) == (0, 0)
    assert "keeps 0 more; 3 were there or deleted before" in listed.err


def test_the_inventory_is_printed_as_json_lines_without_a_broker(
    retention: Retention, options: tuple[str, ...]
) -> None:
    said = retention("store", *options, "--inventory")
    assert said.code == 0, said.text
    assert [json.loads(line) for line in said.out.splitlines()] == [
        {"record_id": "img-1", "kind": "source", "collected_at": "2022-03-01T09:00:00Z"},
        {"record_id": "img-2", "kind": "source", "collected_at": "2022-03-02T09:00:00Z"},
        {"record_id": "vec-1", "kind": "template", "collected_at": "2022-03-01T09:00:00Z"},
    ]
    again = retention("store", *options[:4], "--inventory")
    assert (again.out, again.err) == (said.out, "")


def test_the_inventory_is_what_import_reads(
    retention: Retention, ready: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "inventory.jsonl"
    file.write_text(retention("store", *options, "--inventory").out)
    said = retention("import", file, "--store", "images", "--broker", ready)
    assert said.code == 0, said.text
    assert "3 records" in said.text


def test_what_is_missing_or_wrong_is_said(
    retention: Retention, url: str, options: tuple[str, ...], tmp_path: Path, handlers: None
) -> None:
    for arguments, what in (
        (options, "--broker is missing"),
        (("--broker", url, *options), "retention.commands.images does not exist"),
        (("--broker", "amqp://x", *options), "kafka:// or sqlite://"),
        ((*options[:4], "--add", tmp_path / "none", "--inventory"), "none cannot be read"),
        (("--name", "x", "--database", tmp_path / "none.db", "--inventory"), "none.db does not"),
        (("--name", "index", *options[2:4], "--inventory"), "of store images, not of index"),
        (("--database", "x.db"), "--name"),
    ):
        said = retention("store", *arguments)
        assert said.code == 2, said.text
        assert what in said.text
        assert "obeys" not in said.text
    assert not (tmp_path / "none.db").exists()


def test_a_bad_line_is_named_and_nothing_is_kept(
    retention: Retention, options: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "images.jsonl").write_text(LINES + '{"record_id": "x"}\n')
    said = retention("store", *options, "--inventory")
    assert said.code == 2
    assert "images.jsonl:4: Object missing required field `collected_at`" in said.text
    assert retention("store", *options[:4], "--inventory").out == ""


@pytest.mark.parametrize("text", ["no", "no database, yet long enough to be taken for one" * 99])
def test_a_file_that_is_no_database_is_wrong_input(
    retention: Retention, options: tuple[str, ...], tmp_path: Path, text: str
) -> None:
    (tmp_path / "images.db").write_text(text)
    said = retention("store", *options[:4], "--inventory")
    assert said.code == 2
    assert "images.db is not a database of SQLite; name another file" in said.text
    said = retention("store", "--name", "x", "--database", tmp_path, "--inventory")
    assert (said.code, "it is a folder; name a file" in said.text) == (2, True)
    assert (tmp_path / "images.db").read_text() == text
