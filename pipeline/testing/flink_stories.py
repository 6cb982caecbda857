"""Several stories at once on one embedded Flink: one pipeline has the whole job once for each.

A Flink takes long to start, and a step of a story's clock waits for its polls, which are a second
apart: stories that are played together share both. Each has its own log, settings and state.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from uuid import uuid4

import apache_beam as beam

from pipeline.jobs.enforce import build
from pipeline.settings import Settings
from pipeline.stories.driver import Pace
from pipeline.stories.replay import Runner
from pipeline.stories.scene import Scene
from pipeline.testing.flink import READY_SECONDS, FlinkFailed, FlinkJob, pipeline_proto
from pipeline.testing.ports import free_port

FLINK_PACE = Pace(step_ms=1_000, tick_seconds=180.0, settle_seconds=600.0)
"""Its watermark has whole seconds: timers fire only once the clock has passed one."""
STATUS_SECONDS = 2.0
CHECKPOINT_MS = 30_000
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx2g")
WIDE = (
    *(f"-Dtaskmanager.memory.network.{end}=512m" for end in ("min", "max")),
    "-Dstate.backend.type=hashmap",
    "-Dpipeline.max-parallelism=1",
)
"""Room for the buffers of many tasks; state on the heap, as it is for users by default.

This runner makes a table of state at every pause of a source, dozens a second, and never drops it:
in RocksDB each is a column family, on the heap a map for each key group, of which there are 128
unless told otherwise. They once filled a heap of 1 GiB in three minutes.
"""


class FlinkStories:
    """One Flink for a number of stories; each is played in a thread of its own.

    All of them must come to `start`; then Flink starts with all. It runs until `__exit__`.
    """

    def __init__(self, stories: int, workdir: Path) -> None:
        self._workdir = workdir
        self._pipeline = beam.Pipeline()
        self._lock = threading.Lock()
        self._all_here = threading.Barrier(stories, self._run)
        self._flink: FlinkJob | None = None
        self._asked = 0.0
        self._trouble: str | None = None
        self.runner = Runner(self.start, FLINK_PACE)

    def __enter__(self) -> Self:
        """Nothing runs before every story is here."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop Flink and its workers."""
        if self._flink is not None:
            self._flink.close()

    @contextlib.contextmanager
    def start(self, scene: Scene) -> Iterator[Self]:
        """Add the job of a scene, and wait until it runs.

        Raises:
            FlinkFailed: another story did not come, or Flink did not start.
        """
        settings = scene.settings(
            run_id=uuid4().hex, runner="flink", poll_seconds=1.2, read_seconds=0.05, story=True
        )
        try:
            with self._lock:
                _ = self._pipeline | f"Story {settings.run_id}" >> _Story(settings, scene)
            self._all_here.wait(READY_SECONDS * 2)
        except threading.BrokenBarrierError as error:
            raise FlinkFailed("Flink does not run: another story has failed to start") from error
        except BaseException:
            self.give_up()
            raise
        try:
            yield self
        except Exception as error:
            error.add_note(f"what Flink and its worker say is in {self._workdir}/logs")
            raise

    def give_up(self) -> None:
        """Let no story wait any more for one that cannot come."""
        self._all_here.abort()

    def _run(self) -> None:
        proto = pipeline_proto(self._pipeline, free_port())
        self._flink = FlinkJob(
            proto,
            self._workdir,
            parallelism=1,
            checkpoint_interval_ms=CHECKPOINT_MS,
            java=SHORT_LIVED,
            options=WIDE,
        )
        self._flink.__enter__()

    def trouble(self) -> str | None:
        """Say why the job runs no more; None while it does, or restarts. Asked by all stories."""
        with self._lock:
            if self._flink is not None and time.monotonic() - self._asked > STATUS_SECONDS:
                self._asked = time.monotonic()
                with contextlib.suppress(FlinkFailed):  # REST is busy; a stop is noticed by pace
                    status = self._flink.status()
                    ended = status in {"FAILED", "FAILING", "CANCELED", "FINISHED", "DEAD"}
                    self._trouble = f"Flink's job is {status}" if ended else None
            return self._trouble


class _Story(beam.PTransform):
    """The whole job, its steps' names under the story's."""

    def __init__(self, settings: Settings, scene: Scene) -> None:
        super().__init__()
        self._settings = settings
        self._scene = scene

    def expand(self, begin: beam.pvalue.PBegin) -> beam.pvalue.PDone:
        """Add the job."""
        build(begin.pipeline, self._settings, self._scene.broker)
        return beam.pvalue.PDone(begin.pipeline)
