"""What is shown of all that Beam and the runner say: seldom more than the one sentence of ours.

They say the same failure a dozen times, each time with its whole traceback, and after a stop that
they were stopped. So their standard error is held back, and given out when it is all there is.
"""

import re
import sys
import threading
from collections import deque
from typing import IO, NamedTuple

KEPT_LINES = 400
CLOSE_SECONDS = 2.0
FATAL = ("LogTruncated", "CorruptState")
"""Errors of a running job that a restart cannot repair."""

_OURS = re.compile(r"^pipeline\.(?:\w+\.)+(\w+): (.+?)(?: \[while running .*)?$", re.MULTILINE)


class Reason(NamedTuple):
    """An error of ours as a failed job tells of it."""

    name: str
    sentence: str

    @property
    def fatal(self) -> bool:
        """Whether a restart cannot help."""
        return self.name in FATAL


def reason_in(traceback: str) -> Reason | None:
    """Return our error in what a job died of: one that a restart cannot repair before any other."""
    found = [Reason(*groups) for groups in _OURS.findall(traceback)]
    return min(found, key=lambda reason: not reason.fatal, default=None)


class Held:
    """Standard error of a process, read as it comes and held back; only the end of it is kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._thread = threading.Thread(target=self._read, name="last words", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            self._lines.extend(self._stream)

    def close(self, *, show: bool) -> None:
        """Wait until all has been read; give it out, or forget it."""
        self._thread.join(CLOSE_SECONDS)
        if show:
            sys.stderr.write(b"".join(list(self._lines)).decode(errors="replace"))
            sys.stderr.flush()
