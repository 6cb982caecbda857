"""Runs a pipeline on a real Flink: embedded, with RocksDB, checkpoints on disk and real workers.

The launcher is in `deploy/local/flink`; `tests/integration/test_flink_harness.py` shows the use.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import apache_beam as beam
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.transforms.environments import ExternalEnvironment, python_sdk_capabilities

from pipeline.errors import RetentionError
from pipeline.testing.ports import LOOPBACK, free_port, listens
from pipeline.testing.processes import children, kill, kill_group

ROOT = Path(__file__).resolve().parents[2]
_DEPLOY = ROOT / "deploy" / "local" / "flink"
DRAIN_SECONDS = 120.0
READY_SECONDS = 240.0
LAST_WATERMARK = 2**63 - 1
_READ = "ReadUnbounded"


class FlinkFailed(RetentionError):
    """The embedded Flink, its worker pool or its build did not do what a test asked of it.

    Operator action: read the log that the message names.
    """


def build_flink(cache: Path) -> Path:
    """Return the folder of Flink's jars and the launcher, `cache/flink/lib`, built if need be.

    It is built again when the pom or a source has changed since. Raises FlinkFailed when Java or
    Maven is missing, or the build fails.
    """
    command = ["/bin/sh", f"{_DEPLOY}/build.sh", str(cache.resolve())]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise FlinkFailed(f"the Flink launcher cannot be built: {built.stderr[-3000:]}")
    return cache.resolve() / "flink" / "lib"


def pipeline_proto(pipeline: beam.Pipeline, worker_port: int) -> bytes:
    """Return the serialised portable pipeline, its workers on this port of the loopback.

    The pipeline's options are not in it: the launcher is given Flink's on its command line. DoFns
    must be in importable modules, not in `__main__`.
    """
    environment = ExternalEnvironment(
        f"{LOOPBACK}:{worker_port}", capabilities=python_sdk_capabilities()
    )
    proto = pipeline.to_runner_api(default_environment=environment)
    return bytes(proto.SerializeToString())


class FlinkJob:
    """One pipeline on one embedded Flink, running from `__enter__` to `__exit__`.

    `workdir` holds `logs/jvm.log`, `logs/worker.log` (print and logging of the DoFns) and
    `checkpoints/`. `restore_from` is a checkpoint's folder. `env` is added to the environment of
    the JVM and of the workers. All slots share `workers` Python processes. `java` is for the JVM,
    `options` for Flink and Beam. All intervals are milliseconds, all timeouts seconds.
    """

    def __init__(
        self,
        pipeline_proto: bytes,
        workdir: Path,
        *,
        parallelism: int = 2,
        checkpoint_interval_ms: int = 3000,
        restore_from: Path | None = None,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        java: Sequence[str] = (),
        options: Sequence[str] = (),
        cache: Path = ROOT / ".cache",
    ) -> None:
        self._workdir, self._logs = workdir.resolve(), workdir.resolve() / "logs"
        self._parallelism, self._interval = parallelism, checkpoint_interval_ms
        self._workers_wanted = workers
        self._java, self._options = java, options
        self._restored = restore_from
        self._cache = self._lib = cache
        self._proto, self._port = pipeline_proto, _worker_port(pipeline_proto)
        self._runs = self._rest = 0
        self._job = ""
        self._pool: subprocess.Popen[bytes] | None = None
        self._jvm: subprocess.Popen[bytes] | None = None
        # The pool runs `python` from the PATH; the workers import this project and its tests.
        self._env = {
            **os.environ,
            "PATH": f"{_DEPLOY / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}".rstrip(":"),
            "PYTHONUNBUFFERED": "1",
            "RETENTION_WORKER_PYTHON": sys.executable,
            "RETENTION_WORKER_LOG": str(self._logs / "worker.log"),
            **(env or {}),
        }

    def __enter__(self) -> Self:
        """Start the pool and the JVM; return when every task of the job is running."""
        self._lib = build_flink(self._cache)
        for name in ("logs", "tmp"):
            (self._workdir / name).mkdir(parents=True, exist_ok=True)
        (self._workdir / "pipeline.pb").write_bytes(self._proto)
        try:
            pool = [sys.executable, "-m", "pipeline", "worker-pool", f"--port={self._port}"]
            self._pool = self._start("pool", pool)
            self._await("the worker pool listens", lambda: listens(self._port), READY_SECONDS)
            self._start_jvm()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """Stop everything; logs and checkpoints stay. A failure is told where Flink stood."""
        if error is not None:
            with contextlib.suppress(FlinkFailed):
                error.add_note(f"Flink's job was {self.status()}")
            error.add_note("\n".join(self._tails()))
        self.close()

    def close(self) -> None:
        """Stop the JVM, the pool and its workers, and remove temporary files."""
        self._stop_jvm()
        if self._pool is not None:
            kill_group(self._pool)
            self._pool = None
        shutil.rmtree(self._workdir / "tmp", ignore_errors=True)

    def status(self) -> str:
        """Return the job's state as Flink names it (RUNNING, RESTARTING, ...), or DEAD."""
        if self._jvm is None or self._jvm.poll() is not None:
            return "DEAD"
        return str(self._get(f"/jobs/{self._job}")["state"])

    def completed_checkpoints(self) -> int:
        """Return how many checkpoints this JVM's job has completed."""
        return int(self._get(f"/jobs/{self._job}/checkpoints")["counts"]["completed"])

    def watermarks(self) -> dict[str, list[int]]:
        """Return the input watermark of each subtask by vertex name, in milliseconds."""
        found: dict[str, list[int]] = {}
        for vertex in self._get(f"/jobs/{self._job}")["vertices"]:
            marks = self._get(f"/jobs/{self._job}/vertices/{vertex['id']}/watermarks")
            found[vertex["name"]] = [int(mark["value"]) for mark in marks]
        return found

    def latest_checkpoint(self) -> Path | None:
        """Return the newest complete checkpoint's folder, or the one restored from, or None."""
        files = (self._workdir / "checkpoints" / str(self._runs)).glob("*/chk-*/_metadata")
        folders = [path.parent for path in files]
        return max(folders, key=lambda f: int(f.name.removeprefix("chk-")), default=self._restored)

    def kill_worker(self) -> list[int]:
        """Kill -9 the pool's worker processes, not the pool; return their process ids."""
        if not (workers := self._workers()):
            raise FlinkFailed(f"no worker process to kill; see {self._logs}/worker.log")
        kill(workers)
        return workers

    def kill_jvm(self) -> None:
        """Kill -9 the JVM: job manager, task manager and their state in memory."""
        if self._jvm is None:
            raise FlinkFailed("the JVM is not running")
        kill_group(self._jvm)
        self._jvm = None

    def cancel(self) -> None:
        """Cancel the job through REST and wait for the JVM to end; checkpoints stay."""
        self._get(f"/jobs/{self._job}?mode=cancel", method="PATCH")
        if self._jvm is not None:
            self._jvm.wait(timeout=60)

    def drain(self) -> None:
        """Ask for a stop with a drain; return when it has reached every read.

        Flink then sends the last watermark into them. Beam's unbounded reads never finish, and hold
        back what comes after them to what they have read: the job runs on.
        """
        body = {"drain": True, "targetDirectory": (self._workdir / "savepoints").resolve().as_uri()}
        self._get(f"/jobs/{self._job}/stop", method="POST", body=body)

        def ended() -> bool:
            marks = [m for name, found in self.watermarks().items() if _READ in name for m in found]
            return bool(marks) and min(marks) == LAST_WATERMARK

        self._await("the drain has reached every read", ended, DRAIN_SECONDS)

    def restart(self, restore: bool) -> None:  # noqa: FBT001 - the signature is agreed
        """Start a new JVM and workers, from the latest checkpoint or from nothing.

        A job that still runs is cancelled first.
        """
        self._stop_jvm()
        kill(self._workers())  # They end without a JVM too, but only after a while.
        self._restored = self.latest_checkpoint() if restore else None
        if restore and self._restored is None:
            raise FlinkFailed("no complete checkpoint: await completed_checkpoints() > 0 first")
        self._start_jvm()

    def _start_jvm(self) -> None:
        self._runs += 1
        self._rest = free_port()
        (self._workdir / "tmp").mkdir(exist_ok=True)
        tmp, logging = f"{self._workdir}/tmp", f"{_DEPLOY}/logging.properties"
        command = ["java", f"@{_DEPLOY}/java.options", *self._java, f"-Djava.io.tmpdir={tmp}"]
        command += [f"-XX:ErrorFile={self._logs}/jvm-error.log"]
        command += [f"-Djava.util.logging.config.file={logging}", "-cp", f"{self._lib}/*"]
        command += ["retention.local.RunPipeline", f"{self._workdir}/pipeline.pb"]
        shared = (_DEPLOY / "flink.options").read_text().splitlines()
        command += [line for line in shared if not line.startswith("#")]
        command += [f"-Drest.bind-port={self._rest}", f"-Dio.tmp.dirs={tmp}"]
        command += [f"-Dstate.checkpoints.dir=file://{self._workdir}/checkpoints/{self._runs}"]
        command += [f"-Dexecution.checkpointing.interval={self._interval} ms"]
        command += [f"-Dtaskmanager.numberOfTaskSlots={self._parallelism}"]
        if self._restored is not None:
            command += [f"-Dexecution.savepoint.path=file://{self._restored.resolve()}"]
        command += [f"--parallelism={self._parallelism}"]
        command += [f"--checkpointingInterval={self._interval}"]
        command += [f"--sdkWorkerParallelism={self._workers_wanted}", *self._options]
        self._jvm = self._start("jvm", command)
        self._await("every task runs", self._all_running, READY_SECONDS)

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=self._env, stdout=log, stderr=log, start_new_session=True
            )

    def _all_running(self) -> bool:
        try:
            jobs = self._get("/jobs/overview")["jobs"]
            self._job = str(jobs[0]["jid"])
            job = self._get(f"/jobs/{self._job}")
        except (FlinkFailed, IndexError):
            return False
        states = {job["state"], *(vertex["status"] for vertex in job["vertices"])}
        return states == {"RUNNING"}

    def _await(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not ready():
            dead = [p for p in (self._pool, self._jvm) if p is not None and p.poll() is not None]
            if dead or time.monotonic() > end:
                why = "a process ended" if dead else f"{seconds} s passed"
                told = "\n".join(self._tails())
                raise FlinkFailed(f"{why} before {what}; see {self._logs}:\n{told}")
            time.sleep(0.2)

    def _tails(self) -> list[str]:
        return [path.read_text(errors="replace")[-2000:] for path in self._logs.glob("*")]

    def _get(self, path: str, *, method: str = "GET", body: object = None) -> Any:
        url = f"http://{LOOPBACK}:{self._rest}{path}"
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"{}")
        except (urllib.error.URLError, OSError) as error:
            raise FlinkFailed(f"Flink's REST does not answer {method} {path}: {error}") from error

    def _workers(self) -> list[int]:
        return [] if self._pool is None else children(self._pool.pid)

    def _stop_jvm(self) -> None:
        if self._jvm is None:
            return
        self._jvm.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._jvm.wait(timeout=20)
        kill_group(self._jvm)
        self._jvm = None


def _worker_port(proto: bytes) -> int:
    """The port that `pipeline_proto` wrote into the pipeline's environment."""
    environments = beam_runner_api_pb2.Pipeline.FromString(proto).components.environments
    for environment in environments.values():
        if environment.urn == "beam:env:external:v1":
            payload = beam_runner_api_pb2.ExternalPayload.FromString(environment.payload)
            return int(payload.endpoint.url.rpartition(":")[2])
    raise FlinkFailed("the pipeline has no external environment: make it with pipeline_proto()")
