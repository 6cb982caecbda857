"""A store on its topics: commands in, receipts out, at least once, and nothing twice."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.commands import Command
from pipeline.errors import BrokerUnavailable, InvalidInput, LogTruncated
from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import Instant, ManualClock
from pipeline.receipts import Receipt
from pipeline.reference_store import ReferenceStore, StoreService, clock_of
from pipeline.reference_store import service as service_module
from pipeline.reference_store.clocks import SystemClock
from pipeline.stories.scene import Scene
from pipeline.transports import open_broker
from pipeline.transports.contract import Message, Partition
from pipeline.transports.sqlite import SqliteBroker
from pipeline.transports.sqlite_clients import SqliteConsumer, SqliteProducer
from tests.reference_store.build import LATER, NOW, command, dump

GROUP = "store.images"
COMMANDS = (
    command("DELETE", "c1"),
    command("RESTRICT", "c2", "r2"),
    command("CANCEL", "c4", "r3", withdraws="c3"),
    command("DELETE", "c3", "r3"),
    command("ATTEST", "c5", "r4"),
)
STATUSES = {
    "c1": "COMPLETED",
    "c2": "COMPLETED",
    "c3": "CANCELLED",
    "c4": "COMPLETED",
    "c5": "NOT_SUPPORTED",
}

Start = Callable[..., StoreService]


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.integration)])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """Topics of one test, on each kind of log."""
    if request.param == "kafka":
        url = request.getfixturevalue("kafka").url
    else:
        url = f"sqlite://{tmp_path}/log.db"
    scene = Scene(url, f"t{uuid.uuid4().hex[:12]}.", partitions=2)
    yield scene
    scene.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Scene]:
    """Topics of one test, where the kind of log plays no part."""
    scene = Scene(f"sqlite://{tmp_path}/log.db", "t.", partitions=2)
    yield scene
    scene.close()


@pytest.fixture
def start(store: ReferenceStore) -> Iterator[Start]:
    """Start a service of the store, at NOW; a new one goes on where the last one committed."""
    services: list[StoreService] = []

    def begin(scene: Scene, on: ReferenceStore = store) -> StoreService:
        services.append(StoreService(on, scene.broker, ManualClock(NOW), prefix=scene.prefix))
        return services[-1]

    yield begin
    for service in services:
        service.close()


def send(scene: Scene, *commands: Command) -> None:
    for one in commands:
        key, value = one.record_id.encode(), scene.codec.encode_command(one)
        scene.producer.send(scene.topics.commands("images"), key, value)
    scene.producer.flush()


def receipts(scene: Scene) -> list[Receipt]:
    return [scene.codec.decode_receipt(value) for value in scene.values("receipts")]


def lag(scene: Scene) -> int:
    partitions = [Partition(scene.topics.commands("images"), n) for n in range(2)]
    committed = scene.broker.committed(f"{scene.prefix}{GROUP}", partitions)
    return sum(end - committed.get(p, 0) for p, end in scene.broker.ends(partitions).items())


def work(service: StoreService, scene: Scene) -> None:
    """Step until everything is committed; what a Kafka has fetched comes when it comes."""
    deadline = time.monotonic() + 30
    while lag(scene):
        assert time.monotonic() < deadline, "not everything was answered"
        service.step(NOW)
        time.sleep(0.01)


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


# -- where the kind of log plays no part ----------------------------------------------------------


def test_the_time_is_read_after_the_commands_were(
    log: Scene, store: ReferenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A command may have come at any time before: an earlier look at the clock would refuse it.
    clock = ManualClock(NOW)
    poll = SqliteConsumer.poll

    def slow(consumer: SqliteConsumer, messages: int, size: int) -> Sequence[Message]:
        clock.advance_to(LATER)
        return poll(consumer, messages, size)

    monkeypatch.setattr(SqliteConsumer, "poll", slow)
    send(log, command("DELETE", not_before=LATER))
    with StoreService(store, log.broker, clock, prefix=log.prefix) as service:
        assert service.step() == 1
    assert [(receipt.status, receipt.at) for receipt in receipts(log)] == [("COMPLETED", LATER)]


def test_a_batch_that_is_too_small_loses_nothing(
    log: Scene, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "BATCH_MESSAGES", 2)
    send(log, *(command("DELETE", f"c{n}", f"r{n}") for n in range(9)))
    assert start(log).step(NOW) == 9
    assert lag(log) == 0


def test_a_missing_topic_is_named_with_the_remedy(store: ReferenceStore, tmp_path: Path) -> None:
    with SqliteBroker(f"sqlite://{tmp_path}/empty.db") as broker:
        service = StoreService(store, broker, ManualClock(NOW))
        with pytest.raises(InvalidInput, match=r"commands\.images does not exist.*--store images"):
            service.step(NOW)


def test_commands_that_are_not_kept_any_more_are_passed_over(
    log: Scene, start: Start, store: ReferenceStore
) -> None:
    send(log, command("DELETE"))
    assert isinstance(log.broker, SqliteBroker)
    for number in range(2):
        partition = Partition(log.topics.commands("images"), number)
        log.broker.truncate(partition, log.broker.ends([partition])[partition])
    assert start(log).step(NOW) == 0
    send(log, command("DELETE", "c2"))
    assert start(log).step(NOW) == 1


def test_a_position_above_the_newest_message_stops_it(log: Scene, start: Start) -> None:
    partition = Partition(log.topics.commands("images"), 0)
    log.broker.commit(f"{log.prefix}{GROUP}", {partition: 7})
    with pytest.raises(LogTruncated, match="position 7"):
        start(log).step(NOW)


def test_a_broker_that_is_away_is_tried_again_from_the_committed_position(
    log: Scene, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Every failure of a batch is followed by one when its connection is closed.
    stop, left = threading.Event(), [1, 2, 3, 4]
    flush = SqliteProducer.flush

    def failing(producer: SqliteProducer) -> None:
        if producer._pending and left:
            left.pop()
            raise BrokerUnavailable("the broker does not answer")
        flush(producer)
        if service.answered + len(receipts(log)):
            stop.set()

    send(log, *COMMANDS)
    service = start(log)
    monkeypatch.setattr(service_module, "PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(SqliteProducer, "flush", failing)
    service.run(stop)
    assert [line.count("next try in 0 s") for line in caplog.messages] == [1, 1]
    assert service.answered == 5
    assert {receipt.command_id: receipt.status for receipt in receipts(log)} == STATUSES


def test_a_broker_that_stays_away_ends_it(
    log: Scene, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise BrokerUnavailable("the broker does not answer")

    service = start(log)
    monkeypatch.setattr(service_module, "PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(SqliteBroker, "partitions", away)
    with pytest.raises(BrokerUnavailable):
        service.run(threading.Event())


def test_the_clock_is_a_story_s_on_sqlite_and_the_machine_s_on_kafka(log: Scene) -> None:
    assert isinstance(log.broker, SqliteBroker)
    story = Instant(4_000_000_000_000)
    log.broker.set_clock(story)
    assert clock_of(log.broker).now() == story
    clock = clock_of(open_broker("kafka://127.0.0.1:9"))
    assert isinstance(clock, SystemClock)
    assert abs(clock.now() - time.time() * 1_000) < 60_000


def test_the_machine_s_clock_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    first = clock.now()
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert clock.now() == first
