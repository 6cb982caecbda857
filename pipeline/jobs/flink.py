"""What the job needs of Flink, and the options by which Beam tells it so: names, no secrets."""

import json
import re
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.errors import InvalidInput, RunnerRefused
from pipeline.settings import Settings

FLINK_VERSIONS = ("1.19", "1.20")
"""Those whose options are known; the tests run 1.19."""
POLL_SECONDS = 1.2
"""Flink's runner cuts a pause to whole seconds; of a second or less nothing is left."""
MAX_BUNDLE_MS = 200
LEAST_CHECKPOINT_SECONDS = 3.0
MOST_CHECKPOINT_SECONDS = 3_600.0
MAX_PARALLELISM = 1_024
MAX_SDK_WORKERS = 64
EMBEDDED = "[local]"
"""In place of Flink's address: a Flink inside the job server's process."""
NEVER_MS = 2**63 - 1
DECADE_SECONDS = 315_360_000
NEEDED_OPTIONS = frozenset(
    {"checkpointing_interval", "max_bundle_time_mills", "shutdown_sources_after_idle_ms"}
)
"""Options that a job server must know; of what it does not know Beam says nothing."""

Environment = Literal["external", "process", "docker"]
StateBackend = Literal["filesystem", "rocksdb", "cluster"]


