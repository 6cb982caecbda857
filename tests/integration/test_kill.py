"""`kill -9` at random moments loses nothing, deletes nothing early, and ends in the same ledger."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.events import Event
from pipeline.inquiry.unread import unread
from pipeline.instants import Instant
from pipeline.stories.prism_job import PrismJob
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.jobs import FlinkRun, SupervisedJob
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.transforms import sharded
from tests.integration.runners import Starter
from tests.integration.sources import EndingSource, EndingTicks, HourAhead
from tests.support.build import event, policy, rule
from tests.support.flushed import check_not_early, check_positions

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

KILLS = 20
SEED = 20_220_518
RECORDS = 400
NOT_DUE = 40
"""Records of which nothing is due for months: timers that must not be believed."""
WAVES = 20
POISON = b"\x00poison"


@pytest.fixture
def scenes(kafka: LocalKafka) -> Iterator[tuple[Scene, Scene]]:
    made = tuple(Scene(kafka.url, f"k{uuid4().hex[:8]}.", shards=8) for _ in range(2))
    yield made[0], made[1]
    for scene in made:
        scene.close()


def story(base: Instant) -> list[list[Event]]:
    """Waves of events whose limits fall due one after another while the job is being killed."""
    waves = []
    for wave in range(WAVES):
        events = []
        for number in range(wave, RECORDS, WAVES):
            at = base + wave * 1_000
            events.append(event(f"r{number}", at=at, purpose="dpv:SearchFunctionalities"))
            if number % 3 == 0:
                events.append(event(f"r{number}", at=at + 100, what="accessed", residency=None))
        waves.append(events)
    return waves


def begin(scene: Scene, base: Instant) -> None:
    later = rule("later", match="{purpose: [dpv:Marketing]}", limit="P90D")
    scene.publish(policy(rule(limit="PT15S"), later, default="PT40S"))
    scene.happen(
        event(f"later{number}", at=base + number, purpose="dpv:Marketing")
        for number in range(NOT_DUE)
    )


def finish(scene: Scene) -> None:
    """Answer until every record is deleted and everything is acknowledged."""

    def done() -> bool:
        scene.answer()
        newest = scene.newest()
        alive = sum(row.alive for row in newest)
        return (len(newest), alive) == (RECORDS + NOT_DUE, NOT_DUE)

    try:
        wait_for("every record that is due is deleted", done, seconds=300, every=0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}; {scene.describe()}") from error
    wait_for("everything is acknowledged", lambda: scene.lag() == 0)


def check_same(killed: Scene, undisturbed: Scene) -> None:
    ids = {command.command_id for command in killed.deletions()}
    expected = {command.command_id for command in undisturbed.deletions()}
    assert [c for c in killed.deletions() if c.command_id not in expected] == []
    assert ids == expected
    assert len(ids) == RECORDS
    assert killed.digest().by_shard() == undisturbed.digest().by_shard()
    check_not_early(killed)


def test_twenty_kills_of_the_whole_job_change_neither_the_commands_nor_the_ledger(
    scenes: tuple[Scene, Scene],
) -> None:
    killed, undisturbed = scenes
    chance = random.Random(SEED)
    # All lies in the past when it is published, as events do.
    base = Instant(killed.now() - 1_000 * WAVES)
    waves = story(base)
    begin(killed, base)
    with SupervisedJob(killed) as job:
        for number in range(KILLS):
            killed.send_raw(POISON)
            killed.happen(waves[number])
            time.sleep(chance.uniform(0.3, 7.0))
            job.kill_all()
            check_positions(killed)
            if number % 4 == 3:
                killed.answer()
            job.start()
        finish(killed)
        assert job.stop() == 0
    begin(undisturbed, base)
    for wave in waves:
        undisturbed.happen(wave)
    with PrismJob(undisturbed):
        finish(undisturbed)
    check_same(killed, undisturbed)
    poison = [one for one in unread(killed.quarantined()) if one.pointer.size == len(POISON)]
    assert len(poison) == KILLS  # each once, however often it was read again


def test_a_killed_worker_or_runner_comes_back_by_itself(scenes: tuple[Scene, Scene]) -> None:
    scene, _ = scenes
    begin(scene, scene.now())
    with SupervisedJob(scene) as job:
        scene.happen([event("before", at=scene.now())])
        wait_for("the job works", lambda: len(scene.rows()) >= 1)
        for number in range(2):
            # The driver with its worker is the supervisor's child, the runner is the driver's.
            supervisor, driver, runner = job.family()[:3]
            assert supervisor == job.pid
            job.kill(runner if number else driver)
            scene.happen([event(f"after{number}", at=scene.now())])
            wait_for(
                "the job works again",
                lambda: f"after{number}" in {row.record_id for row in scene.rows()},  # noqa: B023
            )
        assert job.stop() == 0


def test_sigterm_ends_within_thirty_seconds_and_deletes_nothing_that_is_not_due(
    scenes: tuple[Scene, Scene],
) -> None:
    scene, _ = scenes
    scene.publish(policy(rule(limit="P30D"), default="P30D"))
    with SupervisedJob(scene) as job:
        scene.happen(event(f"r{n}", at=scene.now()) for n in range(300))
        wait_for("the events are read", lambda: len(scene.rows()) >= 300)
        began = time.monotonic()
        assert job.stop(30) == 0
        assert time.monotonic() - began < 30
    assert scene.lag() == 0
    assert scene.commands() == []


def test_a_worker_clock_an_hour_ahead_deletes_nothing(
    scenes: tuple[Scene, Scene], start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, _ = scenes
    monkeypatch.setattr(sharded, "worker_now", sharded.worker_now)  # set back where it is changed
    scene.publish(policy(rule(limit="PT30M"), default="PT30M"))
    with start(scene, HourAhead):
        scene.happen(event(f"r{n}", at=scene.now()) for n in range(20))
        wait_for("the events are read", lambda: len(scene.rows()) >= 20)
        wait_for(
            "the difference is found",
            lambda: "CLOCK_DIFFERENCE" in {item.kind for item in scene.findings()},
        )
        seen = scene.now()
        wait_for("five seconds of broker time", lambda: scene.now() > seen + 5_000)
    assert scene.commands() == []


def test_a_producer_a_year_ahead_makes_nothing_due(
    scenes: tuple[Scene, Scene], start: Starter
) -> None:
    scene, _ = scenes
    scene.publish(policy(rule(limit="PT1H"), default="PT1H"))
    now = scene.now()
    year = 365 * 86_400_000
    with start(scene):
        for number in range(20):
            scene.producer.send(
                scene.events_topic,
                b"ahead",
                scene.codec.encode_event(event(f"ahead{number}", at=now + year)),
                timestamp=Instant(now + year),
            )
        scene.happen(event(f"now{n}", at=now) for n in range(20))
        wait_for("the events are read", lambda: len(scene.rows()) >= 40)
        seen = scene.now()
        wait_for("five seconds of broker time", lambda: scene.now() > seen + 5_000)
    assert scene.commands() == []


def test_on_flink_killed_workers_killed_jvms_and_the_end_of_the_input_change_nothing(
    scenes: tuple[Scene, Scene], tmp_path: Path
) -> None:
    killed, undisturbed = scenes
    # All lies in the past when it is published, as events do.
    base = Instant(killed.now() - 1_000 * WAVES)
    waves = story(base)
    begin(killed, base)
    with FlinkRun(killed, tmp_path / "flink") as job:
        for wave in waves[:7]:
            killed.happen(wave)
        wait_for("a checkpoint is complete", lambda: job.completed_checkpoints() > 0)
        job.kill_worker()
        for wave in waves[7:14]:
            killed.happen(wave)
        done = job.completed_checkpoints()
        wait_for("the job checkpoints again", lambda: job.completed_checkpoints() > done + 1)
        # All of it at once: back from the last checkpoint, from nothing, from one of that job.
        for restore, first in zip((True, False, True), (14, 16, 18), strict=True):
            wait_for("a checkpoint is complete", lambda: job.completed_checkpoints() > 0)
            killed.answer()
            job.kill_worker()
            job.kill_jvm()
            check_positions(killed)
            killed.happen(waves[first] + waves[first + 1])
            job.restart(restore=restore)
        finish(killed)
    begin(undisturbed, base)
    for wave in waves:
        undisturbed.happen(wave)
    with PrismJob(undisturbed):
        finish(undisturbed)
    check_same(killed, undisturbed)
    # The input ends: a new job over the same topics rebuilds, with timers for what is not due.
    before = len(killed.commands())
    # Published first: the source ends as soon as it has read what there is.
    killed.happen([event("seen", at=base, purpose="dpv:Marketing")])
    with FlinkRun(killed, tmp_path / "ending", EndingSource, EndingTicks):
        wait_for("the job works", lambda: "seen" in {row.record_id for row in killed.rows()})
        seen = killed.now()
        wait_for("ten seconds of broker time", lambda: killed.now() > seen + 10_000)
    assert len(killed.commands()) == before
