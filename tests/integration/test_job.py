"""The job on a real Kafka and on both runners: what is due is commanded, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.jobs import FlinkRun
from pipeline.testing.kafka_broker import LocalKafka
from tests.integration.runners import Starter
from tests.integration.sources import EndingSource, EndingTicks, LateDocuments, LateHistory
from tests.support.build import control, event, hold, policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

LIMIT_SECONDS = 8


@pytest.fixture
def scene(kafka: LocalKafka) -> Iterator[Scene]:
    made = Scene(kafka.url, f"t{uuid4().hex[:8]}.", stores=("images", "index"), shards=8)
    yield made
    made.close()


def settle(scene: Scene, count: int) -> None:
    """Wait for so many distinct commands, answer them all, wait until that is acknowledged."""
    wait_for(f"{count} commands", lambda: len({c.command_id for c in scene.deletions()}) >= count)
    scene.answer()
    wait_for("everything read is acknowledged", lambda: scene.lag() == 0)


def test_events_lead_to_commands_and_receipts_settle_them(scene: Scene, start: Starter) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit=f"PT{LIMIT_SECONDS}S"), default="PT1H"))
    scene.happen(event(f"r{n}", at=now, stores=("images", "index")) for n in range(50))
    scene.happen(event(f"late{n}", at=now, purpose="dpv:CustomerCare") for n in range(50))
    scene.send_raw(b"\x00poison")
    with start(scene):
        settle(scene, 100)
        wait_for("the records are deleted", lambda: sum(not r.alive for r in scene.newest()) == 50)
    commands = scene.deletions()
    assert {c.record_id for c in commands} == {f"r{n}" for n in range(50)}
    assert {c.cause for c in commands} == {"policy:acme/gb-search"}
    assert all(c.issued_at >= c.not_before == now + LIMIT_SECONDS * 1_000 for c in commands)
    assert [item.reason for item in scene.quarantined()] != []
    assert {item.kind for item in scene.findings()} == {"NO_RULE"}


def test_the_end_of_the_input_deletes_nothing_that_is_not_due(scene: Scene, start: Starter) -> None:
    """The watermark jumps to the end of time and fires every timer; only ticks are believed."""
    now = scene.now()
    scene.publish(policy(rule(limit="P90D"), default="P90D"))
    scene.happen(event(f"r{n}", at=now) for n in range(200))
    with start(scene, EndingSource, EndingTicks):
        wait_for("every record is known", lambda: len({r.record_id for r in scene.rows()}) == 200)
        # The ticks of this run must not be what keeps the commands back for long: wait for some.
        seen = scene.now()
        wait_for("ten seconds of broker time", lambda: scene.now() > seen + 10_000)
    assert scene.commands() == []


def test_a_drain_deletes_nothing_that_is_not_due(scene: Scene, tmp_path: Path) -> None:
    """A stop with a drain sends the last watermark into every read, whatever has been read."""
    now = scene.now()
    scene.publish(policy(rule(limit="P90D"), default="P90D"))
    scene.happen(event(f"r{n}", at=now) for n in range(200))
    with FlinkRun(scene, tmp_path / "flink") as job:
        wait_for("every record is known", lambda: len({r.record_id for r in scene.rows()}) == 200)
        wait_for("everything read is acknowledged", lambda: scene.lag() == 0)
        job.drain()
        seen = scene.now()
        wait_for("ten seconds of broker time", lambda: scene.now() > seen + 10_000)
    assert scene.commands() == []


def test_a_hold_published_before_the_limit_but_read_late_blocks_the_deletion(
    scene: Scene, start: Starter
) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit="PT3S")), hold(records=("held",)))
    scene.happen([event("held", at=now), event("free", at=now)])
    scene.happen(event(f"later{n}", at=now, purpose="dpv:CustomerCare") for n in range(500))
    with start(scene, LateDocuments):
        wait_for("the free record is commanded", lambda: len(scene.deletions()) >= 1)
        wait_for("the held one is restricted", lambda: "RESTRICT" in kinds(scene))
    assert {c.record_id for c in scene.deletions()} == {"free"}
    assert {c.record_id for c in scene.commands() if c.kind == "RESTRICT"} == {"held"}


def kinds(scene: Scene) -> set[str]:
    return {command.kind for command in scene.commands()}


def test_a_shard_without_its_history_emits_nothing_and_overwrites_nothing(
    scene: Scene, start: Starter
) -> None:
    """The history arrives seconds after new events for the same records, and after the limit."""
    now = scene.now()
    scene.publish(policy(rule(limit="PT2S"), default="PT1H"))
    scene.happen(event(f"r{n}", at=now) for n in range(40))
    with start(scene):
        wait_for("the history is written", lambda: len({r.record_id for r in scene.rows()}) == 40)
        settle(scene, 40)
        wait_for("the records are deleted", lambda: all(not r.alive for r in scene.newest()))
    before, rows = scene.digest().total(), len(scene.rows())
    commands = len(scene.commands())
    # The same events come again (a producer's retry): with history, they change nothing.
    scene.happen(event(f"r{n}", at=now) for n in range(40))
    with start(scene, LateHistory):
        wait_for("the repeated events are acknowledged", lambda: scene.lag() == 0)
    assert scene.digest().total() == before
    assert len(scene.rows()) == rows
    assert len(scene.commands()) == commands


def test_a_pause_withholds_deletions_until_a_resume(scene: Scene, start: Starter) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit="PT2S")), control("pause", "store:images"))
    scene.happen(event(f"r{n}", at=now, stores=("images", "index")) for n in range(5))
    with start(scene):
        wait_for("the other store is commanded", lambda: deleted(scene) == 5)
        wait_for("what is withheld is visible", lambda: "WITHHELD" in finding_kinds(scene))
        assert {c.store for c in scene.deletions()} == {"index"}
        scene.publish(control("resume", "store:images", version=2))
        wait_for("the rest follows", lambda: deleted(scene) == 10)


def deleted(scene: Scene) -> int:
    """Return how many deletions were commanded; each may have been sent again."""
    return len({command.command_id for command in scene.deletions()})


def finding_kinds(scene: Scene) -> set[str]:
    return {item.kind for item in scene.findings()}


def test_a_rule_stops_at_its_most_deletions_a_day_until_it_is_approved(
    scene: Scene, start: Starter
) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit="PT2S", at_most=3)))
    scene.happen(event(f"r{n}", at=now) for n in range(8))
    with start(scene):
        wait_for("the first three go", lambda: deleted(scene) == 3)
        wait_for("the rest is withheld visibly", lambda: "WITHHELD" in finding_kinds(scene))
        scene.publish(control("approve", "cause:policy:acme/gb-search"))
        wait_for("three more go", lambda: deleted(scene) == 6)
