"""Supervision: what dies is restarted, ever more slowly; what cannot help is given up."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.jobs import supervise
from pipeline.jobs.ending import Ending
from pipeline.jobs.last_words import KEPT_LINES
from pipeline.jobs.supervise import Supervisor
from pipeline.settings import Settings, from_json

SETTINGS = Settings("sqlite:///nowhere/log.db")


class Stand:
    """A supervisor whose job is a shell script."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
        self.folder = folder
        self.lines: list[str] = []
        program = folder / "python"
        program.write_text(f"#!/bin/sh\ncd {folder}\necho life >> lives\n{body}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        monkeypatch.setattr(supervise, "FIRST_PAUSE_SECONDS", 0.02)
        monkeypatch.setattr(supervise, "MAX_PAUSE_SECONDS", 0.08)
        self.supervisor = Supervisor(SETTINGS, report=self.lines.append)
        self.codes: list[int] = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.codes.append(self.supervisor.run())

    def lives(self) -> int:
        file = self.folder / "lives"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def wait(self, what: str, seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not (self.folder / what).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (self.folder / what).exists(), what

    def stop(self) -> int:
        self.supervisor.stop()
        self.thread.join(timeout=15)
        assert not self.thread.is_alive()
        return self.codes[0]


def gone(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process is dead; one that nobody has waited for counts as dead."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_job_that_dies_is_restarted_ever_more_slowly_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "[ $(wc -l < lives) -lt 5 ] && exit 1\ntouch fifth\nexec sleep 60"
    stand = Stand(tmp_path, monkeypatch, body)
    stand.thread.start()
    stand.wait("fifth")
    stand.stop()
    assert stand.lives() == 5
    pauses = [line.rpartition("restarting in ")[2] for line in stand.lines if "restarting" in line]
    assert pauses == ["0.0 s", "0.0 s", "0.1 s", "0.1 s"]


def test_a_life_that_lasted_makes_the_next_pause_short_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LIVED_SECONDS", 0.0)
    stand = Stand(
        tmp_path, monkeypatch, "[ $(wc -l < lives) -lt 4 ] && exit 1\ntouch end\nsleep 60"
    )
    monkeypatch.setattr(supervise, "MAX_PAUSE_SECONDS", 60.0)
    stand.thread.start()
    stand.wait("end")
    stand.stop()
    assert {line.rpartition(" in ")[2] for line in stand.lines} == {"0.0 s"}


def test_a_worker_that_was_killed_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "[ -e pid ] && { touch again; exec sleep 60; }\n"
    body += "echo $$ > pid.new; mv pid.new pid\nexec sleep 60"
    stand = Stand(tmp_path, monkeypatch, body)
    stand.thread.start()
    stand.wait("pid")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    stand.wait("again")
    stand.stop()
    assert any("-9" in line for line in stand.lines)


def test_a_job_that_is_refused_is_not_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path, monkeypatch, f"exit {Ending.REFUSED.value}")
    assert stand.supervisor.run() == Ending.REFUSED
    assert stand.lives() == 1


def test_what_a_dead_driver_left_running_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner that outlives its driver would go on writing beside the next one."""
    body = "[ -e orphan ] && { touch again; exec sleep 60; }\n"
    body += "sleep 60 &\necho $! > orphan.new; mv orphan.new orphan\nexit 1"
    stand = Stand(tmp_path, monkeypatch, body)
    stand.thread.start()
    stand.wait("again")
    orphan = int((tmp_path / "orphan").read_text())
    assert gone(orphan)
    stand.stop()


def test_a_stop_lets_the_job_finish_and_passes_its_success_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "trap 'touch flushed; exit 0' TERM\ntouch ready\nwhile :; do sleep 0.05; done"
    stand = Stand(tmp_path, monkeypatch, body)
    stand.thread.start()
    stand.wait("ready")
    assert stand.stop() == Ending.STOPPED
    assert (tmp_path / "flushed").exists()
    assert stand.lives() == 1


def test_a_job_that_does_not_stop_in_time_is_killed_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "STOP_SECONDS", 0.3)
    body = "trap '' TERM\necho $$ > pid.new; mv pid.new pid\nwhile :; do sleep 0.05; done"
    stand = Stand(tmp_path, monkeypatch, body)
    stand.thread.start()
    stand.wait("pid")
    assert stand.stop() == Ending.FAILED
    assert gone(int((tmp_path / "pid").read_text()))
    assert any("killed" in line for line in stand.lines)


def test_a_stop_during_the_pause_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path, monkeypatch, "touch died\nexit 1")
    monkeypatch.setattr(supervise, "FIRST_PAUSE_SECONDS", 60.0)
    stand.thread.start()
    stand.wait("died")
    deadline = time.monotonic() + 10
    while not stand.lines and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    assert stand.stop() == Ending.STOPPED
    assert time.monotonic() - began < 5


def test_the_job_is_handed_its_settings_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path, monkeypatch, 'printf %s "$3" > handed\nexit 5')
    stand.supervisor.run()
    assert from_json((tmp_path / "handed").read_text()) == SETTINGS


NOISE = "echo 'Bundle Failed. Traceback' >&2\n"


@pytest.mark.parametrize(
    ("ending", "shown"),
    [(Ending.FAILED.value, True), (9, True), (Ending.EXPLAINED.value, False)],
)
def test_what_the_runner_says_is_shown_only_when_nothing_else_explains_the_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: int,
    shown: bool,
) -> None:
    body = "[ $(wc -l < lives) -gt 1 ] && { touch again; exec sleep 60; }\n"
    stand = Stand(tmp_path, monkeypatch, f"{body}{NOISE}exit {ending}")
    stand.thread.start()
    stand.wait("again")
    stand.stop()
    assert ("Bundle Failed" in capsys.readouterr().err) is shown
    assert any(f"ended with code {ending}" in line for line in stand.lines)


@pytest.mark.parametrize(("ending", "shown"), [(0, False), (1, True)])
def test_the_last_words_after_a_stop_are_shown_only_when_it_went_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: int,
    shown: bool,
) -> None:
    body = f"trap '{NOISE.strip().replace(chr(39), chr(34))}; exit {ending}' TERM\ntouch ready\n"
    stand = Stand(tmp_path, monkeypatch, f"{body}while :; do sleep 0.05; done")
    stand.thread.start()
    stand.wait("ready")
    assert stand.stop() == ending
    assert ("Bundle Failed" in capsys.readouterr().err) is shown


def test_a_job_that_is_refused_has_the_last_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand = Stand(tmp_path, monkeypatch, f"{NOISE}exit {Ending.REFUSED.value}")
    assert stand.supervisor.run() == Ending.REFUSED
    assert capsys.readouterr().err == ""


def test_with_debug_everything_is_said_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand = Stand(tmp_path, monkeypatch, f"{NOISE}exit {Ending.REFUSED.value}")
    assert Supervisor(SETTINGS, report=stand.lines.append, debug=True).run() == Ending.REFUSED
    assert "Bundle Failed" in capfd.readouterr().err


def test_what_the_job_says_itself_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand = Stand(tmp_path, monkeypatch, "echo 'retention: the job runs'\ntouch on\nexec sleep 60")
    stand.thread.start()
    stand.wait("on")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "retention: the job runs\n")
    stand.stop()


def test_a_runner_that_never_ends_its_talk_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "[ $(wc -l < lives) -gt 1 ] && { touch again; exec sleep 60; }\n"
    stand = Stand(tmp_path, monkeypatch, f"{body}seq 100000 >&2\nexit 1")
    stand.thread.start()
    stand.wait("again")
    stand.stop()
    lines = capsys.readouterr().err.splitlines()
    assert (len(lines), lines[-1]) == (KEPT_LINES, "100000")
