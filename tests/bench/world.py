"""What every measurement shares: the stated event and policy, scenes, jobs, and their progress.

Nothing here is timed; `Timeline` says how a rate is read off a run.
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

from msgspec.structs import replace

from pipeline.documents import Envelope, enveloped
from pipeline.events import Event, Evidence, Subject
from pipeline.instants import DAY
from pipeline.settings import to_json
from pipeline.stories.scene import Scene
from pipeline.testing.flink import FlinkFailed
from pipeline.testing.jobs import FlinkRun
from pipeline.transports.contract import Partition, TopicSpec
from tests.support.build import event, notice, policy, rule

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
SHARDS = 64
PARTITIONS = 4
STORE = "images"
PRELOAD_BATCH = 20_000
POLL_SECONDS = 0.2
STOP_SECONDS = 30
LIMIT_SECONDS = 900
LATE_FROM = 0.1
FAR = 4_000_000_000_000
"""The year 2096: nothing falls due before."""
_RESTARTED = "switched from state RUNNING to RESTARTING"

Runner = Literal["prism", "flink"]


def stated_event(number: int, at: int) -> Event:
    """Return the event that every figure is about: one record of one subject in one store."""
    made = event(f"record-{number:08d}", at=at)
    return replace(made, lawful_basis="dpv:LegitimateInterest", source="crawler-7")


_TERRITORIES = ("GB", "FR", "US-CA", "DE", "US-IL", "GB", "AU", "JE")
_PURPOSES = ("dpv:SearchFunctionalities", "dpv:Marketing", "dpv:CounterMoneyLaundering")


def varied_event(number: int, at: int) -> Event:
    """Return what comes in where a rate is measured: two pieces of evidence, many classes."""
    made = stated_event(number, at)
    place = _TERRITORIES[number % len(_TERRITORIES)]
    ((person, _),) = [(item.subject_id, item) for item in made.subjects]
    signs = (
        Evidence("declared", place, made.happened_at),
        Evidence("ip_geolocation", place, made.happened_at),
    )
    purpose = _PURPOSES[number % len(_PURPOSES)]
    return replace(made, subjects=(Subject(person, signs),), purpose=purpose)


def full_documents() -> tuple[Envelope, ...]:
    """Return the shipped example policy, and a notice that is not in force for long yet."""
    text = (ROOT / "deploy" / "examples" / "policy.yaml").read_text()
    later = (FAR, FAR + DAY)
    return (enveloped("policies", text, "counsel"), notice(stop=later, delete=later))


def stated_policy(limit: str = "P90D") -> Envelope:
    """Return a policy of one rule; nothing falls due unless the limit is short."""
    return policy(rule(limit=limit), default="P180D")


def environment() -> dict[str, str]:
    """Return the environment of children."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def log_file(name: str) -> Path:
    """Return where a child's errors go."""
    folder = CACHE / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def new_scene(url: str, *, events_topic: str | None = None, append_time: bool = False) -> Scene:
    """Return a scene of fresh topics.

    Args:
        url: of the broker.
        events_topic: read another scene's events instead of own ones.
        append_time: let the broker stamp commands when it appends them.
    """
    prefix = f"bench{uuid4().hex[:8]}."
    stores = () if append_time else (STORE,)
    scene = Scene(url, prefix, stores=stores, shards=SHARDS, events_topic=events_topic or "")
    if append_time:
        spec = TopicSpec(scene.topics.commands(STORE), PARTITIONS, log_append_time=True)
        scene.broker.create([spec])
        scene.stores = (STORE,)
    return scene


def preload(scene: Scene, count: int, make: Callable[[int, int], Event] = varied_event) -> None:
    """Publish so many events."""
    at = scene.now()
    events = (make(number, at) for number in range(count))
    while batch := list(itertools.islice(events, PRELOAD_BATCH)):
        scene.happen(batch)


def written(scene: Scene, topic: str) -> int:
    """Return how many positions a topic has, over all partitions."""
    count = scene.broker.partitions(topic) or 0
    return sum(scene.broker.ends([Partition(topic, number) for number in range(count)]).values())


@dataclass
class Timeline:
    """How much was done when, as seen from outside every fifth of a second."""

    total: int
    began: float = field(default_factory=time.monotonic)
    seen: list[tuple[float, int]] = field(default_factory=list)

    def watch(self, done: Callable[[], int], alive: Callable[[], bool] = lambda: True) -> None:
        """Look until all is done.

        Raises:
            RuntimeError: the job ended, or it took longer than 15 minutes.
        """
        while not self.seen or self.seen[-1][1] < self.total:
            if not alive():
                raise RuntimeError(f"the job ended before its input did; see {CACHE / 'bench'}")
            if time.monotonic() > self.began + LIMIT_SECONDS:
                raise RuntimeError(f"not done within {LIMIT_SECONDS} s; see {CACHE / 'bench'}")
            self.seen.append((time.monotonic(), done()))
            time.sleep(POLL_SECONDS)

    def first(self) -> float:
        """Return when anything was seen done, in seconds after the beginning."""
        return next(at for at, done in self.seen if done) - self.began

    def whole(self) -> float:
        """Return when all was seen done, in seconds after the beginning."""
        return self.seen[-1][0] - self.began

    def late(self) -> float:
        """Return units a second from the first sight of 10 % done to the end; 0 if seen at once.

        What is done comes in bursts, and by then more than 10 % has been begun: the fewer units,
        the more this flatters.
        """
        begun, at_begin = next(s for s in self.seen if s[1] >= LATE_FROM * self.total)
        ended, at_end = self.seen[-1]
        return (at_end - at_begin) / (ended - begun) if ended > begun else 0.0


class Life:
    """A job in processes of its own, started by a command line."""

    def __init__(self, name: str, *command: str) -> None:
        self._log = log_file(name).open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment(),
            cwd=ROOT,
            stdout=self._log,
            stderr=self._log,
        )

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """SIGTERM, then SIGKILL; its runner dies with it."""
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@dataclass(frozen=True)
class Running:
    """A job that runs: whether it lives, and how often its runner has restarted it so far."""

    alive: Callable[[], bool]
    restarts: Callable[[], int] = lambda: 0


def _alive(run: FlinkRun) -> bool:
    """Whether the JVM lives; a busy one may fail to answer now and then."""
    try:
        return run.status() != "DEAD"
    except FlinkFailed:
        return True


@contextlib.contextmanager
def running(scene: Scene, runner: Runner, what: str) -> Iterator[Running]:
    """Run the job on a runner.

    Prism and its worker are one child of ours and one grandchild; Flink is a JVM and two workers.
    """
    if runner == "prism":
        life = Life(f"{what}-prism", "pipeline.jobs.once", to_json(scene.settings()))
        try:
            yield Running(life.alive)
        finally:
            life.stop()
        return
    folder = CACHE / "bench" / f"{what}-flink"  # its logs stay until the next run
    shutil.rmtree(folder, ignore_errors=True)
    run = FlinkRun(scene, folder, workers=2)  # as many as slots
    log = folder / "logs" / "jvm.log"
    try:
        with run:
            yield Running(
                alive=lambda: _alive(run),
                restarts=lambda: log.read_text(errors="replace").count(_RESTARTED),
            )
    finally:
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
