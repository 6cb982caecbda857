"""Ways to run the job in a test: as an operator runs it, or on an embedded Flink.

On Prism, in the process itself, it is run by `pipeline.stories.prism_job`.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import apache_beam as beam

from pipeline.jobs.enforce import build
from pipeline.stories.scene import Scene
from pipeline.testing.flink import FlinkJob, pipeline_proto
from pipeline.testing.ports import free_port
from pipeline.testing.processes import children, kill
from pipeline.transforms.read import LogSource
from pipeline.transforms.ticks import TickSource

ROOT = Path(__file__).parents[2]


class SupervisedJob:
    """`retention run` in a process group of its own, as an operator starts it.

    What it says goes to `log`; without one, where the test's output goes.
    """

    def __init__(
        self,
        scene: Scene,
        *options: str,
        env: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.scene = scene
        self._options = options
        self._env = env or {}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def start(self) -> None:
        """Start the command."""
        scene = self.scene
        command = [
            sys.executable, "-m", "pipeline", "run",
            "--broker", scene.url,
            "--prefix", scene.prefix,
            "--events", scene.events_topic,
            "--group", scene.settings().group,
            "--shards", str(scene.shards),
            "--margin", str(scene.settings().margin_ms / 1_000),
            *self._options,
        ]  # fmt: skip
        path = ":".join(filter(None, [self._env.get("PYTHONPATH"), str(ROOT)]))
        environment = os.environ | self._env | {"PYTHONPATH": path}
        with contextlib.ExitStack() as files:
            out = None if self._log is None else files.enter_context(self._log.open("ab"))
            self._process = subprocess.Popen(
                command, env=environment, start_new_session=True, stdout=out, stderr=out
            )

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def family(self) -> list[int]:
        """Return the ids of the supervisor and everything it started, Linux only."""
        family = [self.pid]
        for member in family:
            family += children(member)
        return family

    def kill(self, pid: int) -> None:
        """`kill -9` of one member."""
        os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """`kill -9` of everything at once."""
        kill(self.family())
        if self._process is not None:
            self._process.wait()

    def stop(self, seconds: float = 30) -> int:
        """SIGTERM; return the exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end within the time.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=seconds)

    def __exit__(self, *_: object) -> None:
        """Kill what is left."""
        if self._process is not None and self._process.poll() is None:
            self.kill_all()


class FlinkRun(FlinkJob):
    """The job on an embedded Flink with two slots, RocksDB and checkpoints on disk."""

    def __init__(
        self,
        scene: Scene,
        workdir: Path,
        source: type[LogSource] = LogSource,
        ticks: type[TickSource] = TickSource,
        *,
        workers: int = 1,
        options: Sequence[str] = (),
        **changes: Any,
    ) -> None:
        settings = scene.settings(
            run_id=uuid4().hex, runner="flink", poll_seconds=1.2, splits=2, **changes
        )
        pipeline = beam.Pipeline()
        build(pipeline, settings, scene.broker, source, ticks)
        proto = pipeline_proto(pipeline, free_port())
        super().__init__(proto, workdir, workers=workers, options=options)
        self.scene = scene

    def trouble(self) -> str | None:
        """Say why the job runs no more; None while it does."""
        status = self.status()
        return None if status == "RUNNING" else f"Flink's job is {status}"
