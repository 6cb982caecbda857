"""A notice that touches every record: from it to the first and the last command."""

from pipeline.stories.scene import Scene
from pipeline.transports.contract import Partition
from tests.bench.world import (
    FAR,
    STORE,
    Timeline,
    new_scene,
    preload,
    running,
    stated_event,
    stated_policy,
    written,
)
from tests.support.build import notice

MEANWHILE = 20_000
"""Events that are published with the notice."""


def measure(*, url: str, records: int) -> dict[str, float]:
    """Fill a job with records, publish the notice, and wait until every command was given."""
    scene = new_scene(url, append_time=True)
    try:
        scene.publish(stated_policy())
        preload(scene, records, stated_event)
        ingested = Timeline(records)
        with running(scene, "prism", "notice") as job:
            ingested.watch(lambda: records - scene.lag(), job.alive)
            at = scene.now()
            order = notice(stop=(at, FAR), delete=(at, FAR))
            scene.publish(order)
            scene.happen(stated_event(records + number, at) for number in range(MEANWHILE))
            acknowledged = Timeline(MEANWHILE)
            acknowledged.watch(lambda: MEANWHILE - scene.lag(), job.alive)
            # Everybody is restricted and deleted, the newcomers too.
            given = Timeline(2 * (records + MEANWHILE))
            given.watch(lambda: written(scene, scene.topics.commands(STORE)), job.alive)
        stamps = _stamps(scene)
    finally:
        scene.close()
    first, last = min(stamps), max(stamps)
    return {
        "first": (first - at) / 1_000,
        "seconds": (last - first) / 1_000,
        "rate": len(stamps) / ((last - first) / 1_000),
        "events": MEANWHILE,
        "ingestion": MEANWHILE / acknowledged.whole(),
        "before": ingested.late(),
    }


def _stamps(scene: Scene) -> list[int]:
    """Return the append time of every command."""
    topic = scene.topics.commands(STORE)
    consumer = scene.broker.consumer()
    count = scene.broker.partitions(topic) or 0
    consumer.assign({Partition(topic, number): 0 for number in range(count)})
    found: list[int] = []
    total = written(scene, topic)
    while len(found) < total:
        found += [message.timestamp for message in consumer.poll(5_000, 8 << 20)]
    consumer.close()
    return found
