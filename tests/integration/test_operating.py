"""The verbs that ask, on a real Kafka and beside the job that runs."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.kafka_broker import LocalKafka
from tests.cli.conftest import Retention, retention
from tests.integration.runners import Starter
from tests.support.build import event, hold, policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

__all__ = ["retention"]


@pytest.fixture
def scene(kafka: LocalKafka) -> Iterator[Scene]:
    made = Scene(kafka.url, f"t{uuid4().hex[:8]}.", shards=8)
    yield made
    made.close()


def asked(retention: Retention, scene: Scene, *verb: str) -> list[Any]:
    said = retention(*verb, "--broker", scene.url, "--prefix", scene.prefix, "--json")
    assert said.code == 0, said.text
    return [json.loads(line) for line in said.out.splitlines()]


def test_a_job_is_asked_while_it_runs(scene: Scene, retention: Retention, start: Starter) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit="PT6S"), default="PT1H"), hold(records=("held",)))
    scene.happen([event("due", at=now), event("held", at=now)])
    scene.happen([event("other", at=now, purpose="dpv:CustomerCare")])
    scene.send_raw(b"\x00Jane Doe")
    with start(scene):
        wait_for("the deletion", lambda: bool(scene.deletions()))
        wait_for("the restriction", lambda: len(scene.commands()) >= 2)
        [before] = asked(retention, scene, "explain", "due")
        assert before["status"] == "DELETE_COMMANDED"
        scene.answer()
        wait_for("both are settled", lambda: sum(not r.alive for r in scene.newest()) == 1)
        _explained(scene, retention)
        _overview(scene, retention)
        _resolved(scene, retention)
        _replayed(scene, retention)


def _explained(scene: Scene, retention: Retention) -> None:
    [gone] = asked(retention, scene, "explain", "due")
    # The store of this test answers with the instant from which it might obey.
    told = {(one["what"], one["says"]) for one in gone["timeline"] if one["what"] != "collected"}
    assert told == {("decided", "DELETE"), ("commanded", "DELETE"), ("answered", "COMPLETED")}
    assert gone["lives"] == []
    [held] = asked(retention, scene, "explain", "held")
    assert held["lives"][0]["holds"] == ["h1"]
    assert held["status"] == "RESTRICTED"
    [other] = asked(retention, scene, "explain", "other")
    assert other["gaps"] == ["NO_RULE"]


def _overview(scene: Scene, retention: Retention) -> None:
    wait_for("everything read is acknowledged", lambda: scene.lag() == 0)
    options = ("--events", scene.events_topic, "--group", scene.settings().group)
    [seen] = asked(retention, scene, "status", *options)
    assert {one["behind"] for one in seen["flow"]} == {0}
    counts = seen["counts"]
    assert counts["records"] == {"ACTIVE": 1, "RESTRICTED": 1, "DELETED": 1}
    assert (counts["held"], counts["outstanding"], counts["unsent"]) == (1, {}, 0)
    assert seen["quarantine"] == {"wrong_format": 1}
    assert {"NO_RULE", "HELD_PAST_LIMIT"} <= set(seen["findings"])


def _resolved(scene: Scene, retention: Retention) -> None:
    [case] = asked(retention, scene, "findings", "list", "--kind", "NO_RULE")
    where = ("--broker", scene.url, "--prefix", scene.prefix)
    said = retention(
        "findings", "resolve", case["finding"]["finding_id"], *where, "--reason", "a rule is coming"
    )
    assert said.code == 0, said.text
    assert asked(retention, scene, "findings", "list", "--kind", "NO_RULE") == []


def _replayed(scene: Scene, retention: Retention) -> None:
    where = ("--broker", scene.url, "--prefix", scene.prefix)
    said = retention("quarantine", "replay", *where, "--yes")
    assert said.code == 0, said.text
    # The job reads it again and, as nothing was repaired, sets it aside again: elsewhere.
    wait_for(
        "the job reads it again",
        lambda: len(asked(retention, scene, "quarantine", "list")) == 1,
    )
    [again] = asked(retention, scene, "quarantine", "list")
    [first] = [
        one for one in asked(retention, scene, "quarantine", "list", "--all") if one != again
    ]
    assert first["replayed_at"] is not None
    assert again["pointer"]["offset"] > first["pointer"]["offset"]
