"""`retention status`: the operator's one screen, from topics and committed positions alone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import BrokerUnavailable
from pipeline.findings import Measurement
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, HOUR, Instant
from pipeline.lookup.log import Log
from pipeline.lookup.status import Watch
from pipeline.records import applied
from pipeline.transports.contract import Partition
from pipeline.transports.topics import Topics as Names
from pipeline.vocabulary import FindingKind
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import event, hold, policy, request, rule

BEGIN = 400 * DAY
DOCUMENT = policy(rule("a", "{residency: [GB]}", limit="PT240H"), default="PT9600H")


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, BEGIN)
    made.publish(DOCUMENT)
    yield made
    made.broker.close()


def seen(retention: Retention, url: str, *options: str) -> dict[str, Any]:
    said = retention("status", "--broker", url, "--json", *options)
    assert said.code == 0, said.text
    content = json.loads(said.out)
    assert isinstance(content, dict)
    return content


def measured(topics: Topics, at: int) -> None:
    row = Measurement("ledger_now_ms", {}, float(at), 0, Instant(at))
    topics.send(
        "retention.measurements", [("ledger_now_ms/0", topics.codec.encode_measurement(row))]
    )


def test_an_empty_log_has_a_screen(retention: Retention, ready: str) -> None:
    said = retention("status", "--broker", ready)
    assert said.code == 0, said.text
    assert "never heard of" in said.out
    assert "none outstanding" in said.out


def test_every_line_of_the_screen_is_counted(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.row(applied(None, event("soon", at=BEGIN)), DOCUMENT)
    topics.row(applied(None, event("late", at=BEGIN, residency="FR")), DOCUMENT)
    due_at = BEGIN + 10 * DAY
    topics.clock(due_at)
    topics.commanded(
        DOCUMENT, at=due_at, record=applied(None, event("held-back", at=BEGIN)), sent=False
    )
    topics.commanded(DOCUMENT, at=due_at, record=applied(None, event("sent", at=BEGIN)))
    topics.raise_(FindingKind.NO_RULE, "a")
    topics.raise_(FindingKind.OVERDUE, "b")
    topics.poison(b"one", b"two")
    measured(topics, due_at)
    topics.clock(due_at + 3 * HOUR)
    content = seen(retention, ready)
    counts = content["counts"]
    assert counts["records"] == {"ACTIVE": 2, "DELETE_COMMANDED": 2}
    assert counts["due"] == {"passed": 3, "in_1_day": 3, "in_7_days": 3, "in_30_days": 3}
    assert counts["outstanding"] == {"DELETE": 2}
    assert counts["overdue"] == {"images": 2}
    assert counts["unsent"] == 1
    assert content["findings"] == {"NO_RULE": 1, "OVERDUE": 1}
    assert content["quarantine"] == {"truncated": 2}
    assert content["job"]["alive"] is False
    said = retention("status", "--broker", ready)
    for part in (
        "seems not to run: heard of 3 h ago",
        "2 ACTIVE, 2 DELETE_COMMANDED",
        "3 passed",
        "outstanding: 2 DELETE; the oldest for 3 h",
        "2: 2 images",
        "1 deletions not given to a store",
        "1 NO_RULE, 1 OVERDUE",
        "2 truncated",
    ):
        assert part in said.out, part


def test_what_is_read_and_what_waits_comes_from_committed_positions(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.poison(b"1", b"2", b"3", b"4")
    [(partition, count)] = {m.partition: 4 for m in topics.read("ingestion.events")}.items()
    topics.broker.commit("retention-enforce", {Partition("ingestion.events", partition): 3})
    flow = {one["topic"]: one for one in seen(retention, ready)["flow"]}
    assert (flow["ingestion.events"]["read"], flow["ingestion.events"]["behind"]) == (3, count - 3)
    other = {one["topic"]: one for one in seen(retention, ready, "--group", "else")["flow"]}
    assert (other["ingestion.events"]["read"], other["ingestion.events"]["behind"]) == (0, 4)


def test_a_job_that_measures_runs(retention: Retention, ready: str, topics: Topics) -> None:
    measured(topics, BEGIN)
    topics.clock(BEGIN + 5_000)
    assert seen(retention, ready)["job"]["alive"] is True
    assert "runs, heard of 5 s ago; 1 shards" in retention("status", "--broker", ready).out


def test_resolved_and_replayed_is_counted_no_more(
    retention: Retention, ready: str, topics: Topics
) -> None:
    item = topics.raise_(FindingKind.NO_RULE, "a")
    topics.poison(b"one")
    retention("findings", "resolve", item.finding_id, "--broker", ready, "--reason", "done")
    retention("quarantine", "replay", "--broker", ready, "--yes")
    content = seen(retention, ready)
    assert (content["findings"], content["quarantine"]) == ({}, {})


def test_requests_that_wait_for_an_answer_are_counted_with_the_first_deadline(
    retention: Retention, ready: str, topics: Topics
) -> None:
    assert "none waits for an answer" in retention("status", "--broker", ready).out
    topics.publish(request(received=BEGIN - 40 * DAY), request(request_id="b", received=BEGIN))
    found = seen(retention, ready)["requests"]
    assert (found["unanswered"], found["in_7_days"], found["passed"]) == (2, 1, 0)
    said = retention("status", "--broker", ready)
    assert f"2 requests to be answered; the first must be answered before {found['first_by']}" in (
        said.out
    )
    topics.clock(BEGIN + 10 * DAY)
    assert "1 of them too late" in retention("status", "--broker", ready).out


def test_no_record_and_nobody_is_named(retention: Retention, ready: str, topics: Topics) -> None:
    topics.commanded(DOCUMENT, at=BEGIN + 10 * DAY, record=applied(None, event("id-9", at=BEGIN)))
    for options in ((), ("--json",)):
        said = retention("status", "--broker", ready, *options)
        assert "id-9" not in said.text


# -- one look after the other ----------------------------------------------------------------------


@pytest.fixture
def watch(topics: Topics) -> Iterator[Watch]:
    made = Watch(Log.of(topics.broker, Names()), "retention-enforce")
    yield made
    made.close()


def test_the_next_look_counts_what_came_since(topics: Topics, watch: Watch) -> None:
    assert watch.look().counts.records == {}
    first = applied(None, event(at=BEGIN))
    topics.row(first, DOCUMENT)
    assert watch.look().counts.records == {"ACTIVE": 1}
    due = topics.commanded(DOCUMENT, at=BEGIN + 10 * DAY, record=first, sent=False)
    look = watch.look()
    assert (look.counts.records, look.counts.unsent) == ({"ACTIVE": 1}, 0), "the same version"
    newer = applied(None, event("r2", at=BEGIN))
    due = topics.commanded(DOCUMENT, at=BEGIN + 10 * DAY, record=newer, sent=False)
    assert watch.look().counts.unsent == 1
    (command,) = due.commands
    topics.send(
        "retention.commands.images", [(RecordId("r2"), topics.codec.encode_command(command))]
    )
    assert watch.look().counts.unsent == 0


def test_limits_follow_documents_that_change_meanwhile(topics: Topics, watch: Watch) -> None:
    topics.row(applied(None, event(at=BEGIN)), DOCUMENT)
    assert watch.look().counts.due.in_7_days == 0
    shorter = policy(rule("a", "{residency: [GB]}", limit="PT48H"), version=2, default="PT9600H")
    topics.publish(shorter)
    assert watch.look().counts.due.in_7_days == 1
    topics.publish(hold(records=("r1",)))
    look = watch.look()
    assert (look.counts.due.in_7_days, look.counts.held) == (0, 1)
    assert look.counts.records == {"ACTIVE": 1}


def test_the_rate_is_that_since_the_last_look(topics: Topics, watch: Watch) -> None:
    topics.poison(*[bytes([n]) for n in range(8)])
    partitions = {m.partition for m in topics.read("ingestion.events")}
    [number] = partitions
    first = {flow.topic: flow for flow in watch.look().flow}["ingestion.events"]
    assert first.per_second is None
    topics.broker.commit("retention-enforce", {Partition("ingestion.events", number): 8})
    topics.clock(BEGIN + 2_000)
    then = {flow.topic: flow for flow in watch.look().flow}["ingestion.events"]
    assert then.per_second == pytest.approx(4.0, rel=0.01)


def test_what_is_past_retention_makes_it_begin_again(topics: Topics, watch: Watch) -> None:
    topics.raise_(FindingKind.NO_RULE, "a")
    assert watch.look().findings == {"NO_RULE": 1}
    topics.raise_(FindingKind.OVERDUE, "b")
    topics.raise_(FindingKind.EXPIRED, "c")
    topics.broker.truncate(Partition("retention.findings", 0), 2)
    assert watch.look().findings == {"EXPIRED": 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watching_leaves_cleanly(ready: str, topics: Topics, number: signal.Signals) -> None:
    topics.row(applied(None, event(at=BEGIN)), DOCUMENT)
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "pipeline", "status", "--broker", ready, "--watch",
            "--every", "0.1", "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root)},
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    looks = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [look["counts"]["records"] for look in looks] == [{"ACTIVE": 1}] * 2
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "Aborted" not in err


def test_watching_shows_the_screen_again_and_again(
    retention: Retention, ready: str, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            topics.row(applied(None, event(at=BEGIN)), DOCUMENT)
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.cli.status.time.sleep", pause)
    said = retention("status", "--broker", ready, "--watch", "--every", "7")
    assert said.code == 0
    assert pauses == [7.0, 7.0]
    assert "1 ACTIVE" in said.out


def test_a_broker_that_goes_away_is_said_and_tried_again(
    retention: Retention, ready: str, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def look(self: Watch) -> None:
        looks.append(1)
        if len(looks) == 3:
            raise KeyboardInterrupt
        raise BrokerUnavailable("the broker does not answer")

    monkeypatch.setattr(Watch, "look", look)
    said = retention("status", "--broker", ready, "--watch", "--every", "0.1")
    assert (said.code, len(looks)) == (0, 3)
    assert "the broker does not answer" in said.out


def test_a_look_that_was_cut_off_is_made_up_for_by_the_next(
    topics: Topics, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.row(applied(None, event(at=BEGIN)), DOCUMENT)
    watch.look()
    shorter = policy(rule("a", "{residency: [GB]}", limit="PT48H"), version=2, default="PT9600H")
    topics.publish(shorter)
    topics.row(applied(None, event("r2", at=BEGIN)), shorter)
    for cut_off_at in (1, 2, 3):
        calls: list[int] = []
        whole = Watch._catch_up

        def cut(
            self: Watch, whole: Any = whole, calls: Any = calls, last: int = cut_off_at
        ) -> None:
            calls.append(1)
            if len(calls) == last:
                raise BrokerUnavailable("the broker does not answer")
            whole(self)

        with monkeypatch.context() as patch:
            patch.setattr(Watch, "_catch_up", cut)
            with pytest.raises(BrokerUnavailable):
                watch.look()
    look = watch.look()
    assert (look.counts.records, look.counts.due.in_7_days) == ({"ACTIVE": 2}, 2)
