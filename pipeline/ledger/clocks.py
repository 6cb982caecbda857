"""Whether a worker's clock and the broker's agree: where they do not, nothing is deleted."""

from pipeline.findings import Finding
from pipeline.instants import SECOND, Instant
from pipeline.ledger.telling import clocks_differ

CLOCK_TOLERANCE = 300 * SECOND
"""Ticks and the worker's clock may differ by this much before deletion pauses (milliseconds)."""


def compared(worker_now: Instant, now: Instant) -> tuple[int, bool, list[Finding]]:
    """Return how far apart they are (ms), whether deletion goes on, and what is to be told.

    Args:
        worker_now: the worker's own clock.
        now: the newest tick.
    """
    difference = abs(worker_now - now)
    if difference <= CLOCK_TOLERANCE:
        return difference, True, []
    return difference, False, [clocks_differ(difference, now)]
