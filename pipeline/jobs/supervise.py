"""Keeps the job running: a worker or runner that dies is restarted and rebuilt from topics.

Prism never retries: one exception fails the job. A job that dies again and again without having
lived for a while is restarted more and more slowly, and given up when a restart cannot help.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from pipeline.jobs.ending import Ending
from pipeline.jobs.last_words import Held
from pipeline.settings import Settings, to_json

FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 30.0
LIVED_SECONDS = 60.0
"""A life this long counts as healthy and resets the pause."""
STOP_SECONDS = 28.0

_STANDARD_ERROR = 2
_SAID = (Ending.STOPPED, Ending.EXPLAINED, Ending.REFUSED)
"""Endings of which all has been said that helps."""

_LOG = logging.getLogger(__name__)


class Supervisor:
    """Starts one life of the job after another until told to stop."""

    def __init__(
        self,
        settings: Settings,
        *,
        report: Callable[[str], None] | None = None,
        debug: bool = False,
    ) -> None:
        """Take the job's settings.

        Args:
            settings: of the job.
            report: is told what the supervisor does.
            debug: let Beam and the runner say everything at once, instead of holding it back.
        """
        self._settings = settings
        self._debug = debug
        self._report = report or (lambda line: _LOG.warning("%s", line))
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the job to flush, commit and end."""
        self._stop.set()

    def run(self) -> int:
        """Supervise; return the exit code for the command line."""
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            began = time.monotonic()
            code = self._one_life()
            if self._stop.is_set():
                return Ending.STOPPED if code == Ending.STOPPED else Ending.FAILED
            if code == Ending.REFUSED:
                self._report("the job cannot run; see the message above")
                return Ending.REFUSED
            if time.monotonic() - began > LIVED_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._report(f"the job ended with code {code}; restarting in {pause:.1f} s")
            self._stop.wait(pause)
            pause = min(MAX_PAUSE_SECONDS, pause * 2)
        return Ending.STOPPED

    def _one_life(self) -> int:
        child = subprocess.Popen(
            [sys.executable, "-m", "pipeline.jobs.once", to_json(self._settings)],
            stdin=subprocess.DEVNULL,
            stdout=_STANDARD_ERROR,
            stderr=None if self._debug else subprocess.PIPE,
            start_new_session=True,
        )
        held = None if child.stderr is None else Held(child.stderr)
        code: int = Ending.FAILED
        try:
            code = self._watched(child)
        finally:
            # Whatever is left of the group (a runner whose driver died) must not go on writing.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if held is not None:
                held.close(show=code not in _SAID)
        return code

    def _watched(self, child: "subprocess.Popen[bytes]") -> int:
        while (code := child.poll()) is None:
            if self._stop.wait(0.1):
                return self._end(child)
        return code

    def _end(self, child: "subprocess.Popen[bytes]") -> int:
        child.terminate()
        try:
            return child.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._report("the job did not stop in time; it is killed, nothing acknowledged is lost")
            return Ending.FAILED
