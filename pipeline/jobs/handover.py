"""Hands a pipeline over to a Prism, which may die or stall meanwhile."""

import threading
import time
from collections.abc import Callable
from typing import Any

from pipeline.errors import RetentionError
from pipeline.jobs.prism import Prism

SUBMIT_SECONDS = 60.0
"""Longest time for taking a job. A busy machine takes 3 s, a free one less than 1 s, most of it the
processor time of both sides: one that needs a minute could not keep up with the job either."""


class RunnerLost(RetentionError):
    """The runner died, or stalled, before it had taken the job.

    Callers start another. Operator action: none, unless it happens again and again; then run the
    runner by hand to see why.
    """


def submitted_to(prism: Prism, run: Callable[[], Any], stop: threading.Event) -> Any:
    """Submit a pipeline; return its result, or None when the job is to stop.

    Beam waits for a runner that is gone, or silent, as long as it lets a job run: ten years.

    Args:
        prism: must take the job.
        run: submits the pipeline.
        stop: is set when the job is to stop.

    Raises:
        RunnerLost: Prism died, or did not take the job within `SUBMIT_SECONDS`.
    """
    made: list[Any] = []
    failed: list[Exception] = []

    def submit() -> None:
        try:
            made.append(run())
        except Exception as error:  # noqa: BLE001  # raised again where it is waited for
            failed.append(error)

    _demand_alive(prism)
    thread = threading.Thread(target=submit, name="submit", daemon=True)
    deadline = time.monotonic() + SUBMIT_SECONDS
    thread.start()
    while thread.is_alive():
        thread.join(timeout=0.2)
        _demand_alive(prism)
        if stop.is_set():
            return None
        if thread.is_alive() and time.monotonic() > deadline:
            raise RunnerLost(f"the runner stalled: it took no job within {SUBMIT_SECONDS:.0f} s")
    if failed:
        raise failed[0]
    return made[0]


def _demand_alive(prism: Prism) -> None:
    if not prism.alive:
        raise RunnerLost("the runner died before it had taken the job")
