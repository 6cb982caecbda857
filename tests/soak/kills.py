"""One long run in which something is killed again and again, and what must be true of it after."""

import contextlib
import math
import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from pipeline.errors import BrokerUnavailable, RetentionError
from pipeline.instants import Instant
from pipeline.stories.prism_job import PrismJob
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.kafka_broker import LocalKafka
from tests.soak.stores import STORE, Store
from tests.soak.story import Story, insist, release_all, tell_again
from tests.soak.verdict import Verdict, compared
from tests.soak.victims import JOBS, Job
from tests.soak.watched import Exporter
from tests.support.flushed import check_positions

VICTIMS = ("worker", "runner", "job", "broker", "exporter")
CALM_SECONDS = (0.5, 6.0)
"""Between a recovery and the next kill."""
HASTE = 0.25
"""So often the next kill does not wait for the recovery."""
HASTE_SECONDS = (0.1, 4.0)
OUTAGE_SECONDS = (0.0, 12.0)
"""How long the broker stays away."""
RECOVERY_SECONDS = 600.0
END_SECONDS = 900.0
"""As long as a busy machine may need; what it took is in the report."""
SHARDS = 8


@dataclass(frozen=True)
class Kill:
    """One kill of the schedule: whom, how long after the last recovery, or without awaiting it."""

    victim: str
    after: float
    hasty: bool
    outage: float


@dataclass
class Report:
    """What was seen."""

    runner: str
    seed: int
    tried: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VICTIMS, 0))
    survived: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VICTIMS, 0))
    recovery: dict[str, list[float]] = field(default_factory=lambda: {v: [] for v in VICTIMS})
    trouble: list[str] = field(default_factory=list)
    verdict: Verdict | None = None

    @property
    def kept(self) -> bool:
        """Whether something was killed, every kill was survived and every promise kept."""
        verdict, killed = self.verdict, sum(self.tried.values()) > 0
        judged = verdict is not None and verdict.kept and not verdict.wrong
        return killed and judged and not self.trouble and self.survived == self.tried

    def seconds(self) -> list[float]:
        """Return every recovery of the job, the exporter's left out."""
        return [s for victim, found in self.recovery.items() if victim != "exporter" for s in found]


def schedule(kills: int, seed: int, victims: tuple[str, ...] = VICTIMS) -> list[Kill]:
    """Return so many kills: each victim in turn, in an order of chance, at moments of chance."""
    chance = random.Random(f"kills {seed}")
    order = [victims[number % len(victims)] for number in range(kills)]
    chance.shuffle(order)
    return [
        Kill(
            victim,
            chance.uniform(*(HASTE_SECONDS if number and hasty else CALM_SECONDS)),
            bool(number) and hasty,
            chance.uniform(*OUTAGE_SECONDS),
        )
        for number, victim in enumerate(order)
        for hasty in (chance.random() < HASTE,)
    ]


