"""A stage of the job as a runner drives it: bundles, state by key, timers, elements in any order.

State and output of a bundle become visible together, when it is finished; one that fails leaves the
state and the elements as they were.
"""

import random
from collections.abc import Callable, Hashable, Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
from apache_beam.utils.timestamp import Timestamp


class BundleFailed(Exception):  # the runner tries again
    """A bundle that did all its work could not be finished."""


@dataclass
class Keyed:
    """State of one key, as a DoFn sees it through its parameters."""

    chunks: list[bytes] = field(default_factory=list)
    value: bytes | None = None
    timer: Timestamp | None = None

    def copied(self) -> "Keyed":
        """Return a copy that may change."""
        return Keyed(list(self.chunks), self.value, self.timer)


class Bag:
    """A bag state; read in an order of the runner's choice."""

    def __init__(self, of: Keyed, rng: random.Random) -> None:
        self._of, self._rng = of, rng

    def read(self) -> list[bytes]:
        """Return what is in the bag."""
        return self._rng.sample(self._of.chunks, len(self._of.chunks))

    def add(self, chunk: bytes) -> None:
        """Add to the bag."""
        self._of.chunks.append(chunk)

    def clear(self) -> None:
        """Empty the bag."""
        self._of.chunks.clear()


class Value:
    """A value state."""

    def __init__(self, of: Keyed) -> None:
        self._of = of

    def read(self) -> bytes | None:
        """Return the value."""
        return self._of.value

    def write(self, value: bytes) -> None:
        """Replace the value."""
        self._of.value = value


class Timer:
    """An event-time timer."""

    def __init__(self, of: Keyed) -> None:
        self._of = of

    def set(self, at: Timestamp) -> None:
        """Set the timer, in the place of a former one."""
        self._of.timer = at


Output = tuple[str | None, Any]


@dataclass
class Saved:
    """What a checkpoint keeps of a stage."""

    queue: list[tuple[Hashable, bytes]]
    keys: dict[Hashable, Keyed]


class Stage:
    """A stateful stage: elements wait in `queue`; `run` processes some of them in one bundle."""

    def __init__(self, make: Callable[[], beam.DoFn], rng: random.Random, *, timed: bool) -> None:
        self._make, self._rng, self._timed = make, rng, timed
        self.queue: list[tuple[Hashable, bytes]] = []
        self.keys: dict[Hashable, Keyed] = {}
        self.renew()

    def renew(self) -> None:
        """Set up another instance of the DoFn, as after a failure or in another worker."""
        self.dofn = self._make()
        self.dofn.setup()

    def eligible(self, watermark: Timestamp) -> list[Hashable]:
        """Return the keys whose timer a watermark has reached."""
        return [key for key, of in self.keys.items() if of.timer and of.timer <= watermark]

    @property
    def timers(self) -> list[int]:
        """The instants of all timers (ms)."""
        return [int(of.timer.micros // 1_000) for of in self.keys.values() if of.timer]

    def run(self, most: int, *, fails: bool = False) -> list[Output]:
        """Process some elements, not the oldest first: a runner promises no order."""
        self._rng.shuffle(self.queue)
        taken, rest = self.queue[:most], self.queue[most:]
        changed: dict[Hashable, Keyed] = {}
        self.dofn.start_bundle()
        for key, data in taken:
            of = self._of(key, changed)
            if self._timed:
                self.dofn.process((key, data), Bag(of, self._rng), Value(of), Timer(of))
            else:
                self.dofn.process((key, data), Value(of))
        found = self._finish(changed, fails=fails)
        self.queue = rest
        return found

    def fire(self, keys: Iterable[Hashable]) -> list[Output]:
        """Fire the timers of some keys in one bundle."""
        changed: dict[Hashable, Keyed] = {}
        self.dofn.start_bundle()
        for key in keys:
            of = self._of(key, changed)
            at, of.timer = of.timer, None
            self.dofn.fire(key, at, Bag(of, self._rng), Value(of), Timer(of))
        return self._finish(changed, fails=False)

    def _of(self, key: Hashable, changed: dict[Hashable, Keyed]) -> Keyed:
        return changed.setdefault(key, self.keys.get(key, Keyed()).copied())

    def _finish(self, changed: dict[Hashable, Keyed], *, fails: bool) -> list[Output]:
        found = outputs(self.dofn.finish_bundle())
        if fails:
            self.renew()
            raise BundleFailed
        self.keys |= changed
        return found

    def saved(self) -> Saved:
        """Return a copy of everything durable."""
        return Saved(copy(self.queue), {key: of.copied() for key, of in self.keys.items()})

    def restore(self, saved: Saved) -> None:
        """Go back to a copy."""
        self.queue = copy(saved.queue)
        self.keys = {key: of.copied() for key, of in saved.keys.items()}


def outputs(made: Iterable[Any] | None) -> list[Output]:
    """Return what `finish_bundle` yielded, with its tag (None: the main output)."""
    found: list[Output] = []
    for item in made or ():
        tagged = isinstance(item, beam.pvalue.TaggedOutput)
        found.append((item.tag, item.value.value) if tagged else (None, item.value))
    return found
