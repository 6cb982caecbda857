"""Rebuild: a job started on a full `records` topic, until every shard's gate is open."""

import time

from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.inventory import derived
from pipeline.ledger.outcome import Row
from pipeline.ledger.parts import Part
from pipeline.stories.scene import Scene
from tests.bench.world import Timeline, new_scene, running, stated_event, stated_policy

REPEATED = 1_000
"""Events that are acknowledged only once their shards' gates are open: enough for every shard."""
BATCH = 10_000


def measure(*, url: str, rows: int) -> dict[str, float]:
    """Return rows a second, less the time that the same start takes with an empty topic."""
    empty, full = _seconds(url, 0), _seconds(url, rows)
    if full <= empty:
        raise RuntimeError(f"{rows} rows are too few to see: raise --rows")
    return {
        "rows": rows,
        "rate": rows / (full - empty),
        "seconds": full,
        "empty_seconds": empty,
    }


def _seconds(url: str, rows: int) -> float:
    """Return the seconds from the start of the processes to everything acknowledged."""
    scene = new_scene(url)
    try:
        scene.publish(stated_policy())
        at = scene.now()
        _publish_rows(scene, rows, at)
        # With rows, these repeat what is known and change nothing; their place is the gate's.
        scene.happen(stated_event(number, at) for number in range(REPEATED))
        began = time.monotonic()
        timeline = Timeline(REPEATED)
        with running(scene, "prism", "rebuild") as job:
            timeline.watch(lambda: REPEATED - scene.lag(), job.alive)
            return time.monotonic() - began
    finally:
        scene.close()


def _publish_rows(scene: Scene, rows: int, at: int) -> None:
    """Write the rows that a job would have written for so many events."""
    ledger = Ledger(0, {})
    ledger.apply(Part(envelopes=(stated_policy(),), tick=Instant(at)))
    topic = scene.topics.name("records")
    for start in range(0, rows, BATCH):
        numbers = range(start, min(start + BATCH, rows))
        events = tuple(stated_event(number, at) for number in numbers)
        for row in ledger.apply(Part(events=events)).rows:
            scene.producer.send(topic, row.record.record_id.encode(), _encoded(scene, row))
        scene.producer.flush()


def _encoded(scene: Scene, row: Row) -> bytes:
    return scene.codec.encode_record(row.record, derived(row.record, row.plan))
