"""The job on either runner, in one way: a test that takes `start` runs once on each."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipeline.stories.prism_job import PrismJob
from pipeline.stories.replay import Running
from pipeline.stories.scene import Scene
from pipeline.testing.jobs import FlinkRun
from pipeline.transforms.read import LogSource
from pipeline.transforms.ticks import TickSource

RUNNERS = ("prism", "flink")
PLAIN = ("-Dstate.backend.rocksdb.compression.per.level=NO_COMPRESSION",)
"""A Flink whose RocksDB packs nothing: what its checkpoints hold can be searched."""


class Starter:
    """Starts the job in a scene, with sources and settings of the test's choice."""

    def __init__(self, runner: str, folder: Path) -> None:
        self.runner = runner
        self._folder = folder

    def __call__(
        self,
        scene: Scene,
        source: type[LogSource] = LogSource,
        ticks: type[TickSource] = TickSource,
        **changes: Any,
    ) -> AbstractContextManager[Running]:
        """Return the job, which starts when it is entered; on Flink from no checkpoint."""
        if self.runner == "prism":
            return PrismJob(scene, source, ticks, **changes)
        return FlinkRun(scene, self._folder / uuid4().hex, source, ticks, **changes)
