"""Signs of life of this process's sources, and their clean stop.

A runner that asks no source any more has stalled, whatever it says of the job's state: Prism 2.77
parks an idle source until a wake-up by the clock, and has been seen to miss it for good. Whoever
runs the job watches `silent_seconds` and starts it again.

Stopping is a cancel after a flush and a commit, never a drain: a drain would fire every timer.
"""

import threading
import time

STALL_SECONDS = 20.0
"""Idle sources are asked several times a second; silence this long is a stall."""

_STOPPING = threading.Event()
_asked = [0.0]
_finished = [0.0]
_OPEN = [0]
"""Bundles that were begun and not finished. A failed one stays: the job ends with it."""
_LOCK = threading.Lock()


def stop_fetching() -> None:
    """Let every source of this process hand out nothing more."""
    _STOPPING.set()


def stopping() -> bool:
    """Whether sources must hand out nothing more."""
    return _STOPPING.is_set()


def asked() -> None:
    """Note that the runner asked a source."""
    _asked[0] = time.monotonic()


def silent_seconds() -> float:
    """Return how long no source has been asked."""
    return time.monotonic() - _asked[0]


def begun() -> None:
    """Note that a bundle begins."""
    with _LOCK:
        _OPEN[0] += 1


def finished(*, anything: bool) -> None:
    """Note that a bundle was finished, and whether anything was in it."""
    with _LOCK:
        _OPEN[0] -= 1
        if anything:
            _finished[0] = time.monotonic()


def wait_until_quiet(quiet_seconds: float, limit_seconds: float) -> bool:
    """Return True once no bundle is open and none finished for a while, False at the limit."""
    began = time.monotonic()
    _finished[0] = max(_finished[0], began)
    while time.monotonic() < began + limit_seconds:
        if not _OPEN[0] and time.monotonic() - _finished[0] >= quiet_seconds:
            return True
        time.sleep(0.05)
    return False
