"""A shell that types what a page says, in a folder of its own and against another broker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.readme import ROOT

NAMED = "kafka://localhost:9092"
"""The broker of the pages, in whose place another one stands."""


class Shell:
    """Types commands; what ends with `&` goes on beside the next."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
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
        command = command.replace(NAMED, self.url)
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

    def stop(self, number: int) -> int:
        """Stop what was put into the background as this one, from 0; return how it ended."""
        process = self._background.pop(number)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=60)

    def leave(self) -> list[int]:
        """Stop what goes on; return how each ended."""
        for process in self._background:
            process.send_signal(signal.SIGTERM)
        return [process.wait(timeout=60) for process in self._background]