class Soak:
    """A broker, a story, a store, a job and an exporter, of which some are killed."""

    def __init__(
        self, kafka: LocalKafka, runner: str, seed: int, folder: Path, say: Callable[[str], None]
    ) -> None:
        self.kafka, self.report, self._say = kafka, Report(runner, seed), say
        self._prefix = f"soak{uuid4().hex[:8]}."
        self._scenes: list[Scene] = []
        self.scene = self._scene()
        # Each thread has connections of its own.
        self.story = Story(self._scene(), seed)
        self.store = Store(self._scene())
        self.job: Job = JOBS[runner](self.scene, folder)
        self.exporter = Exporter(self.scene, folder)
        self._since: tuple[float, Instant, tuple[str, ...]] | None = None

    def _scene(self) -> Scene:
        made = Scene(self.kafka.url, self._prefix, stores=(STORE,), shards=SHARDS)
        self._scenes.append(made)
        return made

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run everything until the block ends."""
        self.story.start()
        self.store.start()
        try:
            self.job.start()
            self.exporter.start()
            self.exporter.wait()
            self._await_recovery(Instant(0), time.monotonic())
            yield
        finally:
            self.job.close()
            self.exporter.close()
            self.story.end()
            self.store.end()
            for scene in self._scenes:
                with contextlib.suppress(BrokerUnavailable):
                    scene.close()

    def attempted(self, act: Callable[[], None]) -> None:
        """Do something; if it fails, say so in the report."""
        try:
            act()
        except (AssertionError, RuntimeError, RetentionError) as error:
            self.report.trouble.append(f"{error}; {self.scene.describe()}")

    def strike(self, kill: Kill) -> None:
        """Wait for its moment, kill, and look at what is left."""
        if self._since is not None and not kill.hasty:
            self.recover()
        time.sleep(kill.after)
        self.report.tried[kill.victim] += 1
        began = time.monotonic()
        if kill.victim == "exporter":
            self._kill_exporter(began)
            return
        if kill.victim == "broker":
            self.kafka.kill()
            began, at = time.monotonic(), _now()
            time.sleep(kill.outage)
            self.kafka.restart()
        else:
            self.job.kill(kill.victim)
            began, at = time.monotonic(), _now()
        # Flink goes back to its last checkpoint, at a long outage of the broker too; a job on Prism
        # begins anew, from topics.
        self.exporter.rolled_back |= self.report.runner == "flink" and kill.victim != "job"
        try:
            insist(lambda: check_positions(self.scene))
        except AssertionError as error:
            self.report.trouble.append(f"a position ran ahead after {kill.victim}: {error!r}")
        self.job.revive(kill.victim) if kill.victim != "broker" else None
        # Where the job had not come back from the kill before, both are survived together.
        before = () if self._since is None else self._since[2]
        self._since = (began, at, (*before, kill.victim))

    def _kill_exporter(self, began: float) -> None:
        self.exporter.kill()
        fell = self.exporter.returned()
        self.report.trouble += fell
        self.report.survived["exporter"] += not fell
        self.report.recovery["exporter"].append(time.monotonic() - began)

    def recover(self) -> None:
        """Wait until a deletion comes whose limit ended after the last kill."""
        if self._since is None:
            return
        began, at, victims = self._since
        self._since = None
        seconds = self._await_recovery(at, began)
        self.report.recovery[victims[-1]].append(seconds)
        for victim in victims:
            self.report.survived[victim] += 1
        self._say(f"{', '.join(victims)}: back after {seconds:.1f} s")

    def _await_recovery(self, at: Instant, began: float) -> float:
        def back() -> bool:
            self._check_threads()
            return self.store.recovered_at(at) is not None

        wait_for("a deletion after the kill", back, seconds=RECOVERY_SECONDS, every=0.1)
        return (self.store.recovered_at(at) or 0.0) - began

    def _check_threads(self) -> None:
        """Fail where the story or the store has: without them nothing is tried any more."""
        for thread in (self.story, self.store):
            if thread.trouble is not None:
                raise RuntimeError(f"the {thread.name} failed") from thread.trouble

    def finish(self) -> None:
        """Let the story end, wait until nothing is left to do, stop, and judge."""
        try:
            self.recover()
        finally:
            self.story.end()
        if self.story.is_alive():
            raise RuntimeError("the story has not ended: what it has told is not known")

        def done() -> bool:
            self._check_threads()
            gone = {row.record_id for row in self.scene.newest() if not row.alive}
            return set(self.story.told.due) <= gone and self.scene.lag() == 0

        wait_for("all that is due is deleted", done, seconds=END_SECONDS, every=1.0)
        wrong = self.job.stop()
        self.report.trouble += [] if wrong is None else [wrong]
        self.store.end()
        self.report.trouble += self.exporter.unlike_itself()


def _now() -> Instant:
    """Return the time of this machine, which is the broker's too."""
    return Instant(time.time_ns() // 1_000_000)


def undisturbed(kafka: LocalKafka, soak: Soak) -> Scene:
    """Return a scene in which the same was told to a job that nothing was done to."""
    told = soak.story.told
    scene = Scene(kafka.url, f"calm{uuid4().hex[:8]}.", stores=(STORE,), shards=SHARDS)
    held = {name for names in told.holds.values() for name in names}
    free = set(told.due) - held
    tell_again(told, scene)

    def gone(names: set[str]) -> bool:
        scene.answer()
        return names <= {row.record_id for row in scene.newest() if not row.alive}

    with PrismJob(scene):
        wait_for("what is free is deleted", lambda: gone(free), seconds=END_SECONDS, every=1.0)
        release_all(told, scene)
        wait_for("all is", lambda: gone(set(told.due)), seconds=END_SECONDS, every=1.0)
        wait_for("everything is acknowledged", lambda: scene.lag() == 0)
    return scene


def run(
    *,
    runner: str,
    kills: int,
    seed: int,
    folder: Path,
    say: Callable[[str], None],
    victims: tuple[str, ...] = VICTIMS,
    minutes: float = math.inf,
) -> Report:
    """Kill, for so many minutes at most, let it end, run the same without faults, and compare."""
    until = time.monotonic() + 60 * minutes
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with LocalKafka(folder / "kafka") as kafka:
        soak = Soak(kafka, runner, seed, folder, say)
        report = soak.report
        with soak.running():
            for number, kill in enumerate(schedule(kills, seed, victims), 1):
                if time.monotonic() > until or report.trouble:
                    break
                say(f"{number}/{kills}: {kill}")
                soak.attempted(lambda: soak.strike(kill))  # noqa: B023
            # Also after a kill that was not survived: what it did is to be known.
            soak.attempted(soak.finish)
            say("the same without faults")
            calm = undisturbed(kafka, soak)
            report.verdict = compared(soak.scene, soak.story.told, calm)
            calm.close()
    return report


def spread(seconds: list[float]) -> str:
    """Return median and maximum in words."""
    if not seconds:
        return "-"
    return f"{statistics.median(seconds):.1f} / {max(seconds):.1f}"