@dataclass(frozen=True)
class Flink:
    """How the job reaches Flink and how it runs there.

    Attributes:
        checkpoint_seconds: between two checkpoints; None is refused, with the reason.
        checkpoint_storage: URI of a file system that every machine of Flink sees.
        worker: of an `external` environment `HOST:PORT` of the worker pool, of `process` the
            command that starts a worker, of `docker` the image.
        state_backend: `cluster` leaves it, and where checkpoints go, to Flink's configuration.
        job_endpoint: `HOST:PORT` of a job server that runs already.
        job_server_jar: jar of the job server, which is started, or becomes part of an application.
        master: Flink's REST address, or `[local]`.
        sdk_workers: Python processes of each task manager: as many as it has slots, for one does
            one thing at a time.
    """

    checkpoint_seconds: float | None
    checkpoint_storage: str | None
    worker: str | None
    flink_version: str = FLINK_VERSIONS[0]
    parallelism: int = 1
    environment: Environment = "external"
    state_backend: StateBackend = "filesystem"
    job_endpoint: str | None = None
    job_server_jar: str | None = None
    master: str | None = None
    sdk_workers: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            InvalidInput: a value is missing or out of range.
            RunnerRefused: there would be no checkpoints, or none that survive.
        """
        _check_checkpoints(self.checkpoint_seconds, self.checkpoint_storage)
        if self.flink_version not in FLINK_VERSIONS:
            raise InvalidInput(
                f"--flink-version {self.flink_version} is not one of {', '.join(FLINK_VERSIONS)}"
            )
        if not 1 <= self.parallelism <= MAX_PARALLELISM:
            raise InvalidInput(f"--parallelism must be from 1 to {MAX_PARALLELISM}")
        if not 1 <= self.sdk_workers <= MAX_SDK_WORKERS:
            raise InvalidInput(f"--sdk-worker-parallelism must be from 1 to {MAX_SDK_WORKERS}")
        if not self.worker:
            raise InvalidInput(
                f"--environment {self.environment} needs --worker: HOST:PORT of `retention "
                "worker-pool`, the command that starts a worker, or an image"
            )
        if self.environment == "external":
            _check_address("--worker", self.worker)
        if not self.job_endpoint and not self.job_server_jar:
            raise InvalidInput(
                "--runner flink needs Beam's job server: --job-endpoint HOST:PORT of one that "
                "runs, or --job-server-jar FILE"
            )
        if self.job_endpoint:
            _check_address("--job-endpoint", self.job_endpoint)

    @property
    def checkpoint_ms(self) -> int:
        """Milliseconds between two checkpoints."""
        return round((self.checkpoint_seconds or 0) * 1_000)


def job_name(prefix: str) -> str:
    """Return the name by which a running job of a prefix is known again."""
    return f"retention-enforce-{prefix}".rstrip(".-")


def on_flink(settings: Settings, flink: Flink) -> Settings:
    """Return the settings of a job on Flink, with the options for Beam in them."""
    return replace(
        settings,
        runner="flink",
        poll_seconds=POLL_SECONDS,
        # A split is a reader; more of them than slots would only wait for each other.
        splits=flink.parallelism,
        runner_options=pipeline_options(flink, job_name(settings.prefix)),
        flink_master=flink.master,
    )


def pipeline_options(flink: Flink, name: str) -> tuple[str, ...]:
    """Return what Beam is told, as arguments."""
    options = [
        "--runner=FlinkRunner",
        "--streaming",
        f"--job_name={name}",
        # Beam ends its stream of the job's states after this many seconds, 300 by default.
        f"--job_server_timeout={DECADE_SECONDS}",
        f"--flink_version={flink.flink_version}",
        f"--parallelism={flink.parallelism}",
        f"--sdk_worker_parallelism={flink.sdk_workers}",
        f"--checkpointing_interval={flink.checkpoint_ms}",
        "--externalized_checkpoints_enabled",
        "--retain_externalized_checkpoints_on_cancellation",
        f"--max_bundle_time_mills={MAX_BUNDLE_MS}",
        # A source that has nothing to read is not at its end.
        f"--shutdown_sources_after_idle_ms={NEVER_MS}",
        f"--environment_type={flink.environment.upper()}",
        f"--environment_config={_environment_config(flink)}",
    ]
    if flink.state_backend != "cluster":
        options += [
            f"--state_backend={flink.state_backend}",
            f"--state_backend_storage_path={flink.checkpoint_storage}",
        ]
    if flink.job_endpoint:
        # The job server knows its Flink; an address given here would win over it.
        return (*options, f"--job_endpoint={flink.job_endpoint}")
    options.append(f"--flink_job_server_jar={flink.job_server_jar}")
    return (*options, f"--flink_master={flink.master or EMBEDDED}")


def _environment_config(flink: Flink) -> str:
    if flink.environment == "process":
        return json.dumps({"command": flink.worker})
    return str(flink.worker)


def _check_checkpoints(seconds: float | None, storage: str | None) -> None:
    if seconds is None or seconds <= 0:
        raise RunnerRefused(
            "on Flink --checkpoint-interval SECONDS must be given: Beam's default is none, and "
            "without checkpoints the first worker that fails ends the job and all of its state, "
            "and sources without messages are shut down; give 10"
        )
    # Also false for what is no number.
    if not LEAST_CHECKPOINT_SECONDS <= seconds <= MOST_CHECKPOINT_SECONDS:
        raise RunnerRefused(
            f"--checkpoint-interval {seconds:g} is not from {LEAST_CHECKPOINT_SECONDS:g} to "
            f"{MOST_CHECKPOINT_SECONDS:g} s: shorter ones starve the sources, and after longer "
            "ones too much is done again; give 10"
        )
    if not storage:
        raise RunnerRefused(
            "on Flink --checkpoint-storage URI must be given: a folder that every machine of "
            "Flink sees, such as s3://bucket/checkpoints or file:///mounted/checkpoints"
        )
    scheme = re.match(r"([a-z][a-z0-9+.-]*):/", storage)
    if scheme is None or scheme[1] in {"memory", "jobmanager"}:
        raise RunnerRefused(
            f"--checkpoint-storage {storage} is not a folder on a file system: checkpoints in the "
            "job manager's memory fail beyond 5 MB and die with it; give a URI such as "
            "s3://bucket/checkpoints"
        )


def _check_address(option: str, address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536 or "/" in host:
        raise InvalidInput(f"{option} {address} is not HOST:PORT")
