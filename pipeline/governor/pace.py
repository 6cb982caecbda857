"""The rate of one store: how many deletions it takes a minute."""

import math

from pipeline.identifiers import StoreName
from pipeline.instants import MIN_INSTANT, MINUTE, Instant


class Pace:
    """A token bucket of one minute: the most deletions that a store takes.

    It is not kept durably: after a restart it begins full, and lets a minute's worth go.
    """

    def __init__(self) -> None:
        self.per_minute: int | None = None
        self._spent = 0.0
        self._at = MIN_INSTANT

    def take(self, now: Instant) -> bool:
        """Take one token when there is one."""
        if self.per_minute is None:
            return True
        self._spent = max(0.0, self._spent - (now - self._at) * self.per_minute / MINUTE)
        self._at = now
        if self._spent + 1 > self.per_minute:
            return False
        self._spent += 1
        return True

    def next(self, now: Instant) -> Instant:
        """Return when the next token is there, if none is now."""
        lacking = self._spent + 1 - (self.per_minute or 0)
        return Instant(now + max(1, math.ceil(lacking * MINUTE / (self.per_minute or 1))))


class Paces:
    """The rate of each store."""

    def __init__(self) -> None:
        self._paces: dict[StoreName, Pace] = {}

    def of(self, store: StoreName, per_minute: int | None) -> Pace:
        """Return the rate of a store; `per_minute` is what it takes now."""
        pace = self._paces.setdefault(store, Pace())
        pace.per_minute = per_minute
        return pace
