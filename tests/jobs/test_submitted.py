"""The job on its way to Flink: what a job server is given, and what becomes of the job there."""

import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from apache_beam.portability.api import beam_runner_api_pb2

from pipeline.errors import RunnerRefused
from pipeline.jobs import submitted
from pipeline.jobs.ending import Ending
from pipeline.jobs.flink import Flink, on_flink
from pipeline.jobs.flink_cluster import check_cluster, check_job_server
from pipeline.settings import Settings
from pipeline.testing.flink import ROOT
from pipeline.testing.job_service import JobService, State
from pipeline.testing.ports import free_port, listens
from pipeline.transports import open_broker
from pipeline.transports.topics import Topics
from tests.jobs.test_flink import jar

NAME = "retention-enforce-retention"
ON_LINUX = sys.platform == "linux"


@pytest.fixture
def log(tmp_path: Path) -> str:
    url = f"sqlite://{tmp_path}/log.db"
    with open_broker(url, clock_topic="retention.clock") as broker:
        broker.create(Topics("retention.", ("ingestion.events",)).specs(stores=("images",)))
    return url


@pytest.fixture
def service() -> Iterator[JobService]:
    with JobService() as made:
        yield made


def settings(log: str, endpoint: str) -> Settings:
    return on_flink(
        Settings(log, margin_ms=1),
        Flink(
            10, "s3://bucket/checkpoints", "localhost:50000", parallelism=2, job_endpoint=endpoint
        ),
    )


class Life:
    """One life of the job, in a thread."""

    def __init__(self, log: str, service: JobService) -> None:
        self.stop = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self.ended: Future[int] = self._pool.submit(
            submitted.run, settings(log, service.endpoint), self.stop
        )
        deadline = time.monotonic() + 60
        while service.states[-1] != State.RUNNING:
            assert time.monotonic() < deadline
            if self.ended.done():
                self.ended.result()
            time.sleep(0.05)


def test_the_job_server_is_given_the_whole_job_and_every_option(
    log: str, service: JobService
) -> None:
    life = Life(log, service)
    transforms = service.pipeline.components.transforms.values()
    names = {transform.unique_name for transform in transforms}
    assert {"Ledger", "Governor", "Acknowledge", "Split arrivals"} <= names
    [environment] = [
        each
        for each in service.pipeline.components.environments.values()
        if each.urn == "beam:env:external:v1"
    ]
    payload = beam_runner_api_pb2.ExternalPayload.FromString(environment.payload)
    assert payload.endpoint.url == "localhost:50000"
    options = service.options
    assert options["checkpointing_interval"] == "10000"
    assert options["max_bundle_time_mills"] == "200"
    assert options["shutdown_sources_after_idle_ms"] == str(2**63 - 1)
    assert options["parallelism"] == "2"
    assert options["state_backend"] == "filesystem"
    assert options["state_backend_storage_path"] == "s3://bucket/checkpoints"
    assert options["externalized_checkpoints_enabled"] is True
    assert options["retain_externalized_checkpoints_on_cancellation"] is True
    assert options["streaming"] is True
    assert options["job_name"] == NAME
    assert options["flink_master"] == "[auto]", "the job server knows its Flink"
    life.stop.set()
    assert life.ended.result(30) == Ending.STOPPED
    assert service.calls == ["Prepare", "Run", "Cancel"]


def test_a_job_that_flink_gave_up_is_told_of_in_our_own_words(
    log: str, service: JobService, capsys: pytest.CaptureFixture[str]
) -> None:
    life = Life(log, service)
    service.become(
        State.FAILED,
        "java.lang.RuntimeException: Error received from SDK harness\n"
        "pipeline.errors.LogTruncated: topic a, partition 0: gone [while running 'Read arrivals']",
    )
    assert life.ended.result(30) == Ending.REFUSED
    assert "topic a, partition 0: gone" in capsys.readouterr().out


def test_a_job_that_failed_for_no_reason_of_ours_is_submitted_again(
    log: str, service: JobService
) -> None:
    life = Life(log, service)
    service.become(State.FAILED, "java.lang.OutOfMemoryError")
    assert life.ended.result(30) == Ending.FAILED


def test_a_job_that_somebody_cancelled_at_flink_stays_cancelled(
    log: str, service: JobService, capsys: pytest.CaptureFixture[str]
) -> None:
    life = Life(log, service)
    service.become(State.CANCELLED)
    assert life.ended.result(30) == Ending.REFUSED
    assert "somebody has cancelled" in capsys.readouterr().out


