"""The runner: what is refused and why, where its binary is found, and that it is ended."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions

from pipeline.errors import RunnerRefused
from pipeline.jobs import prism
from pipeline.jobs.prism import PIPELINE_OPTIONS, Prism, check_beam, check_runner, free_port, locate


@pytest.mark.parametrize(
    "name", ["direct", "DirectRunner", "BundleBasedDirectRunner", "FnApiRunner"]
)
def test_the_older_direct_runner_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(RunnerRefused, match=r"early.*--runner prism"):
        check_runner(name)


@pytest.mark.parametrize("name", ["dataflow", "spark", "", "prism2"])
def test_an_unknown_runner_is_refused_by_name(name: str) -> None:
    with pytest.raises(RunnerRefused, match=f"`{name}`"):
        check_runner(name)


@pytest.mark.parametrize("name", ["prism", "Prism", "PrismRunner"])
def test_prism_is_accepted(name: str) -> None:
    check_runner(name)


@pytest.mark.parametrize("found", ["2.75.0", "2.9.0", "2.75.9", "1.99.0", "2.0"])
def test_a_beam_below_the_floor_is_refused_with_both_versions(found: str) -> None:
    with pytest.raises(RunnerRefused) as caught:
        check_beam(found)
    assert found in str(caught.value)
    assert "2.76" in str(caught.value)


@pytest.mark.parametrize(
    "found", ["2.76.0", "2.77.0", "2.100.0", "3.0.0", "2.77.0rc1", "2.78.0.dev"]
)
def test_a_beam_at_or_above_the_floor_is_accepted(found: str) -> None:
    check_beam(found)


def test_the_installed_beam_is_good_enough() -> None:
    check_beam()


def test_a_binary_that_was_named_and_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another binary than the one that was asked for would be a surprise."""
    monkeypatch.delenv("PRISM", raising=False)
    with pytest.raises(RunnerRefused, match="no Prism binary"):
        locate(str(tmp_path / "nothing"))
    monkeypatch.setenv("PRISM", str(tmp_path / "nothing"))
    with pytest.raises(RunnerRefused, match="no Prism binary"):
        locate()


def test_a_named_binary_wins_over_the_environment_and_that_over_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, environment = tmp_path / "named", tmp_path / "environment"
    named.touch()
    environment.touch()
    monkeypatch.setenv("PRISM", str(environment))
    assert locate(str(named)) == str(named)
    assert locate() == str(environment)


def test_without_a_name_the_project_and_then_the_path_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRISM", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    on_path = script(tmp_path / "bin" / "prism", "exit 0")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert locate() == str(on_path)
    project = script(tmp_path / ".cache" / "bin" / "prism", "exit 0")
    assert locate() == str(project)


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def serving(tmp_path: Path, stubborn: str = "") -> Path:
    """Return a program that opens the port it is told, as Prism does."""
    listen = (
        "import socket, sys, time, signal\n"
        f"{stubborn}\n"
        "port = int(sys.argv[1].partition('=')[2])\n"
        "server = socket.create_server(('127.0.0.1', port))\n"
        "time.sleep(60)\n"
    )
    (tmp_path / "listen.py").write_text(listen)
    return script(tmp_path / "prism", f'exec {sys.executable} {tmp_path}/listen.py "$@"')


def test_a_runner_is_ready_when_its_port_is_open_and_gone_when_stopped(tmp_path: Path) -> None:
    runner = Prism(str(serving(tmp_path)))
    assert runner.alive
    with socket.create_connection(("127.0.0.1", runner.port), timeout=5):
        pass
    runner.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(runner.pid, 0)
    runner.stop()


def test_a_runner_that_ends_at_once_is_refused_without_waiting(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(RunnerRefused, match="did not open its port"):
        Prism(str(script(tmp_path / "prism", "exit 1")))
    assert time.monotonic() - began < 10


def test_a_runner_that_is_killed_at_once_is_not_refused_but_dead(tmp_path: Path) -> None:
    """The supervisor starts it again; what is refused it does not."""
    assert not Prism(str(script(tmp_path / "prism", "kill -9 $$"))).alive


def test_a_runner_that_never_opens_its_port_is_refused_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prism, "START_SECONDS", 0.5)
    marker = tmp_path / "pid"
    with pytest.raises(RunnerRefused, match="did not open its port"):
        Prism(str(script(tmp_path / "prism", f"echo $$ > {marker}; exec sleep 60")))
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let somebody else take the port between its choice and the runner's start."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(prism, "free_port", lambda: server.getsockname()[1])
        yield


@pytest.mark.parametrize("told", [True, False])
def test_a_runner_that_finds_its_port_taken_is_not_refused_but_dead(
    told: bool, taken: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one chooses another port."""
    if not told:
        monkeypatch.setattr(prism, "_listens", lambda pid, port: None)
        monkeypatch.setattr(prism, "BIND_SECONDS", 2.0)
    assert not Prism(str(script(tmp_path / "prism", "sleep 0.3; exit 2"))).alive


def test_a_port_that_somebody_else_opened_is_not_taken_for_the_runners(
    taken: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prism, "START_SECONDS", 0.5)
    with pytest.raises(RunnerRefused, match="did not open its port"):
        Prism(str(script(tmp_path / "prism", "exec sleep 60")))


def test_where_nobody_tells_whose_a_port_is_an_open_one_is_the_runners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prism, "_listens", lambda pid, port: None)
    runner = Prism(str(serving(tmp_path)))
    assert runner.alive
    with socket.create_connection(("127.0.0.1", runner.port), timeout=5):
        pass
    runner.stop()


def test_free_ports_are_free_and_on_the_loopback() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname() == ("127.0.0.1", port)


def test_beam_gives_up_no_job_that_runs_for_months() -> None:
    options = PipelineOptions([*PIPELINE_OPTIONS, "--job_endpoint=localhost:1"])
    assert options.view_as(PortableOptions).job_server_timeout > 365 * 86_400
