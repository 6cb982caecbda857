"""Ways to run the job in a test: on Prism in this process, or as an operator runs it.

A job on Flink is run by `pipeline.testing.flink`.
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.jobs.enforce import build
from pipeline.jobs.prism import PIPELINE_OPTIONS, Prism, locate
from pipeline.settings import Settings
from pipeline.testing.flink import FlinkJob, pipeline_proto
from pipeline.testing.ports import free_port
from pipeline.testing.scene import Scene
from pipeline.transforms.pulse import STALL_SECONDS, asked, silent_seconds
from pipeline.transforms.read import LogSource
from pipeline.transforms.ticks import TickSource

ROOT = Path(__file__).parents[2]


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
        """Start the runner and the job."""
        self._leaving = threading.Event()
        self._start()
        threading.Thread(target=self._mind, name="mind", daemon=True).start()
        return self

    def _start(self) -> None:
        self.prism = Prism(locate())
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
        asked()
        self._result = pipeline.run()
        threading.Thread(target=self._wait, args=(self._result,), daemon=True).start()

    def _wait(self, result: Any) -> None:
        try:
            self.ended.append(str(result.wait_until_finish()))
        except Exception as error:  # noqa: BLE001  # whatever Beam raises is the job's end
            self.ended.append(f"{type(error).__name__}: {error}")

    def _mind(self) -> None:
        """Do what the supervisor does about a runner that stalls: start again and rebuild."""
        while not self._leaving.wait(0.5):
            if silent_seconds() > STALL_SECONDS and not self.ended:
                self.stalls += 1
                self._end()
                self.ended.clear()
                self._start()

    def _end(self) -> None:
        with contextlib.suppress(Exception):
            self._result.cancel()
        self.prism.stop()

    def __exit__(self, *_: object) -> None:
        """Cancel the job and stop the runner."""
        self._leaving.set()
        self._end()


class SupervisedJob:
    """`retention run` in a process group of its own, as an operator starts it."""

    def __init__(self, scene: Scene, *options: str, env: dict[str, str] | None = None) -> None:
        self.scene = scene
        self._options = options
        self._env = env or {}
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
        self._process = subprocess.Popen(command, env=environment, start_new_session=True)

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def family(self) -> list[int]:
        """Return the ids of the supervisor and everything it started, Linux only."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    stat = (entry / "stat").read_text().rpartition(")")[2].split()
                    parents[int(entry.name)] = int(stat[1])
        family = [self.pid]
        for member in family:
            family += [pid for pid, parent in parents.items() if parent == member]
        return family

    def kill(self, pid: int) -> None:
        """`kill -9` of one member."""
        os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """`kill -9` of everything at once."""
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
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
        **changes: Any,
    ) -> None:
        settings = scene.settings(
            run_id=uuid4().hex, runner="flink", poll_seconds=1.2, splits=2, **changes
        )
        pipeline = beam.Pipeline()
        build(pipeline, settings, scene.broker, source, ticks)
        super().__init__(pipeline_proto(pipeline, free_port()), workdir)
        self.scene = scene
