"""The job end to end, Kafka to Kafka, on either runner: events acknowledged a second."""

import time

from pipeline.stories.scene import Scene
from tests.bench.world import Runner, Timeline, full_documents, new_scene, running, written


def measure(*, url: str, events_topic: str, events: int, runner: Runner) -> dict[str, float]:
    """Run the job over preloaded events until every position is committed.

    An event counts once its position is committed, which is after its row in `records` was
    acknowledged by the broker. The rate is over all events, from when the readers start; what the
    processes take to start is given apart.
    """
    scene = new_scene(url, events_topic=events_topic)
    try:
        scene.publish(*full_documents())
        # The broker's clock and ours are the machine's; only ours knows when we began.
        offset = time.time() - time.monotonic()
        timeline = Timeline(events)
        with running(scene, runner, "throughput") as job:
            timeline.watch(lambda: events - scene.lag(), job.alive)
            restarts = job.restarts()
        rows = written(scene, scene.topics.name("records"))
        start = _readers_started(scene) - offset - timeline.began
    finally:
        scene.close()
    if rows < events:
        raise RuntimeError(f"{events} events left {rows} rows in `records`")
    seconds = timeline.whole() - start
    return {
        "rate": events / seconds,
        "late_rate": timeline.late(),
        "seconds": seconds,
        "first_seconds": timeline.first() - start,
        "start_seconds": start,
        "restarts": restarts,
        "rows": rows,
    }


def _readers_started(scene: Scene) -> float:
    """Return when the job first asked for the broker's time, which a reader does at its start.

    Seconds since 1970, stamped by the broker. Nobody else asks in this scene.
    """
    stamps = [message.timestamp for message in scene.read(scene.topics.name("clock"))]
    return min(stamps) / 1_000
