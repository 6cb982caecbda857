"""Submitting to a runner that dies or stalls, or while the job is to stop, waits for nobody."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.jobs import handover
from pipeline.jobs.handover import RunnerLost, submitted_to


class Runner:
    """A runner that lives until it is told otherwise."""

    alive = True


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Let Beam wait for what does not come; until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def submitted(runner: Any, run: Any, stop: threading.Event | None = None) -> Any:
    return submitted_to(runner, run, stop or threading.Event())


def test_what_the_runner_took_is_returned() -> None:
    assert submitted(Runner(), lambda: "result") == "result"


def test_a_runner_that_dies_is_not_waited_for(never: threading.Event) -> None:
    runner = Runner()

    def run() -> None:
        runner.alive = False
        never.wait()

    with pytest.raises(RunnerLost, match="the runner died"):
        submitted(runner, run)


def test_to_a_runner_that_is_dead_nothing_is_submitted() -> None:
    runner, asked = Runner(), []
    runner.alive = False
    with pytest.raises(RunnerLost, match="the runner died"):
        submitted(runner, lambda: asked.append("job"))
    assert not asked


def test_a_runner_that_lives_but_takes_no_job_is_given_up(
    never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "SUBMIT_SECONDS", 0.3)
    with pytest.raises(RunnerLost, match="the runner stalled"):
        submitted(Runner(), never.wait)


def test_a_stop_is_not_kept_waiting(never: threading.Event) -> None:
    stop = threading.Event()
    stop.set()
    assert submitted(Runner(), never.wait, stop) is None


def test_what_goes_wrong_is_raised() -> None:
    def run() -> None:
        raise ValueError("a pipeline that cannot be")

    with pytest.raises(ValueError, match="cannot be"):
        submitted(Runner(), run)
