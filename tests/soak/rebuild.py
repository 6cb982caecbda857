"""A job that has lost everything but its topics: how long until it knows all again, and does it.

Rows are written as the job writes them, by its own ledger and codec. A first life of the job reads
them, changes some and is killed with all its state. A second life rebuilds: then the inventory is
what it was, in every shard. What it holds in memory is seen where it changes records again: rows
that it writes then tell all that was known of them before.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec

from pipeline.cli.inventory import inventory_digest
from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.identifiers import shard_of
from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.digest import Digest
from pipeline.ledger.inventory import derived
from pipeline.ledger.parts import Part
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.jobs import SupervisedJob
from pipeline.testing.kafka_broker import LocalKafka
from tests.soak.stores import STORE
from tests.support.build import event, policy, rule

SHARDS = 64
TOUCHED = 2_000
"""Records of which something is told in each life; enough that every shard has some."""
BATCH = 10_000
LIMIT_SECONDS = 1_800.0
LAST_VERSION = 1 << 62
"""Later than anything that a job writes: versions are instants."""


@dataclass
class Report:
    """What was seen of a start from topics alone."""

    records: int
    writing: float = 0.0
    """Seconds in which the rows were written."""
    first: float = 0.0
    second: float = 0.0
    """Seconds from the start of the command until every shard has heard of all its records."""
    same: int = 0
    changed: int = 0
    """Shards whose digest is what it was, and what it must be after the changes."""
    commands: int = 0
    stopped: int = 0
    """How the second life ended when it was told to."""

    @property
    def rate(self) -> float:
        """Records that a start reads in a second, starting included."""
        return self.records / self.second

    @property
    def kept(self) -> bool:
        """Whether nothing was lost, and nothing commanded."""
        return self.same == self.changed == SHARDS and self.commands == self.stopped == 0


def _name(number: int) -> str:
    return f"record-{number:08d}"


def _made(number: int, at: int) -> Event:
    return event(_name(number), at=at + number % 1_000)


def _touch(number: int, at: int, life: int) -> Event:
    later = at + 10_000 * life + number % 1_000
    return event(
        _name(number), at=later, what="accessed", residency="FR", event_id=f"t{life}-{number}"
    )


def _touched(records: int, life: int) -> range:
    step = max(1, records // TOUCHED)
    return range(life % step, records, step)


def _policy() -> Envelope:
    return policy(rule(limit="P90D"), default="P180D")


def _ledger(at: int) -> Ledger:
    ledger = Ledger(0, {})
    ledger.apply(Part(envelopes=(_policy(),), tick=Instant(at)))
    return ledger


def _write(scene: Scene, records: int, at: int) -> None:
    numbers = iter(range(records))
    topic = scene.topics.name("records")
    while batch := list(itertools.islice(numbers, BATCH)):
        # A ledger for each batch: only the rows are wanted.
        for row in _ledger(at).apply(Part(events=tuple(_made(n, at) for n in batch))).rows:
            value = scene.codec.encode_record(row.record, derived(row.record, row.plan))
            scene.producer.send(topic, row.record.record_id.encode(), value)
        scene.producer.flush()


def _told(scene: Scene, events: list[Event]) -> None:
    """Publish events of which every shard must apply some, and wait until they are acknowledged.

    A shard parks what arrives until it has all its history, and acknowledges it after.
    """
    assert {shard_of(one.record_id, SHARDS) for one in events} == set(range(SHARDS))
    scene.happen(events)
    wait_for("every shard has applied them", lambda: scene.lag() == 0, seconds=LIMIT_SECONDS)


def _life(scene: Scene, job: SupervisedJob, events: list[Event]) -> float:
    """Start the job; return the seconds until every shard's gate is open."""
    began = time.monotonic()
    job.start()
    _told(scene, events)
    return time.monotonic() - began


def _expected(before: Digest, records: int, at: int) -> dict[int, str]:
    """Add what the second life's events make of records, by a ledger that never lost anything."""
    numbers = _touched(records, 2)
    ledger = _ledger(at)
    ledger.apply(Part(events=tuple(_made(n, at) for n in numbers)))
    both = sorted(set(numbers) & set(_touched(records, 1)))
    ledger.apply(Part(events=tuple(_touch(n, at, 1) for n in both)))
    for row in ledger.apply(Part(events=tuple(_touch(n, at, 2) for n in numbers))).rows:
        before.add(msgspec.structs.replace(row.record, version=LAST_VERSION))
    return before.by_shard()


def _digest(scene: Scene) -> Digest:
    return inventory_digest(scene.broker, scene.prefix, SHARDS)


def run(*, records: int, folder: Path, say: Callable[[str], None]) -> Report:
    """Write the rows, run two lives, and compare."""
    folder.mkdir(parents=True, exist_ok=True)
    report = Report(records)
    with LocalKafka() as kafka:
        prefix = f"rebuild{uuid4().hex[:8]}."
        scene = Scene(kafka.url, prefix, stores=(STORE,), shards=SHARDS)
        at = scene.now()
        scene.publish(_policy())
        began = time.monotonic()
        _write(scene, records, at)
        report.writing = time.monotonic() - began
        say(f"{records:,} rows written in {report.writing:.0f} s")
        first = [_touch(n, at, 1) for n in _touched(records, 1)]
        job = SupervisedJob(scene, log=folder / "job.log")
        try:
            report.first = _life(scene, job, first)
            say(f"the first life knows all after {report.first:.1f} s")
            job.kill_all()
            before = _digest(scene)
            say(f"killed; the inventory is {before.total()}")
            # A producer's retry: it is acknowledged by every shard, and changes nothing.
            report.second = _life(scene, job, first)
            say(f"the second life knows all after {report.second:.1f} s")
            report.same = _agreeing(before.by_shard(), _digest(scene).by_shard())
            _told(scene, [_touch(n, at, 2) for n in _touched(records, 2)])
            report.stopped = job.stop()
        finally:
            job.__exit__()
        after = _digest(scene).by_shard()
        report.changed = _agreeing(_expected(before, records, at), after)
        report.commands = len(scene.commands())
        scene.close()
    return report


def _agreeing(one: dict[int, str], other: dict[int, str]) -> int:
    return sum(one.get(shard) == other.get(shard) is not None for shard in range(SHARDS))
