"""Submitting to a runner that dies, or while the job is told to stop, waits for nobody."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.jobs.once import submitted_to


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


def test_a_runner_that_dies_is_not_waited_for(
    never: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = Runner()

    def run() -> None:
        runner.alive = False
        never.wait()

    assert submitted(runner, run) is None
    assert "the runner died" in capsys.readouterr().out


def test_a_stop_is_not_kept_waiting(never: threading.Event) -> None:
    stop = threading.Event()
    stop.set()
    assert submitted(Runner(), never.wait, stop) is None


def test_what_goes_wrong_is_raised() -> None:
    def run() -> None:
        raise ValueError("a pipeline that cannot be")

    with pytest.raises(ValueError, match="cannot be"):
        submitted(Runner(), run)
