"""Time goes on only when nothing is on its way; here the test is the job, and may be slow."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.findings import Measurement
from pipeline.identifiers import StoreName
from pipeline.instants import SECOND, Instant
from pipeline.stories import driver as driving
from pipeline.stories.driver import Driver, Pace, StoryFailed
from pipeline.stories.scene import Scene
from pipeline.stories.stores import Store
from tests.governor.desk import command

BEGIN = Instant(1_650_000_000_000)


class Job:
    """Writes the numbers of a job with one ledger and two governors."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.numbers: dict[str, int] = {}
        self.after_looks: dict[int, dict[str, int]] = {}
        self.looks = 0

    def write(self) -> None:
        """Say at every look that the clock was seen, and what else is to be said by then."""
        self.looks += 1
        self.numbers |= self.after_looks.get(self.looks, {})
        now = self.scene.now()
        said = {
            "ledger_now_ms": now,
            "governor_now_ms": now,
            "ledger_documents_checksum": self.scene.documents.checksum,
            "governor_documents_checksum": self.scene.documents.checksum,
        } | self.numbers
        topic = self.scene.topics.name("measurements")
        for name, value in said.items():
            for shard in range(2 if name.startswith("governor") else 1):
                # Counts are of governor 0; what both know is said by both.
                mine = value if shard == 0 or not name.endswith("commands") else 0
                row = Measurement(name=name, labels={}, value=float(mine), shard=shard, at=now)
                self.scene.producer.send(
                    topic, f"{name}/{shard}".encode(), self.scene.codec.encode_measurement(row)
                )
        self.scene.producer.flush()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(f"sqlite:///{tmp_path / 'log.db'}", "story.", shards=1)
    driving.move_clock(made, BEGIN)
    yield made
    made.close()


@pytest.fixture
def job(scene: Scene) -> Job:
    return Job(scene)


@pytest.fixture
def store(scene: Scene) -> Iterator[Store]:
    made = Store(StoreName("images"), scene)
    yield made
    made.close()


@pytest.fixture
def driver(scene: Scene, job: Job, store: Store) -> Iterator[Driver]:
    def trouble() -> None:
        job.write()

    made = Driver(scene, (store,), trouble, lambda: None, Pace(settle_seconds=1.0))
    yield made
    made.close()


def test_time_goes_on_when_nothing_is_on_its_way(driver: Driver) -> None:
    driver.run_to(Instant(BEGIN + 60 * SECOND))
    assert driver.clock > BEGIN + 60 * SECOND


def test_time_stops_at_every_wake(driver: Driver, job: Job) -> None:
    wake = Instant(BEGIN + 30 * SECOND)
    job.numbers["ledger_next_wake_ms"] = wake
    job.after_looks[3] = {"ledger_next_wake_ms": 0}
    seen: list[Instant] = []
    driver._watch = lambda: seen.append(driver.clock)
    driver.run_to(Instant(BEGIN + 60 * SECOND))
    assert any(wake < at < wake + 2 * SECOND for at in seen)


@pytest.mark.parametrize(
    ("numbers", "what"),
    [
        ({"ledger_sent_commands": 1}, "1 commands that no governor has taken"),
        (
            {
                "ledger_sent_commands": 2,
                "governor_taken_commands": 2,
                "governor_sent_commands": 2,
            },
            "2 commands that no store has been given",
        ),
        ({"ledger_unreviewed_records": 1}, "records that must be looked at"),
        ({"governor_unconfirmed_shards": 1}, "shards that have not confirmed"),
        ({"ledger_documents_checksum": 5}, "a shard that has not read every document"),
    ],
)
def test_time_waits_for_what_is_on_its_way_and_says_what(
    driver: Driver, job: Job, numbers: dict[str, int], what: str
) -> None:
    job.numbers |= numbers
    with pytest.raises(StoryFailed, match=what):
        driver.run_to(Instant(BEGIN + 60 * SECOND))
    assert driver.clock < BEGIN + 60 * SECOND


def test_the_clock_moves_as_far_as_the_runner_needs_once_something_is_awaited(
    driver: Driver, job: Job
) -> None:
    driver._pace = Pace(step_ms=SECOND, settle_seconds=5.0)
    driver.settle()
    assert driver.clock == BEGIN + 1
    job.numbers |= {"governor_unconfirmed_shards": 1}
    job.after_looks[job.looks + 4] = {"governor_unconfirmed_shards": 0}
    driver.settle()
    assert driver.clock > BEGIN + SECOND


def test_what_a_governor_withholds_is_not_awaited(driver: Driver, job: Job) -> None:
    job.numbers |= {"ledger_sent_commands": 3, "governor_taken_commands": 3}
    driver.run_to(Instant(BEGIN + 60 * SECOND))
    assert driver.clock > BEGIN + 60 * SECOND


def test_an_answer_is_awaited_until_the_job_has_taken_it(
    driver: Driver, job: Job, scene: Scene
) -> None:
    """The job here acknowledges nothing, and the store answers what it is given."""
    given = command("a" * 32)
    scene.producer.send(
        scene.topics.commands("images"), given.record_id.encode(), scene.codec.encode_command(given)
    )
    scene.producer.flush()
    job.numbers |= dict.fromkeys(
        ("ledger_sent_commands", "governor_taken_commands", "governor_sent_commands"), 1
    )
    with pytest.raises(StoryFailed, match="1 messages that the job has not acknowledged"):
        driver.settle()
