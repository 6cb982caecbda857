"""Ranges of positions, and how far they reach without a gap: for the gate and acknowledgement.

Elements come in any order and more than once; ranges say what is complete, counters would not.
"""

import bisect


class Coverage:
    """A set of half-open ranges, merged where they touch."""

    def __init__(self, ranges: list[tuple[int, int]] | None = None) -> None:
        self.ranges = ranges or []

    def add(self, start: int, stop: int) -> None:
        """Add `[start, stop)`. Empty ranges and repetitions change nothing."""
        if start >= stop:
            return
        if self.ranges and self.ranges[-1][1] == start:  # the usual case: in order
            self.ranges[-1] = (self.ranges[-1][0], stop)
            return
        bisect.insort(self.ranges, (start, stop))
        merged: list[tuple[int, int]] = []
        for low, high in self.ranges:
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        self.ranges = merged

    def reach(self, base: int) -> int:
        """Return the end of what is covered from `base` without a gap; `base` when nothing is."""
        for low, high in self.ranges:
            if low <= base < high:
                return high
        return base
