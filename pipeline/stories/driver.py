"""The driver of a story: it steps the log's clock, and only when everything due was answered.

A story is a log with a clock of its own. The job says in `measurements` how far it is (with
`Settings(story=True)`, at every tick); the stores are `stores.Store`. Time goes on to the next
happening or the job's next wake, whichever comes first, so years pass in seconds and nothing is
skipped.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.errors import RetentionError
from pipeline.instants import DAY, SECOND, Instant, format_instant
from pipeline.stories.scene import Scene
from pipeline.stories.stores import Store, Tail
from pipeline.transports.sqlite import SqliteBroker


class Pace(NamedTuple):
    """How the log's clock is moved, and how long is waited for it; as suits Prism.

    Attributes:
        step_ms: how far the clock moves when what is due was not done at the first look: as far as
            the runner's watermark needs in order to move too.
        tick_seconds: longest time, of the wall, until every shard has seen the clock move. Longer
            than it takes to notice that Prism has stalled, and to start another (`PrismJob`).
        settle_seconds: longest time for everything due at one instant; two stalls fit in.
    """

    step_ms: int = 1
    tick_seconds: float = 45.0
    settle_seconds: float = 90.0


PAUSE_SECONDS = 0.05
AFTER_WAKE = SECOND
"""A timer fires once the log's time less the job's margin has reached it."""


class StoryFailed(RetentionError):
    """The story cannot go on; the message says where it stopped and what was awaited."""


class Gauge:
    """The newest numbers of every shard, from `measurements`."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._tail = Tail(scene, [scene.topics.name("measurements")])
        self._numbers: dict[str, dict[int, int]] = {}

    def refresh(self) -> None:
        """Read what was written since."""
        for _, value in self._tail.read():
            row = self._scene.codec.decode_measurement(value)
            self._numbers.setdefault(row.name, {})[row.shard] = int(row.value)

    def total(self, name: str) -> int:
        """Return the sum over all shards."""
        return sum(self._numbers.get(name, {}).values())

    def least(self, name: str, shards: int) -> int:
        """Return the least over all shards; 0 until each has written."""
        found = self._numbers.get(name, {})
        return min(found.values()) if len(found) == shards else 0

    def values(self, name: str) -> set[int]:
        """Return the different numbers that shards have written."""
        return set(self._numbers.get(name, {}).values())

    def next_wake(self) -> Instant | None:
        """Return when a ledger or governor looks at something next; None when none will."""
        names = ("ledger_next_wake_ms", "governor_next_wake_ms")
        wakes = [wake for name in names for wake in self._numbers.get(name, {}).values() if wake]
        return Instant(min(wakes)) if wakes else None

    def close(self) -> None:
        """Release the connection."""
        self._tail.close()


