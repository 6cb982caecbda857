"""What only the embedded log has: its clock, its file, and several processes at once."""

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.errors import BrokerUnavailable, InvalidInput
from pipeline.instants import DAY, Instant
from pipeline.transports import sqlite_clients, sqlite_file
from pipeline.transports.contract import Partition, TopicSpec
from pipeline.transports.sqlite import SqliteBroker
from tests.transports.logs import Log

NOON = Instant(1_772_366_400_000)
EVENTS = Partition("events", 0)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/log.db"


@pytest.fixture
def broker(url: str) -> SqliteBroker:
    broker = SqliteBroker(url)
    broker.create(
        [TopicSpec("events", 1, retention_ms=7 * DAY), TopicSpec("records", 1, compacted=True)]
    )
    return broker


def write(broker: SqliteBroker, topic: str, *values: bytes | None) -> None:
    Log(broker).write(topic, [(b"key", value) for value in values])


def test_the_clock_of_a_story_stands_still_until_it_is_moved(broker: SqliteBroker) -> None:
    broker.set_clock(NOON)
    assert [broker.sample([]).now, broker.sample([]).now, broker.now()] == [NOON] * 3
    write(broker, "events", b"value")
    later = Instant(NOON + 40 * DAY)
    broker.set_clock(later)
    write(broker, "events", b"value")
    assert [m.timestamp for m in Log(broker).read("events")] == [NOON, later]


def test_every_process_sees_the_clock_of_the_story(broker: SqliteBroker, url: str) -> None:
    broker.set_clock(NOON)
    with SqliteBroker(url) as other:
        assert other.sample([EVENTS]).now == NOON
        write(other, "events", b"value")
    assert Log(broker).read("events")[0].timestamp == NOON


def test_the_clock_of_a_story_cannot_go_back(broker: SqliteBroker) -> None:
    broker.set_clock(NOON)
    broker.set_clock(NOON)
    with pytest.raises(InvalidInput, match="cannot go back from 2026-03-01T12:00:00Z"):
        broker.set_clock(Instant(NOON - 1))
    assert broker.now() == NOON


def test_a_log_of_the_present_cannot_become_a_story_of_the_past(broker: SqliteBroker) -> None:
    write(broker, "events", b"value")
    with pytest.raises(InvalidInput, match="begin the story in a new file"):
        broker.set_clock(Instant(1))


def test_time_does_not_go_back_when_the_machines_clock_does(
    broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOON * 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now)
    assert broker.now() == NOON
    now -= 3_600_000_000_000
    write(broker, "events", b"value")
    assert broker.sample([EVENTS]).now == NOON
    assert Log(broker).read("events")[0].timestamp == NOON


def test_a_sample_waits_for_what_is_being_written(broker: SqliteBroker, url: str) -> None:
    other = sqlite_file.LogFile(url, durable=False)
    ends: list[int] = []
    sampling = threading.Thread(target=lambda: ends.append(broker.sample([EVENTS]).ends[EVENTS]))
    with other.writing() as connection:
        sampling.start()
        sampling.join(0.2)
        assert ends == []
        connection.execute("UPDATE partitions SET next = 1 WHERE topic = 'events'")
    sampling.join()
    other.close()
    assert ends == [1]


