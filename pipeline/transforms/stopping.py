"""A clean stop: sources of this process hand out nothing more, and what is under way is finished.

Stopping is a cancel after a flush and a commit, never a drain: a drain would fire every timer.
"""

import threading
import time

_STOPPING = threading.Event()
_LAST = [0.0]


def stop_fetching() -> None:
    """Let every source of this process hand out nothing more."""
    _STOPPING.set()


def stopping() -> bool:
    """Whether sources must hand out nothing more."""
    return _STOPPING.is_set()


def worked() -> None:
    """Note that a bundle with content was finished."""
    _LAST[0] = time.monotonic()


def wait_until_quiet(quiet_seconds: float, limit_seconds: float) -> bool:
    """Return True once no bundle finished for a while, False at the limit."""
    began = time.monotonic()
    _LAST[0] = max(_LAST[0], began)
    while time.monotonic() < began + limit_seconds:
        if time.monotonic() - _LAST[0] >= quiet_seconds:
            return True
        time.sleep(0.05)
    return False