class Driver:
    """Steps the clock of a scene whose job and stores run.

    Args:
        scene: over `sqlite://`.
        stores: which answer the job's commands.
        trouble: says why the job runs no more; None while it does.
        watch: called often while it waits; for progress on a screen.
        pace: of the runner.
    """

    def __init__(
        self,
        scene: Scene,
        stores: Sequence[Store],
        trouble: Callable[[], str | None],
        watch: Callable[[], None],
        pace: Pace = Pace(),  # noqa: B008 - it is immutable
    ) -> None:
        self.scene = scene
        self.gauge = Gauge(scene)
        self.clock = scene.now()
        self._stores = stores
        self._trouble = trouble
        self._watch = watch
        self._pace = pace

    def set_clock(self, to: Instant) -> None:
        """Move the log's clock forward."""
        move_clock(self.scene, to)
        self.clock = to

    def run_to(self, instant: Instant) -> None:
        """Let time pass until an instant, stopping at every wake before it.

        At the end every shard knows the instant: what is published now is not judged at an
        earlier time.

        Raises:
            StoryFailed: the job died, or something due was not done in time.
        """
        while True:
            self.settle()
            wake = self.gauge.next_wake()
            if wake is None or wake + AFTER_WAKE >= instant:
                break
            self.set_clock(Instant(max(wake + AFTER_WAKE, self.clock + 1)))
        if instant > self.clock:
            self.set_clock(instant)
        self.settle()

    def settle(self) -> None:
        """Wait until everything due by now was commanded, answered and acknowledged.

        Raises:
            StoryFailed: the job died, or it took longer than `Pace.settle_seconds`.
        """
        deadline = time.monotonic() + self._pace.settle_seconds
        step = 1
        while True:
            # Before the tick: what was acknowledged by then is in the numbers that follow it.
            before = self.scene.arrived()
            self._nudge(step)
            answered = self._answer()
            awaited = self._awaited(before[1])
            # Records tell each other something in between: that has to be taken too.
            if not answered and awaited is None and self.scene.arrived()[0] == before[0]:
                return
            if time.monotonic() > deadline:
                raise self._failure(f"still waiting for {awaited or 'the stores'}")
            step = self._pace.step_ms

    def _nudge(self, step: int) -> None:
        """Move the clock a step, which is a tick, and wait until all shards have seen it."""
        self.set_clock(Instant(self.clock + step))
        settings = self.scene.settings()
        deadline = time.monotonic() + self._pace.tick_seconds
        while True:
            self._check_job()
            self.gauge.refresh()
            self._watch()
            if (
                self.gauge.least("ledger_now_ms", settings.shards) >= self.clock
                and self.gauge.least("governor_now_ms", settings.governors) >= self.clock
            ):
                return
            if time.monotonic() > deadline:
                raise self._failure("the shards do not see the clock move")
            time.sleep(PAUSE_SECONDS)

    def _answer(self) -> int:
        for store in self._stores:
            store.listen()
        return sum(store.answer(self.clock) for store in self._stores)

    def _awaited(self, lag: int) -> str | None:
        """Name what is missing before time may go on, or None.

        Args:
            lag: input that was not acknowledged before the newest tick.
        """
        # Documents are not acknowledged: shards say what they have read.
        documents = {self.scene.documents.checksum}
        if any(
            self.gauge.values(name) != documents
            for name in ("ledger_documents_checksum", "governor_documents_checksum")
        ):
            return "a shard that has not read every document"
        if self.gauge.total("ledger_unreviewed_records"):
            return "records that must be looked at under new documents"
        if self.gauge.total("governor_unconfirmed_shards"):
            return "shards that have not confirmed the documents in force"
        wake = self.gauge.next_wake()
        if wake is not None and wake + AFTER_WAKE <= self.clock:
            return "a wake that is due"
        if lag:
            return f"{lag} messages that the job has not acknowledged"
        # Each hop is counted by itself: a total could hide one command behind another's absence.
        passed_on = self.gauge.total("ledger_sent_commands")
        if (missing := passed_on - self.gauge.total("governor_taken_commands")) > 0:
            return f"{missing} commands that no governor has taken"
        let_out = self.gauge.total("governor_sent_commands")
        if (missing := let_out - sum(len(store.deliveries) for store in self._stores)) > 0:
            return f"{missing} commands that no store has been given"
        return None

    def _check_job(self) -> None:
        trouble = self._trouble()
        if trouble is not None:
            raise self._failure(trouble)

    def _failure(self, what: str) -> StoryFailed:
        return StoryFailed(f"at {format_instant(Instant(self.clock // DAY * DAY))}: {what}")

    def close(self) -> None:
        """Release the connection."""
        self.gauge.close()


def move_clock(scene: Scene, to: Instant) -> None:
    """Set the clock of a scene's log.

    Raises:
        StoryFailed: the scene's log has no clock of its own.
    """
    if not isinstance(scene.broker, SqliteBroker):
        raise StoryFailed("a story needs a log with its own clock: use a sqlite:// broker")
    scene.broker.set_clock(to)
