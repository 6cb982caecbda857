"""From a limit reached to its command in Kafka: records whose limits fall one after another."""

import statistics

from pipeline.events import Event
from pipeline.identifiers import shard_of
from pipeline.instants import SECOND, Instant
from pipeline.stories.scene import Scene, wait_for
from tests.bench.world import (
    SHARDS,
    STORE,
    Runner,
    new_scene,
    running,
    stated_event,
    stated_policy,
    written,
)

LIMIT_SECONDS = 3_600
AHEAD_SECONDS = {"prism": 12, "flink": 30}
"""The first limit falls so long after the events are published: they must be known by then."""
EVERY_MS = 40
WAIT_SECONDS = 90.0


def measure(
    *, url: str, commands: int, runner: Runner, ahead_seconds: int | None = None
) -> dict[str, float]:
    """Let one limit fall every 40 ms; return milliseconds from limit to command.

    The command topic is stamped by the broker when it appends (LogAppendTime), so both ends are the
    broker's time. The margin is part of it. Every record's events were acknowledged before.
    """
    ahead = AHEAD_SECONDS[runner] if ahead_seconds is None else ahead_seconds
    scene = new_scene(url, append_time=True)
    try:
        scene.publish(stated_policy(f"PT{LIMIT_SECONDS}S"))
        with running(scene, runner, "latency"):
            now = scene.now()
            # Far from due: they only show that every stage is up.
            scene.happen(stated_event(-number, now) for number in range(1, 500))
            wait_for("the job is up", lambda: scene.lag() == 0, seconds=WAIT_SECONDS)
            first = Instant(scene.now() + ahead * SECOND)
            scene.happen(_due(number, first + number * EVERY_MS) for number in range(commands))
            wait_for("all is known", lambda: scene.lag() == 0, seconds=WAIT_SECONDS)
            if scene.now() >= first:
                raise RuntimeError("the first limit passed before all records were known")
            topic = scene.topics.commands(STORE)
            seconds = ahead + commands * EVERY_MS / SECOND + WAIT_SECONDS
            try:
                wait_for(
                    f"{commands} commands",
                    lambda: written(scene, topic) >= commands,
                    seconds=seconds,
                    every=0.5,
                )
            except AssertionError as error:
                raise RuntimeError(_missing(scene, commands, seconds)) from error
        delays = _delays(scene)
    finally:
        scene.close()
    return {
        "commands": len(delays),
        "median": statistics.median(delays),
        "p99": statistics.quantiles(delays, n=100, method="inclusive")[98],
        "min": min(delays),
        "max": max(delays),
        "margin": scene.settings().margin_ms,
    }


def _due(number: int, limit_at: int) -> Event:
    return stated_event(number, limit_at - LIMIT_SECONDS * SECOND)


def _missing(scene: Scene, commands: int, seconds: float) -> str:
    """Say which commands did not come, by the place of their limits in the row."""
    known = {command.record_id for command in scene.commands()}
    lost = [n for n in range(commands) if stated_event(n, 0).record_id not in known]
    shards = sorted({shard_of(stated_event(n, 0).record_id, SHARDS) for n in lost})
    return (
        f"{len(lost)} of {commands} commands did not come within {seconds:.0f} s of publishing: "
        f"limits number {lost[:10]}, shards {shards[:10]} ({len(shards)} of {SHARDS})"
    )


def _delays(scene: Scene) -> list[int]:
    """Milliseconds from `complete_by` to the broker's stamp of each command's first message."""
    delays: dict[str, int] = {}
    for message in scene.read(scene.topics.commands(STORE)):
        command = scene.codec.decode_command(message.value)
        delays.setdefault(command.command_id, message.timestamp - command.complete_by)
    return list(delays.values())