def test_several_processes_append_at_once_and_nothing_is_lost(url: str) -> None:
    script = (
        "import sys; from pipeline.transports.sqlite import SqliteBroker\n"
        "from pipeline.transports.contract import TopicSpec\n"
        "broker = SqliteBroker(sys.argv[1]); broker.create([TopicSpec('events', 2)])\n"
        "producer = broker.producer()\n"
        "for number in range(60):\n"
        "    producer.send('events', None, f'{sys.argv[2]}/{number}'.encode())\n"
        "    producer.flush()\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, url, name]) for name in ("a", "b", "c")
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    log = Log(SqliteBroker(url))
    found = log.read("events", 0) + log.read("events", 1)
    assert sorted(m.value or b"" for m in found) == sorted(
        f"{name}/{number}".encode() for name in "abc" for number in range(60)
    )
    for number in (0, 1):
        offsets = [m.offset for m in found if m.partition == number]
        assert offsets == list(range(len(offsets)))


def test_what_a_killed_writer_had_not_committed_is_not_there(
    broker: SqliteBroker, url: str
) -> None:
    script = (
        "import os, sys; from pipeline.transports.sqlite_file import LogFile\n"
        "with LogFile(sys.argv[1], durable=True).writing() as connection:\n"
        "    connection.execute(\"INSERT INTO messages VALUES (1, 0, 0, NULL, x'00')\")\n"
        "    connection.execute('UPDATE partitions SET next = 1')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, url], check=False).returncode == -9
    assert broker.ends([EVENTS]) == {EVENTS: 0}
    write(broker, "events", b"value")
    assert [(m.offset, m.value) for m in Log(broker).read("events")] == [(0, b"value")]


def test_a_refused_message_keeps_the_whole_flush_from_the_log(broker: SqliteBroker) -> None:
    producer = broker.producer()
    producer.send("events", b"key", b"value")
    producer.send("missing", b"key", b"value")
    with pytest.raises(InvalidInput, match="missing"):
        producer.flush()
    producer.close()
    assert broker.ends([EVENTS]) == {EVENTS: 0}


def test_compaction_keeps_the_newest_of_each_key_even_a_tombstone(broker: SqliteBroker) -> None:
    log = Log(broker)
    log.write("records", [(b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"b", None)])
    write(broker, "events", b"1", b"2")
    assert broker.compact() == 2
    kept = [(m.offset, m.key, m.value) for m in log.read("records")]
    assert kept == [(2, b"a", b"2"), (3, b"b", None)]
    assert broker.beginnings([Partition("records", 0)]) == {Partition("records", 0): 0}
    assert len(log.read("events")) == 2


def test_a_gap_at_the_end_is_passed(broker: SqliteBroker) -> None:
    write(broker, "events", b"1", b"2", b"3")
    with sqlite_file.LogFile(broker.url, durable=False).writing() as connection:
        connection.execute("DELETE FROM messages WHERE position > 0")
    assert [m.offset for m in Log(broker).read("events")] == [0]


def test_a_producer_compacts_now_and_then(
    broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_clients, "COMPACT_EVERY", 100)
    producer = broker.producer()
    for number in range(30):
        for key in (b"a", b"b", b"c", b"d"):
            producer.send("records", key, str(number).encode())
        producer.flush()
    producer.close()
    found = Log(broker).read("records")
    assert len(found) < 40
    assert {m.key: m.value for m in found} == dict.fromkeys((b"a", b"b", b"c", b"d"), b"29")


def test_what_is_past_its_retention_expires(broker: SqliteBroker) -> None:
    broker.set_clock(NOON)
    write(broker, "events", b"old")
    write(broker, "records", b"old")
    broker.set_clock(Instant(NOON + 5 * DAY))
    write(broker, "events", b"new")
    assert broker.expire(Instant(NOON + 7 * DAY)) == 0
    assert broker.expire(Instant(NOON + 7 * DAY + 1)) == 1
    assert broker.beginnings([EVENTS]) == {EVENTS: 1}
    assert [m.value for m in Log(broker).read("events", position=1)] == [b"new"]
    assert [m.value for m in Log(broker).read("records")] == [b"old"]
    assert broker.expire(Instant(NOON + 90 * DAY)) == 1
    assert broker.beginnings([EVENTS]) == broker.ends([EVENTS]) == {EVENTS: 2}


def test_a_producer_removes_what_has_expired_but_never_in_a_story(
    broker: SqliteBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOON
    monkeypatch.setattr(time, "time_ns", lambda: now * 1_000_000)
    producer = broker.producer()
    for _ in range(2):
        producer.send("events", b"key", b"value")
        producer.flush()
        now = Instant(now + 8 * DAY)
    producer.close()
    assert broker.beginnings([EVENTS]) == {EVENTS: 1}

    story = SqliteBroker(f"sqlite://{tmp_path}/story.db")
    story.create([TopicSpec("events", 1, retention_ms=7 * DAY)])
    for day in range(0, 400, 100):
        story.set_clock(Instant(NOON + day * DAY))
        write(story, "events", b"value")
    assert len(Log(story).read("events")) == 4


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(InvalidInput, match="another program's database"):
        SqliteBroker(f"sqlite://{path}").partitions("events")
    tables = sqlite3.connect(path).execute("SELECT name FROM sqlite_schema").fetchall()
    assert tables == [("theirs",)]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be one: " * 100)
    with pytest.raises(InvalidInput, match="cannot be used as a log"):
        SqliteBroker(f"sqlite://{path}").partitions("events")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no folder"):
        SqliteBroker(f"sqlite://{tmp_path}/missing/log.db").partitions("events")


def test_a_log_that_stays_locked_is_said_to_be_unavailable(
    broker: SqliteBroker, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    with sqlite_file.LogFile(url, durable=False).writing():
        started = time.monotonic()
        with pytest.raises(BrokerUnavailable, match="locked"):
            SqliteBroker(url).now()
        assert time.monotonic() - started >= 0.1
