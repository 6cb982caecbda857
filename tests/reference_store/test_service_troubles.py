"""A store on its topics when something is missing, late or away; the kind of log plays no part."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.errors import BrokerUnavailable, InvalidInput, LogTruncated
from pipeline.instants import Instant, ManualClock
from pipeline.reference_store import ReferenceStore, StoreService, clock_of
from pipeline.reference_store import service as service_module
from pipeline.reference_store.clocks import SystemClock
from pipeline.stories.scene import Scene
from pipeline.transports import open_broker
from pipeline.transports.contract import Message, Partition
from pipeline.transports.sqlite import SqliteBroker
from pipeline.transports.sqlite_clients import SqliteConsumer, SqliteProducer
from tests.reference_store.build import LATER, NOW, command
from tests.reference_store.topics import COMMANDS, GROUP, STATUSES, Start, lag, receipts, send


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
