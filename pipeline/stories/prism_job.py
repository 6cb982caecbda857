"""The job on a Prism of its own, its worker in this process."""

import contextlib
import dataclasses
import threading
import time
from typing import Any, Self
from uuid import uuid4

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.errors import RetentionError
from pipeline.jobs.enforce import build
from pipeline.jobs.handover import submitted_to
from pipeline.jobs.prism import PIPELINE_OPTIONS, Prism, locate
from pipeline.settings import Settings
from pipeline.stories.scene import Scene
from pipeline.transforms.pulse import STALL_SECONDS, asked, silent_seconds
from pipeline.transforms.read import LogSource
from pipeline.transforms.ticks import TickSource

LAST_WORDS_SECONDS = 0.5
"""Beam's threads complain of a runner that is gone within moments; some of them never end."""


class PrismJob:
    """The job on a Prism of its own, its worker in this process."""

    def __init__(
        self,
        scene: Scene,
        source: type[LogSource] = LogSource,
        ticks: type[TickSource] = TickSource,
        **changes: Any,
    ) -> None:
        self.scene = scene
        self.settings: Settings = scene.settings(**changes)
        self._sources = (source, ticks)
        self.ended: list[str] = []
        self.stalls = 0

    def __enter__(self) -> Self:
        """Start the runner and the job.

        Raises:
            RunnerLost: the runner died, or stalled, before it had taken the job.
        """
        self._leaving = threading.Event()
        self._start()
        threading.Thread(target=self._mind, name="mind", daemon=True).start()
        return self

    def _start(self) -> None:
        self.prism = Prism(locate())
        try:
            result = self._submit()
        except BaseException:
            self.prism.stop()
            raise
        if result is None:  # left meanwhile, perhaps before this Prism was there to be stopped
            self.prism.stop()
            return
        asked()
        self._result = result
        threading.Thread(target=_wait, args=(result, self.ended), daemon=True).start()

    def _submit(self) -> Any:
        options = PipelineOptions(
            [
                *PIPELINE_OPTIONS,
                f"--job_endpoint=localhost:{self.prism.port}",
                "--job_name=retention-test",
            ]
        )
        pipeline = beam.Pipeline(options=options)
        settings = dataclasses.replace(self.settings, run_id=uuid4().hex)
        build(pipeline, settings, self.scene.broker, *self._sources)
        return submitted_to(self.prism, pipeline.run, self._leaving)

    def _mind(self) -> None:
        """Do what the supervisor does about a runner that stalls: start again and rebuild."""
        while not self._leaving.wait(0.5):
            if silent_seconds() > STALL_SECONDS and not self.ended:
                self.stalls += 1
                self._end()
                self.ended = []  # what is still said of the life that was ended is not of the next
                try:
                    self._start()
                except RetentionError as error:
                    self.ended.append(str(error))

    def trouble(self) -> str | None:
        """Say why the job runs no more; None while it does."""
        if self.ended:
            return f"the job ended by itself: {self.ended[0][:2_000]}"
        return None if self.prism.alive else "Prism, which runs the job, ended by itself"

    def _end(self) -> None:
        with contextlib.suppress(Exception):
            self._result.cancel()
        self.prism.stop()

    def __exit__(self, *_: object) -> None:
        """Cancel the job, stop the runner, and let Beam's threads finish complaining of it."""
        self._leaving.set()
        self._end()
        time.sleep(LAST_WORDS_SECONDS)


def _wait(result: Any, ended: list[str]) -> None:
    """Note how a life of the job ends."""
    try:
        ended.append(str(result.wait_until_finish()))
    except Exception as error:  # noqa: BLE001  # whatever Beam raises is the job's end
        ended.append(f"{type(error).__name__}: {error}")
