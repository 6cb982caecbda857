"""What happens while a job is killed: events with limits that fall due all the time, and holds.

A hold is published before the data that it names, so that it stands before every limit; it is
released before or after the limit. All of it can be told again to another job, without the waits.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pipeline.documents import Envelope
from pipeline.errors import BrokerUnavailable
from pipeline.events import Event
from pipeline.instants import SECOND, Instant
from pipeline.stories.scene import Scene, wait_for
from tests.support.build import event, hold, policy, rule

LIMIT_SECONDS = 8
WAVE_SECONDS = 0.5
WAVE = 2
HELD_EVERY = 6
"""Every so many waves are under a hold."""
RELEASED_SECONDS = (3.0, 20.0)
"""When a hold is released after its data came: before the limit, or after it."""
TOUCHED_EVERY, LATER_EVERY = 3, 9
"""Every so many records are told of twice; so many have months to go."""
PATIENCE_SECONDS = 240.0

T = TypeVar("T")


@dataclass
class Told:
    """All that was published, in order; instants as the events say them."""

    events: list[Event] = field(default_factory=list)
    due: dict[str, Instant] = field(default_factory=dict)
    """When the limit of each record ends that has one within the story."""
    later: set[str] = field(default_factory=set)
    holds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The records that each hold names."""


def documents() -> Envelope:
    """Return the policy of the story."""
    later = rule("later", match="{purpose: [dpv:Marketing]}", limit="P90D")
    return policy(rule(limit=f"PT{LIMIT_SECONDS}S"), later, default="PT40S")


def insist(call: Callable[[], T]) -> T:
    """Call until the broker answers: it is away for some seconds now and then."""
    found: list[T] = []
    said: list[BrokerUnavailable] = []

    def answered() -> bool:
        try:
            found.append(call())
        except BrokerUnavailable as error:
            said.append(error)
            return False
        return True

    try:
        wait_for("the broker answers", answered, seconds=PATIENCE_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}; {len(said)} times {said[-1]}") from said[-1]
    return found[0]


class Story(threading.Thread):
    """Publishes waves of events and holds until it is ended; then it releases what is held."""

    def __init__(self, scene: Scene, seed: int) -> None:
        super().__init__(name="story", daemon=True)
        self.told = Told()
        self.trouble: BaseException | None = None
        self._scene = scene
        self._chance = random.Random(f"story {seed}")
        self._over = threading.Event()
        self._releases: list[tuple[Instant, str]] = []

    def end(self) -> None:
        """Release what is held, and return when nothing more is published."""
        self._over.set()
        self.join(timeout=2 * PATIENCE_SECONDS)

    def run(self) -> None:
        """Publish."""
        try:
            insist(lambda: self._scene.publish(documents()))
            wave = 0
            while not self._over.wait(WAVE_SECONDS):
                self._wave(wave)
                self._release(insist(self._scene.now))
                wave += 1
            self._release(None)
        except BaseException as error:
            self.trouble = error
            raise

    def _wave(self, wave: int) -> None:
        told, numbers = self.told, range(wave * WAVE, (wave + 1) * WAVE)
        names = tuple(f"r{number}" for number in numbers)
        if wave % HELD_EVERY == 0:
            told.holds[f"h{wave}"] = names
            insist(lambda: self._scene.publish(_hold(f"h{wave}", names)))
        # Read after the hold is published: its limit lies after both.
        now = insist(self._scene.now)
        if wave % HELD_EVERY == 0:
            wait = self._chance.uniform(*RELEASED_SECONDS) * SECOND
            self._releases.append((Instant(now + int(wait)), f"h{wave}"))
        events = []
        for number, name in zip(numbers, names, strict=True):
            if number % LATER_EVERY == LATER_EVERY - 1:
                told.later.add(name)
                events.append(event(name, at=now, purpose="dpv:Marketing"))
                continue
            told.due[name] = Instant(now + LIMIT_SECONDS * SECOND)
            events.append(event(name, at=now))
            if number % TOUCHED_EVERY == 0:
                events.append(event(name, at=now + 1, what="accessed", residency=None))
        told.events += events
        insist(lambda: self._scene.happen(events))

    def _release(self, now: Instant | None) -> None:
        """Release the holds whose time has come; without an instant, every one."""
        due = [name for at, name in self._releases if now is None or at <= now]
        self._releases = [one for one in self._releases if one[1] not in due]
        for name in due:
            released = _hold(name, self.told.holds[name], version=2, state="released")
            insist(lambda: self._scene.publish(released))  # noqa: B023


def _hold(name: str, records: tuple[str, ...], version: int = 1, state: str = "active") -> Envelope:
    return hold(name=name, records=records, version=version, state=state)


def tell_again(told: Told, scene: Scene) -> None:
    """Publish the same to another job at once, every hold first; `release_all` is the rest."""
    scene.publish(documents(), *(_hold(name, names) for name, names in told.holds.items()))
    scene.happen(told.events)


def release_all(told: Told, scene: Scene) -> None:
    """Release every hold."""
    scene.publish(*(_hold(name, names, 2, "released") for name, names in told.holds.items()))