def test_of_a_job_that_cannot_be_asked_any_more_no_second_one_is_started(
    log: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(submitted, "SILENT_SECONDS", 1.5)
    with JobService() as service:
        life = Life(log, service)
        service._server.stop(None).wait()
        assert life.ended.result(60) == Ending.REFUSED
    assert "whether the job runs is not known" in capsys.readouterr().out


def test_a_second_job_of_a_prefix_is_refused(log: str, service: JobService) -> None:
    life = Life(log, service)
    with pytest.raises(RunnerRefused, match=f"runs {NAME} already, as job-1.*cancel that one"):
        check_job_server(service.endpoint, NAME)
    check_job_server(service.endpoint, "retention-enforce-other")
    life.stop.set()
    assert life.ended.result(30) == Ending.STOPPED
    check_job_server(service.endpoint, NAME)


def test_a_job_server_that_is_not_flinks_is_refused() -> None:
    """Beam drops options that a runner does not know, and says nothing of it."""
    with (
        JobService(options=[]) as service,
        pytest.raises(RunnerRefused, match="does not know checkpointing_interval"),
    ):
        check_job_server(service.endpoint, NAME)


def test_a_job_server_that_does_not_answer_is_refused() -> None:
    with pytest.raises(RunnerRefused, match="no job server of Beam answers at"):
        check_job_server(f"127.0.0.1:{free_port()}", NAME, seconds=0.5)


class Rest(BaseHTTPRequestHandler):
    """Two answers of Flink's REST."""

    version = "1.19.1"
    state = "RUNNING"

    def do_GET(self) -> None:
        answers: dict[str, Any] = {
            "/config": {"flink-version": self.version},
            "/jobs/overview": {"jobs": [{"jid": "abc", "name": NAME, "state": self.state}]},
        }
        body = json.dumps(answers[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def rest() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Rest)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_cluster_is_asked_for_its_version_and_its_jobs(
    rest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RunnerRefused, match=rf"runs {NAME} already, as abc"):
        check_cluster(rest, "1.19", NAME)
    check_cluster(f"http://{rest}/", "1.19", "another")
    with pytest.raises(RunnerRefused, match=r"is 1\.19\.1, not 1\.20"):
        check_cluster(rest, "1.20", NAME)
    monkeypatch.setattr(Rest, "state", "CANCELED")
    check_cluster(rest, "1.19", NAME)


def test_a_cluster_that_does_not_answer_is_refused() -> None:
    with pytest.raises(RunnerRefused, match="Flink does not answer"):
        check_cluster(f"127.0.0.1:{free_port()}", "1.19", NAME)
    with pytest.raises(RunnerRefused, match="is no http address"):
        check_cluster("ftp://host:1", "1.19", NAME)
    with pytest.raises(RunnerRefused, match="holds no login") as caught:
        check_cluster("http://admin:s3cret@host:1", "1.19", NAME)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(RunnerRefused, match="Flink does not answer"):
        check_cluster("host:port", "1.19", NAME)
    with JobService() as service, pytest.raises(RunnerRefused, match="Flink does not answer"):
        check_cluster(service.endpoint, "1.19", NAME)
    check_cluster("[local]", "1.19", NAME)


def test_flink_itself_is_asked_before_each_life_when_it_is_named(
    log: str, service: JobService, rest: str
) -> None:
    """A job server that lost sight of Flink calls a job failed that goes on there."""
    named = replace(settings(log, service.endpoint), flink_master=rest)
    with pytest.raises(RunnerRefused, match=rf"runs {NAME} already, as abc"):
        submitted.run(named, threading.Event())
    assert service.calls == []


def test_a_supervisor_that_is_killed_leaves_time_to_cancel(log: str, service: JobService) -> None:
    found = ctypes.c_int()
    stop = threading.Event()
    stop.set()

    def run() -> int:
        ended = submitted.run(settings(log, service.endpoint), stop)
        if ON_LINUX:  # others tell no child that its parent has gone
            ctypes.CDLL(None).prctl(2, ctypes.byref(found))  # PR_GET_PDEATHSIG, of this thread
        return ended

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result(60) == Ending.STOPPED
    assert found.value == (signal.SIGTERM if ON_LINUX else 0)
    assert service.calls[-1] == "Cancel"


JAVA = """#!{python}
import signal, sys, threading
from pathlib import Path

sys.path.insert(0, {root!r})
from pipeline.testing.flink import ROOT
from pipeline.testing.job_service import JobService

given = dict(zip(sys.argv[3::2], sys.argv[4::2]))
Path({told!r}).write_text(" ".join(sys.argv[1:]))
with JobService(port=int(given["--job-port"])):
    threading.Event().wait()
"""


def test_a_job_server_is_started_from_its_jar_and_ended_with_the_job(
    log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Java is stood for: what is checked is what it is told, and that it ends."""
    java, told = tmp_path / "bin" / "java", tmp_path / "told"
    java.parent.mkdir()
    java.write_text(JAVA.format(python=sys.executable, root=str(ROOT), told=str(told)))
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{java.parent}:{os.environ['PATH']}")
    flink = Flink(
        10, "s3://b/c", "localhost:50000", job_server_jar=str(jar(tmp_path)), master="[local]"
    )
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(submitted.run, on_flink(Settings(log, margin_ms=1), flink), stop)
        deadline = time.monotonic() + 120
        while not told.exists() and not ended.done() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(3)
        stop.set()
        assert ended.result(120) == Ending.STOPPED
    words = told.read_text().split()
    assert words[:2] == ["-jar", str(tmp_path / "job-server.jar")]
    assert words[words.index("--flink-master") + 1] == "[local]"
    assert not listens(int(words[words.index("--job-port") + 1]))
