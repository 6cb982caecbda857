"""The README, typed as it stands there: on a real Kafka, by a shell, in an empty folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.lookup.log import Log
from pipeline.stories.scene import wait_for
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.transports import open_broker
from pipeline.transports.topics import Topics
from tests.readme import ROOT, executed

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

NAMED = "kafka://localhost:9092"
"""The broker of the README, in whose place another one stands."""


class Shell:
    """Types commands; what ends with `&` goes on beside the next."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._url = url
        self._background: list[subprocess.Popen[str]] = []
        programs = folder / "bin"
        programs.mkdir()
        retention = programs / "retention"
        retention.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipeline "$@"\n')
        retention.chmod(0o755)
        (folder / "deploy").symlink_to(ROOT / "deploy")
        (folder / "tests").symlink_to(ROOT / "tests")
        prism = os.environ.get("PRISM", str(ROOT / ".cache" / "bin" / "prism"))
        path = f"{programs}:{os.environ['PATH']}"
        self._environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "PRISM": prism}

    def type(self, command: str) -> str:
        """Type one command; return what it printed.

        Raises:
            AssertionError: it ended with another code than 0.
        """
        command = command.replace(NAMED, self._url)
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self._environment[name] = value
            return ""
        if command.endswith("&"):
            name = f"{len(self._background)}.log"
            with (self.folder / name).open("w") as log:
                self._background.append(
                    subprocess.Popen(
                        f"exec {command.removesuffix('&')}",
                        shell=True, text=True, stdout=log, stderr=log,
                        cwd=self.folder, env=self._environment,
                    )
                )  # fmt: skip
            return ""
        ran = subprocess.run(
            command, shell=True, cwd=self.folder, env=self._environment,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def leave(self) -> list[int]:
        """Stop what goes on; return how each ended."""
        for process in self._background:
            process.send_signal(signal.SIGTERM)
        return [process.wait(timeout=60) for process in self._background]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with LocalKafka() as kafka:  # its own: the README has no prefix
        made = Shell(tmp_path, kafka.url)
        yield made
        assert made.leave() == [0, 0], "the job and the store stop when they are told to"


def test_every_block_does_what_it_says(shell: Shell) -> None:
    first, second = executed()
    said = [shell.type(command) for command in first.commands]
    assert "created retention.commands.images" in "".join(said)
    url = first.commands[0].partition("=")[2].replace(NAMED, shell._url)
    with open_broker(url) as broker:
        log = Log.of(broker, Topics())
        decode = log.codec.decode_receipt
        # A store has obeyed what was due: the command line has something to tell of.
        wait_for("an answer", lambda: any(True for _ in log.values("receipts", decode)))
        wait_for(
            "the row of its record",
            lambda: any(
                item.outcome
                for row in log.values("records", log.codec.decode_record)
                for item in row.issued
            ),
        )
    told = {command: shell.type(command) for command in second.commands}
    assert "runs, heard of" in told["retention status"] or "never" in told["retention status"]
    assert "Record img-12345 at " in told["retention explain img-12345"]
    # The store of the README is empty: it says so, and that settles it too.
    assert "images answered NOT_FOUND" in told["retention explain img-12345"]
    assert "open findings" in told["retention findings list"]
    assert "0 messages" in told["retention quarantine list"]
