"""`retention quarantine`: where what could not be read lies, and publishing it again, once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.findings import Quarantined
from pipeline.lookup.log import Log
from pipeline.lookup.quarantine import in_quarantine
from pipeline.lookup.quarantine import replay as replay_them
from pipeline.transports.contract import Partition
from pipeline.transports.topics import Topics as Names
from tests.cli.conftest import Retention
from tests.cli.topics import Topics

SECRET = b"\xc3\x01Jane Doe, 1 Main Street"


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, 100_000)
    yield made
    made.broker.close()


def place(pointer: Quarantined) -> str:
    return f"{pointer.topic}/{pointer.partition}/{pointer.offset}"


def listed(retention: Retention, url: str, *options: str) -> list[Any]:
    said = retention("quarantine", "list", "--broker", url, "--json", *options)
    assert said.code == 0, said.text
    return [json.loads(line) for line in said.out.splitlines()]


def replay(retention: Retention, url: str, *options: str) -> Any:
    return retention("quarantine", "replay", "--broker", url, "--author", "operator", *options)


def values(topics: Topics) -> list[bytes | None]:
    return [message.value for message in topics.read("ingestion.events")]


def test_places_and_reasons_are_listed_and_nothing_of_what_lies_there(
    retention: Retention, ready: str, topics: Topics
) -> None:
    [first, second] = topics.poison(SECRET, b"other")
    said = retention("quarantine", "list", "--broker", ready)
    assert place(first) in said.out
    assert place(second) in said.out
    assert "2 messages wait: 2 truncated" in said.out
    assert "Jane" not in said.text
    assert [one["pointer"]["reason"] for one in listed(retention, ready)] == ["truncated"] * 2


def test_they_are_listed_by_reason_and_topic(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.poison(SECRET)
    [other] = topics.poison(b"other", reason="unknown_word")
    [only] = listed(retention, ready, "--reason", "unknown_word")
    assert only["pointer"]["offset"] == other.offset
    assert listed(retention, ready, "--topic", "elsewhere") == []


def test_bytes_are_shown_only_when_they_are_asked_for(
    retention: Retention, ready: str, topics: Topics
) -> None:
    [pointer] = topics.poison(SECRET * 5)
    quiet = retention("quarantine", "show", place(pointer), "--broker", ready)
    assert quiet.code == 0
    assert f"{len(SECRET) * 5} bytes" in quiet.out
    assert "4a 61 6e 65" not in quiet.out
    loud = retention("quarantine", "show", place(pointer), "--broker", ready, "--bytes")
    assert "4a 61 6e 65" in loud.out
    assert f"and {len(SECRET) * 5 - 64} bytes more" in loud.out


def test_a_replay_publishes_the_same_bytes_under_the_same_key(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.poison(SECRET)
    said = replay(retention, ready, "--yes")
    assert said.code == 0, said.text
    messages = topics.read("ingestion.events")
    assert [(m.key, m.value) for m in messages] == [(b"raw", SECRET)] * 2
    assert "published 1 message to" in said.err


def test_a_second_replay_does_not_repeat_it(
    retention: Retention, ready: str, topics: Topics
) -> None:
    [pointer] = topics.poison(SECRET)
    replay(retention, ready, "--yes")
    again = replay(retention, ready, "--yes")
    assert (again.code, again.text) == (0, "retention: nothing to replay")
    named = replay(retention, ready, place(pointer), "--yes")
    assert named.code == 2
    assert "dealt with already" in named.err
    assert values(topics) == [SECRET, SECRET]
    assert listed(retention, ready) == []
    [marked] = listed(retention, ready, "--all")
    assert marked["replayed_by"] == "operator"
    shown = retention("quarantine", "show", place(pointer), "--broker", ready)
    assert "by operator" in shown.out


def test_what_is_dismissed_waits_no_more_and_says_who_and_why(
    retention: Retention, ready: str, topics: Topics
) -> None:
    first, second = topics.poison(SECRET, b"other")
    words = ("--broker", ready, "--why", "published anew", "--author", "operator", "--yes")
    said = retention("quarantine", "dismiss", place(first), *words)
    assert (said.code, said.err) == (0, "retention: dismissed 1 message\n")
    [left] = listed(retention, ready)
    assert left["pointer"]["offset"] == second.offset
    shown = retention("quarantine", "show", place(first), "--broker", ready)
    assert "by operator: published anew" in shown.out
    again = retention("quarantine", "dismiss", place(first), *words)
    assert (again.code, "dealt with already" in again.err) == (2, True)
    assert replay(retention, ready, place(first), "--yes").code == 2
    assert retention("quarantine", "dismiss", *words).err == "retention: dismissed 1 message\n"
    assert "nothing to dismiss" in retention("quarantine", "dismiss", *words).err


def test_a_dismissal_without_a_reason_is_refused(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.poison(SECRET)
    said = retention("quarantine", "dismiss", "--broker", ready, "--why", " ", "--yes")
    assert (said.code, "reason" in said.err) == (2, True)
    assert len(listed(retention, ready)) == 1


def test_without_a_yes_it_asks_and_a_no_publishes_nothing(
    retention: Retention, ready: str, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.poison(SECRET)
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr("typer.confirm", no)
    said = replay(retention, ready)
    assert said.code == 1
    assert asked == ["Publish 1 message to ingestion.events again?"]
    assert values(topics) == [SECRET]
    assert len(listed(retention, ready)) == 1


def test_at_most_so_many_are_published_the_oldest_first(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.poison(b"one", b"two", b"three")
    said = replay(retention, ready, "--yes", "--most", "2")
    assert "left: 1" in said.err
    assert sorted(filter(None, values(topics))) == [b"one", b"one", b"three", b"two", b"two"]
    replay(retention, ready, "--yes", "--most", "2")
    assert values(topics).count(b"three") == 2
    assert values(topics).count(b"one") == 2


def test_only_what_is_named_is_published(retention: Retention, ready: str, topics: Topics) -> None:
    [_, second] = topics.poison(b"one", b"two")
    replay(retention, ready, place(second), "--yes")
    assert values(topics).count(b"one") == 1
    assert values(topics).count(b"two") == 2


def test_what_its_topic_does_not_keep_any_more_is_said_and_stays(
    retention: Retention, ready: str, topics: Topics
) -> None:
    [pointer] = topics.poison(SECRET)
    topics.broker.truncate(Partition(pointer.topic, pointer.partition), pointer.offset + 1)
    said = replay(retention, ready, "--yes")
    assert said.code == 1
    assert f"{place(pointer)} is not kept any more" in said.err
    shown = retention("quarantine", "show", place(pointer), "--broker", ready, "--bytes")
    assert "no: its topic has let it go" in shown.out


def test_nobody_replays_without_a_name(retention: Retention, ready: str, topics: Topics) -> None:
    topics.poison(SECRET)
    said = replay(retention, ready, "--yes", "--author", "a\x00b")
    assert said.code == 2
    assert values(topics) == [SECRET]


def test_what_is_not_in_quarantine_is_not_shown(
    retention: Retention, ready: str, topics: Topics
) -> None:
    said = retention("quarantine", "show", "ingestion.events/0/7", "--broker", ready)
    assert said.code == 2
    assert "not in quarantine" in said.err
    assert retention("quarantine", "show", "nonsense", "--broker", ready).code == 2


def test_a_replay_killed_before_its_mark_is_repeated_not_lost(
    retention: Retention, ready: str, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.poison(SECRET)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    log = Log.of(topics.broker, Names())
    items = in_quarantine(log)
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.lookup.quarantine.mark", killed)
        with pytest.raises(KeyboardInterrupt):
            replay_them(log, items, "operator", 9)
    assert values(topics) == [SECRET, SECRET]
    replay(retention, ready, "--yes")
    assert values(topics) == [SECRET] * 3
    assert listed(retention, ready) == []
