"""One life of the job on Flink: submitted to Beam's job server, watched, cancelled when told to.

Flink itself brings back a job whose worker or machine died, from its last checkpoint. Submitted
again, and rebuilt from topics, is only what Flink has given up and said so. Of a job that cannot be
asked any more nobody knows whether it runs, and a second one would send every command twice.
"""

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    GoogleCloudOptions,
    JobServerOptions,
    PipelineOptions,
    PortableOptions,
)

from pipeline.errors import RunnerRefused
from pipeline.jobs.ending import Ending, explained, say
from pipeline.jobs.enforce import build
from pipeline.jobs.flink_cluster import check_cluster, check_job_server
from pipeline.jobs.prism import check_beam, die_with_parent, free_port
from pipeline.settings import Settings
from pipeline.transports import open_broker

CANCEL_SECONDS = 20.0
SILENT_SECONDS = 60.0
_ASK_SECONDS = 1.0
_TERMINAL = frozenset({"DONE", "DRAINED", "FAILED", "CANCELLED"})

_LOG = logging.getLogger(__name__)


def run(settings: Settings, stop: threading.Event) -> int:
    """Submit the job and watch it until it ends or `stop` is set."""
    check_beam()
    # Killed with the supervisor, as on Prism, it could not cancel what goes on elsewhere.
    die_with_parent(signal.SIGTERM)
    options = PipelineOptions(list(settings.runner_options))
    name = str(options.view_as(GoogleCloudOptions).job_name)
    if settings.flink_master:
        # Each time: a job server that lost sight of Flink calls a job failed that goes on there.
        version = options.view_as(FlinkRunnerOptions).flink_version
        check_cluster(settings.flink_master, version, name)
    with _job_server(options) as endpoint:
        check_job_server(endpoint, name)
        pipeline = beam.Pipeline(options=options)
        with open_broker(settings.broker_url, clock_topic=f"{settings.prefix}clock") as broker:
            build(pipeline, settings, broker)
        result = pipeline.run()
        say(f"Flink has the job, as {name}")
        return _watch(result, stop)


@contextlib.contextmanager
def _job_server(options: PipelineOptions) -> Iterator[str]:
    """Give the address of the job server; start it from its jar where none runs."""
    portable, flink = options.view_as(PortableOptions), options.view_as(FlinkRunnerOptions)
    if portable.job_endpoint:
        yield str(portable.job_endpoint)
        return
    from apache_beam.runners.portability.flink_runner import FlinkJarJobServer

    port = free_port()
    # Beam's own option for every port it opens here is "any free one"; this one must be known.
    options.view_as(JobServerOptions).job_port = port
    server = FlinkJarJobServer(options)
    try:
        server.start()
    except Exception as error:
        raise RunnerRefused(
            f"Beam's job server does not start: {error}; is Java on the PATH? `java -jar "
            f"{flink.flink_job_server_jar}` says more"
        ) from error
    try:
        portable.job_endpoint = f"localhost:{port}"
        yield portable.job_endpoint
    finally:
        server.stop()


def _watch(result: Any, stop: threading.Event) -> int:
    """Wait for a stop, or for the end of the job, the job server or the supervisor."""
    ended: list[str] = []

    def wait() -> None:
        try:
            ended.append(str(result.wait_until_finish()))
        except Exception as error:  # noqa: BLE001  # whatever Beam raises is the end
            _LOG.error("the job ended: %s", error)
            ended.append(str(error))

    threading.Thread(target=wait, name="job", daemon=True).start()
    parent, answered = os.getppid(), time.monotonic()
    while not stop.wait(_ASK_SECONDS):
        state = _state(result)
        if state is not None:
            answered = time.monotonic()
        if state in _TERMINAL:
            return _end(state, ended)
        if time.monotonic() - answered > SILENT_SECONDS:
            say(
                "the job server does not answer, and whether the job runs is not known: look at "
                "Flink's own overview, cancel the job there, then start again"
            )
            return Ending.REFUSED
        if os.getppid() != parent:
            break  # the supervisor is gone: nobody would cancel the job later
    return _cancel(result)


def _end(state: str, ended: list[str]) -> int:
    """Say how a job ended that nobody had stopped."""
    deadline = time.monotonic() + 2 * _ASK_SECONDS
    while not ended and time.monotonic() < deadline:
        time.sleep(0.05)
    if state == "CANCELLED":
        say("somebody has cancelled the job at Flink; start it again when it shall run")
        return Ending.REFUSED
    return explained(ended[0] if ended else state)


def _cancel(result: Any) -> int:
    with contextlib.suppress(Exception):
        result.cancel()
    deadline = time.monotonic() + CANCEL_SECONDS
    while time.monotonic() < deadline:
        if _state(result) in _TERMINAL:
            return Ending.STOPPED
        time.sleep(0.2)
    say("Flink has not said that the job is cancelled; look at its overview before starting again")
    return Ending.FAILED


def _state(result: Any) -> str | None:
    """Ask for the state of the job; None when the job server does not answer."""
    try:
        return str(result.state)
    except grpc.RpcError as error:
        _LOG.warning("the job server does not tell the state of the job: %s", error)
        return None
