"""Beam's portable direct runner: where its binary is, how it starts and stops, what is refused."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from pipeline.errors import RunnerRefused
from pipeline.settings import Runner

BEAM_FLOOR = (2, 76)
"""Below it, polling sources grow Flink checkpoints for ever and Prism spins."""
START_SECONDS = 30.0
BIND_SECONDS = 0.5
"""Where nobody tells whose an open port is: Prism ends within it when it is somebody else's."""
PIPELINE_OPTIONS = (
    "--runner=PortableRunner",
    "--environment_type=LOOPBACK",
    "--streaming",
    # Prism 2.77 splits slow bundles of stateful stages, and then writes the state of the keys it
    # split off as it was when the bundle began: what they had written since is lost.
    "--experiments=prism_disable_sdf_split",
    # Beam ends its stream of the job's states after this many seconds, 300 by default, and so a
    # job that runs well: ten years. That the runner lives is watched by other means.
    "--job_server_timeout=315360000",
)
_PR_SET_PDEATHSIG = 1
_LISTEN = "0A"
"""The state of a socket that listens, as the kernel's table writes it."""


def check_beam(found: str | None = None) -> None:
    """Refuse a Beam that cannot keep the promises.

    Raises:
        RunnerRefused: the installed apache-beam lies below the floor.
    """
    installed = found or version("apache-beam")
    numbers = tuple(int(part) for part in installed.split(".")[:2])
    if numbers < BEAM_FLOOR:
        floor = ".".join(map(str, BEAM_FLOOR))
        raise RunnerRefused(
            f"apache-beam {installed} is below {floor}: its polling sources leak and spin; "
            f"install apache-beam>={floor}"
        )


def check_runner(name: str) -> Runner:
    """Return the runner by its name; refuse those that would delete early.

    Raises:
        RunnerRefused: it is neither `prism` nor `flink`, or fires timers early.
    """
    if name.lower() in {"direct", "directrunner", "bundlebaseddirectrunner", "fnapirunner"}:
        raise RunnerRefused(
            "Beam's older direct runner fires event-time timers up to 2 s early, and all of them "
            "when an input ends; use --runner prism"
        )
    if name.lower() in {"prism", "prismrunner"}:
        return "prism"
    if name.lower() in {"flink", "flinkrunner"}:
        return "flink"
    raise RunnerRefused(f"runner `{name}` is not supported here; use --runner prism, or flink")


def locate(given: str | None = None) -> str:
    """Find Prism: the argument, `$PRISM`, beside this Python, the project's cache, the PATH.

    Without any, Beam's own download of its version is used.

    Raises:
        RunnerRefused: a named file does not exist, or the download failed.
    """
    for named in (given, os.environ.get("PRISM")):
        if named:
            if Path(named).is_file():
                return named
            raise RunnerRefused(f"no Prism binary at {named}; correct the path or leave it out")
    project = Path(sys.prefix).parent / ".cache" / "bin" / "prism"
    found = str(project) if project.is_file() else shutil.which("prism")
    return found or _downloaded()


def _downloaded() -> str:
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.prism_runner import PrismJobServer

    server = PrismJobServer(PipelineOptions())
    try:
        return str(server.local_bin(server.path_to_binary()))
    except (RuntimeError, ValueError, OSError) as error:
        raise RunnerRefused(
            "Prism is not installed and Beam's download failed; install it with "
            "`go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0` or name it in $PRISM"
        ) from error


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """Ask Linux to end this process when its parent dies, so that a `kill -9` leaves no orphan."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)


def _answers(port: int) -> bool:
    """Whether anybody listens on a loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _listens(pid: int, port: int) -> bool | None:
    """Whether a process listens on a port; None where the system does not tell."""
    net, listening, held = Path("/proc/net"), set[str](), set[str]()
    try:
        rows = (net / "tcp").read_text().splitlines()[1:]
        with contextlib.suppress(FileNotFoundError):  # a machine without IPv6
            rows += (net / "tcp6").read_text().splitlines()[1:]
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                held.add(str(file.readlink()))
    except OSError:
        return None
    for row in rows:
        _, local, _, state, *_, inode = row.split()[:10]
        if state == _LISTEN and local.endswith(f":{port:04X}"):
            listening.add(f"socket:[{inode}]")
    return bool(listening & held)


class Prism:
    """A Prism process of our own, on a free loopback port."""

    def __init__(self, binary: str) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [
                binary,
                f"--job_port={self.port}",
                "--serve_http=false",
                "--log_level=error",
                "--log_kind=text",
            ],
            stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # only a system call, no Python locks
        )
        self._wait_ready()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ended = self._process.poll()
            if ended is not None:
                if ended < 0 or _answers(self.port):
                    # Killed, or its port was taken by somebody else, which says nothing against
                    # it: who uses it sees that it is not alive.
                    return
                break
            if self._is_ready():
                return
            time.sleep(0.05)
        self.stop()
        raise RunnerRefused(
            f"Prism did not open its port within {START_SECONDS:.0f} s; run it by hand to see why"
        )

    def _is_ready(self) -> bool:
        """Whether the port is open, and by this process rather than by another."""
        listening = _listens(self.pid, self.port)
        if listening is not None:
            return listening
        if not _answers(self.port):
            return False
        time.sleep(BIND_SECONDS)
        return self.alive

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def stop(self) -> None:
        """End the process."""
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
