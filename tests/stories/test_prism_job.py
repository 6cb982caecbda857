"""The job on a Prism that dies or stalls before it has taken the job: said, never waited for."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from pipeline.jobs import handover
from pipeline.jobs.handover import RunnerLost
from pipeline.jobs.prism import Prism
from pipeline.stories import prism_job
from pipeline.stories.prism_job import PrismJob
from pipeline.stories.scene import Scene, wait_for
from tests.jobs.test_prism import script, serving


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(f"sqlite:///{tmp_path / 'log.db'}", "story.", shards=1)
    yield made
    made.close()


@pytest.fixture
def dead(tmp_path: Path) -> str:
    return str(script(tmp_path / "dead", "kill -9 $$"))


@pytest.mark.timeout(60)
def test_a_prism_that_is_killed_at_its_start_is_told(
    scene: Scene, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prism_job, "locate", lambda: dead)
    with pytest.raises(RunnerLost, match="died"):
        PrismJob(scene).__enter__()


@pytest.mark.timeout(60)
def test_a_prism_that_takes_no_job_is_told_and_ended(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prism_job, "locate", lambda: str(serving(tmp_path)))
    monkeypatch.setattr(handover, "SUBMIT_SECONDS", 0.5)
    job = PrismJob(scene)
    with pytest.raises(RunnerLost, match="stalled"):
        job.__enter__()
    assert not job.prism.alive


class Result:
    """Of a job that runs until it is cancelled."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def wait_until_finish(self) -> str:
        self._over.wait()
        return "CANCELLED"

    def cancel(self) -> None:
        self._over.set()


@pytest.mark.timeout(60)
def test_a_prism_that_is_killed_at_the_restart_after_a_stall_is_told(
    scene: Scene, dead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = iter([str(serving(tmp_path)), dead])
    made: list[Any] = [Result()]
    never = threading.Event()

    def run(_: beam.Pipeline) -> Any:
        return made.pop() if made else never.wait()

    monkeypatch.setattr(prism_job, "locate", lambda: next(binaries))
    monkeypatch.setattr(prism_job, "silent_seconds", lambda: 3_600.0)
    monkeypatch.setattr(beam.Pipeline, "run", run)
    with PrismJob(scene) as job:
        wait_for("it is told", lambda: any("runner died" in end for end in job.ended), seconds=30)
        assert "ended by itself" in str(job.trouble())
        assert job.stalls == 1


@pytest.mark.timeout(60)
def test_a_prism_that_is_started_while_the_job_is_left_is_ended(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Prism] = []
    restarts, never = threading.Event(), threading.Event()

    class Noted(Prism):
        def __init__(self, binary: str) -> None:
            if started:
                restarts.set()
                job._leaving.wait()
            super().__init__(binary)
            started.append(self)

    made: list[Any] = [Result()]
    monkeypatch.setattr(prism_job, "locate", lambda: str(serving(tmp_path)))
    monkeypatch.setattr(prism_job, "Prism", Noted)
    monkeypatch.setattr(prism_job, "silent_seconds", lambda: 3_600.0)
    monkeypatch.setattr(beam.Pipeline, "run", lambda _: made.pop() if made else never.wait())
    job = PrismJob(scene)
    with job:
        assert restarts.wait(30)
    wait_for("another is started", lambda: len(started) == 2, seconds=10)
    wait_for("both are ended", lambda: not any(one.alive for one in started), seconds=10)
    never.set()
