"""Who is killed, on each runner, and how the job comes back: by itself where that is promised."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.flink import FlinkFailed
from pipeline.testing.jobs import FlinkRun, SupervisedJob

ALIVE_SECONDS = 120.0


class Job(Protocol):
    """A job on one runner."""

    def start(self) -> None:
        """Start it."""
        ...

    def kill(self, victim: str) -> None:
        """`kill -9` of the worker, of the runner, or of both with all that watches them (`job`)."""
        ...

    def revive(self, victim: str) -> None:
        """Start again what nobody else does."""
        ...

    def stop(self) -> str | None:
        """Stop it as an operator does; return what was wrong with that."""
        ...

    def close(self) -> None:
        """Kill what is left."""
        ...


class PrismJobs:
    """`retention run`: supervisor, driver with the Python worker, Prism.

    The supervisor brings back worker and runner; when it is killed with them, we start it.
    """

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._job = SupervisedJob(scene, log=folder / "job.log")

    def start(self) -> None:
        """Start the supervisor."""
        self._job.start()

    def kill(self, victim: str) -> None:
        """Kill one, as soon as it lives."""
        if victim == "job":
            if not _command_line(self._job.pid):
                raise RuntimeError("the supervisor had ended before it was killed")
            self._job.kill_all()
        else:
            self._job.kill(self._member(1 if victim == "worker" else 2))

    def revive(self, victim: str) -> None:
        """Start the supervisor again."""
        if victim == "job":
            self._job.start()

    def _member(self, number: int) -> int:
        """Return the process of the driver or the runner, as soon as there is one."""
        name = "pipeline.jobs.once" if number == 1 else "prism"
        found: list[int] = []

        def there() -> bool:
            family = self._job.family()
            found[:] = [pid for pid in family[number : number + 1] if name in _command_line(pid)]
            return bool(found)

        wait_for(f"{name} runs", there, seconds=ALIVE_SECONDS, every=0.05)
        return found[0]

    def stop(self) -> str | None:
        """SIGTERM to the supervisor."""
        try:
            code = self._job.stop()
        except subprocess.TimeoutExpired:
            return "the job did not stop within 30 seconds of SIGTERM"
        return None if code == 0 else f"the job ended with code {code} after SIGTERM"

    def close(self) -> None:
        """Kill what is left."""
        self._job.__exit__()


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class FlinkJobs:
    """The job on an embedded Flink: Python workers, JVM.

    Flink brings a worker back. After the JVM we start another from the last checkpoint; after `job`
    (workers and JVM) one without any: it rebuilds from topics.
    """

    def __init__(self, scene: Scene, folder: Path) -> None:
        shutil.rmtree(folder / "flink", ignore_errors=True)
        self._job = FlinkRun(scene, folder / "flink")

    def start(self) -> None:
        """Start pool and JVM."""
        self._job.__enter__()

    def kill(self, victim: str) -> None:
        """Kill one, as soon as it lives."""
        if victim != "worker":
            self._job.kill_jvm()
        if victim != "runner":
            wait_for("a worker is killed", self._worker, seconds=ALIVE_SECONDS, every=0.05)

    def _worker(self) -> bool:
        try:
            return bool(self._job.kill_worker())
        except FlinkFailed:  # there is none at the moment
            return False

    def revive(self, victim: str) -> None:
        """Start a JVM again."""
        if victim == "worker":
            return
        restore = victim == "runner" and self._job.latest_checkpoint() is not None
        self._job.restart(restore=restore)

    def stop(self) -> str | None:
        """Cancel the job."""
        self._job.cancel()
        return None

    def close(self) -> None:
        """Kill what is left."""
        self._job.close()


JOBS: dict[str, Callable[[Scene, Path], Job]] = {"prism": PrismJobs, "flink": FlinkJobs}
