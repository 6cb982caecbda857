"""A store on its topics: commands in, receipts out, at least once, and nothing twice."""

import logging
import threading
import time
from pathlib import Path

import pytest

from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.receipts import Receipt
from pipeline.reference_store import ReferenceStore
from pipeline.reference_store import service as service_module
from pipeline.stories.scene import Scene
from tests.reference_store.build import NOW, command, dump
from tests.reference_store.topics import COMMANDS, STATUSES, Start, lag, receipts, send, work


def test_every_command_is_obeyed_and_answered_once(
    scene: Scene, store: ReferenceStore, start: Start
) -> None:
    send(scene, *COMMANDS)
    service = start(scene)
    work(service, scene)
    found = receipts(scene)
    assert {receipt.command_id: receipt.status for receipt in found} == STATUSES
    assert {(receipt.store, receipt.at) for receipt in found} == {("images", NOW)}
    assert (len(found), service.answered, service.skipped) == (5, 5, 0)
    assert (store.counts()[:3], store.restricted()) == ((0, 0, 0), ["r2"])
    assert {m.key for m in scene.read(scene.topics.name("receipts"))} == {
        one.record_id.encode() for one in COMMANDS
    }


def test_a_restarted_service_goes_on_where_it_was_and_repeats_its_answers(
    scene: Scene, path: Path, start: Start
) -> None:
    send(scene, *COMMANDS)
    first = start(scene)
    work(first, scene)
    first.close()
    tables = dump(path)
    send(scene, *COMMANDS)
    work(start(scene), scene)
    assert dump(path) == tables
    assert len(receipts(scene)) == 10
    assert len(set(map(repr, receipts(scene)))) == 5


@pytest.mark.parametrize("sent", [1, 3])
def test_a_kill_between_obeying_and_answering_changes_nothing(
    scene: Scene, path: Path, start: Start, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    send(scene, *COMMANDS)
    service = start(scene)
    original = service._codec.encode_receipt
    encoded: list[Receipt] = []

    def killed(receipt: Receipt) -> bytes:
        if len(encoded) == sent:
            raise KeyboardInterrupt
        encoded.append(receipt)
        return original(receipt)

    monkeypatch.setattr(service._codec, "encode_receipt", killed)
    with pytest.raises(KeyboardInterrupt):
        work(service, scene)
    assert dump(path)["obeyed"]
    assert lag(scene) == 5
    work(start(scene), scene)
    with ReferenceStore(path.with_name("other.db"), "images") as other:
        for one in COMMANDS[1:]:
            other.obey(one, NOW)
        undisturbed = dump(path.with_name("other.db"))["obeyed"]
    again = [row for row in dump(path)["obeyed"] if row[0] != "c1"]
    assert sorted(again, key=repr) == undisturbed
    found = receipts(scene)
    assert {receipt.command_id: receipt.status for receipt in found} == STATUSES
    assert len(set(map(repr, found))) == 5


def test_what_is_no_command_is_counted_and_passed_over(
    scene: Scene, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    topic = scene.topics.commands("images")
    for value in (b"", b"rubbish about r1", None, b"\xc3\x01" + bytes(8)):
        scene.producer.send(topic, b"r1", value)
    foreign = Receipt(CommandId("c1"), RecordId("r1"), StoreName("images"), "COMPLETED", NOW)
    scene.producer.send(topic, b"r1", scene.codec.encode_receipt(foreign))
    send(scene, command("DELETE", ""), command("DELETE", expires_at=1 << 60), *COMMANDS[:1])
    service = start(scene)
    with caplog.at_level(logging.WARNING, service_module.__name__):
        work(service, scene)
    assert (service.answered, service.skipped) == (1, 7)
    assert [receipt.command_id for receipt in receipts(scene)] == ["c1"]
    assert len(caplog.messages) == 7
    assert all(f"{topic}/" in line and "offset" in line for line in caplog.messages)
    assert not any("r1" in line for line in caplog.messages)


def test_a_silent_store_does_nothing_until_it_speaks_again(
    scene: Scene, path: Path, start: Start
) -> None:
    send(scene, *COMMANDS)
    service = start(scene)
    service.silent = True
    before = dump(path)
    assert service.step(NOW) == 0
    assert (dump(path), receipts(scene), lag(scene)) == (before, [], 5)
    service.silent = False
    work(service, scene)
    assert len(receipts(scene)) == 5


def test_it_runs_until_it_is_stopped(scene: Scene, start: Start) -> None:
    service, stop = start(scene), threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    try:
        send(scene, *COMMANDS)
        deadline = time.monotonic() + 30
        while len(receipts(scene)) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join(timeout=10)
    assert not thread.is_alive()
    assert (service.answered, lag(scene)) == (5, 0)
