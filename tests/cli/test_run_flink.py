"""`retention run --runner flink` before it runs, and the worker pool beside it."""

import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.settings import Settings
from pipeline.testing.flink import ROOT
from pipeline.testing.ports import free_port, listens
from pipeline.transports import open_broker
from pipeline.transports.contract import Partition
from tests.cli.conftest import Retention
from tests.jobs.test_flink import jar

CHECKPOINTS = ("--checkpoint-interval", "10", "--checkpoint-storage", "s3://bucket/checkpoints")
ENDPOINT = ("--job-endpoint", "jobs:8099", "--runner-version", version("apache-beam"))
WORKERS = ("--worker-pool", "localhost:50000")


def test_the_settings_for_flink_are_passed_on(
    retention: Retention, ready: str, idle: list[Settings]
) -> None:
    chosen = (*CHECKPOINTS, *ENDPOINT, *WORKERS, "--parallelism", "4")
    said = retention("run", "--broker", ready, "--runner", "flink", *chosen)
    assert said.code == 0, said.text
    [settings] = idle
    assert settings.runner == "flink"
    assert (settings.poll_seconds, settings.splits) == (1.2, 4)
    assert "--job_endpoint=jobs:8099" in settings.runner_options
    assert "--checkpointing_interval=10000" in settings.runner_options
    assert "running on flink" in said.text


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ((), 5, "--checkpoint-interval SECONDS must be given: Beam's default is none"),
        (("--checkpoint-interval", "0"), 5, "must be given"),
        (("--checkpoint-interval", "1"), 5, "starve the sources"),
        (("--checkpoint-interval", "10"), 5, "--checkpoint-storage URI must be given"),
        (CHECKPOINTS, 2, "--environment external needs --worker"),
        ((*CHECKPOINTS, *WORKERS), 2, "needs Beam's job server"),
        (
            (*CHECKPOINTS, *WORKERS, "--job-endpoint", "jobs:8099"),
            5,
            "Beam's job API does not tell it, and below 2.76 its checkpoints grow for ever",
        ),
        (
            (*CHECKPOINTS, *WORKERS, "--job-endpoint", "a:1", "--runner-version", "2.70.0"),
            5,
            "--runner-version is 2.70.0, below 2.76",
        ),
        ((*CHECKPOINTS, *WORKERS, *ENDPOINT, "--flink-master", "ftp://x"), 5, "no http address"),
        ((*CHECKPOINTS, *WORKERS, *ENDPOINT, "--environment", "moon"), 2, "--environment moon"),
        ((*CHECKPOINTS, *WORKERS, *ENDPOINT, "--state-backend", "x"), 2, "--state-backend x"),
        ((*CHECKPOINTS, *WORKERS, *ENDPOINT, "--job-server-jar", "x"), 2, "not both"),
        ((*CHECKPOINTS, *WORKERS, "--job-server-jar", "x"), 2, "needs --flink-master"),
        (
            (*CHECKPOINTS, *WORKERS, *ENDPOINT, "--application-jar", "x"),
            2,
            "needs --job-server-jar",
        ),
    ],
)
def test_what_cannot_keep_the_promises_does_not_start(
    given: tuple[str, ...],
    code: int,
    says: str,
    retention: Retention,
    ready: str,
    idle: list[Settings],
) -> None:
    said = retention("run", "--broker", ready, "--runner", "flink", *given)
    assert said.code == code, said.text
    assert says in said.text
    assert idle == []


def test_the_version_of_a_jar_is_read_in_it(
    retention: Retention, ready: str, idle: list[Settings], tmp_path: Path
) -> None:
    start = ("run", "--broker", ready, "--runner", "flink", *CHECKPOINTS, *WORKERS)
    given = ("--job-server-jar", jar(tmp_path, "2.75.0"), "--flink-master", "[local]")
    said = retention(*start, *given)
    assert said.code == 5
    assert "is 2.75.0, below 2.76" in said.text
    jar(tmp_path, "2.76.0")
    said = retention(*start, *given, "--runner-version", "2.77.0")
    assert said.code == 5
    assert "is not what" in said.text
    said = retention(*start, *given)
    assert said.code == 0, said.text
    if version("apache-beam") != "2.76.0":
        assert "the runner is 2.76.0 and the SDK" in said.text
    assert "--flink_master=[local]" in idle[0].runner_options


def test_the_job_may_be_written_as_a_jar(
    retention: Retention, ready: str, idle: list[Settings], tmp_path: Path
) -> None:
    target = tmp_path / "retention.jar"
    given = ("--job-server-jar", jar(tmp_path), "--application-jar", target)
    said = retention("run", "--broker", ready, "--runner", "flink", *CHECKPOINTS, *WORKERS, *given)
    assert said.code == 0, said.text
    assert "FlinkPipelineRunner" in said.text
    assert idle == []
    with zipfile.ZipFile(target) as opened:
        assert "BEAM-PIPELINE/pipeline-manifest.json" in opened.namelist()


def test_a_jar_is_written_of_whole_topics_and_after_what_a_person_accepted(
    retention: Retention, ready: str, idle: list[Settings], tmp_path: Path
) -> None:
    """Flink starts what is in the jar by itself: nobody else would miss what is gone."""
    target = tmp_path / "retention.jar"
    given = ("--job-server-jar", jar(tmp_path), "--application-jar", target)
    start = ("run", "--broker", ready, "--runner", "flink", *CHECKPOINTS, *WORKERS, *given)
    place = Partition("ingestion.events", 0)
    with open_broker(ready) as broker:
        broker.commit(Settings.group, {place: 7})
    said = retention(*start)
    assert said.code != 0
    assert "position 7 was acknowledged and the newest message ends at 0" in said.text
    assert not target.exists()
    accept = tmp_path / "accept.yaml"
    accept.write_text(
        "control: loss:ingestion.events/0@7\nversion: 1\naction: accept\nreason: exercise\n"
    )
    assert retention("publish", "control", accept, "--broker", ready).code == 0
    said = retention(*start)
    assert said.code == 0, said.text
    with open_broker(ready) as broker:
        assert broker.committed(Settings.group, [place]) == {place: 0}
    assert idle == []


def test_the_worker_pool_listens_on_the_loopback_until_it_is_told_to_end() -> None:
    port = free_port()
    command = [sys.executable, "-m", "pipeline", "worker-pool", f"--port={port}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as pool:
        try:
            deadline = time.monotonic() + 120
            while not listens(port):
                assert time.monotonic() < deadline
                assert pool.poll() is None
                time.sleep(0.1)
            # Free on every other address: nothing listens on all of them.
            with socket.socket() as other:
                other.bind(("127.0.0.2", port))
            second = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert second.returncode == 2
            assert "cannot be listened on" in " ".join(second.stderr.split())
        finally:
            pool.send_signal(signal.SIGTERM)
        assert pool.wait(30) == 0
