"""The short form of `make soak`'s figures on each runner: printed, not judged by the clock.

Runs so short say little of a rate: most of one is the first bundles. What is judged is that every
event is acknowledged, and no command comes before its limit.
"""

from pathlib import Path

import pytest

from pipeline.testing.kafka_broker import LocalKafka
from tests.bench import latency, throughput
from tests.bench.child import measured
from tests.bench.world import Runner, new_scene, preload
from tests.soak import rebuild
from tests.support.figures import tell

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

EVENTS = 20_000
COMMANDS = 100
AHEAD_SECONDS: dict[Runner, int] = {"prism": 20, "flink": 45}
RECORDS = 20_000
RUNNERS: tuple[Runner, ...] = ("prism", "flink")


def test_every_event_of_a_backlog_is_acknowledged_on_both_runners(kafka: LocalKafka) -> None:
    source, sink = new_scene(kafka.url), new_scene(kafka.url)
    preload(source, EVENTS)
    topic = source.events_topic
    floor = measured(
        "floor",
        url=kafka.url,
        source=topic,
        sink=sink.topics.name("decisions"),
        events=EVENTS,
        ours=True,
    )["rate"]
    for runner in RUNNERS:
        found = throughput.measure(url=kafka.url, events_topic=topic, events=EVENTS, runner=runner)
        assert found["rows"] >= EVENTS, "a row for each event was acknowledged"
        tell(
            f"throughput on {runner}, {EVENTS:,} events: {found['rate']:,.0f}/s, "
            f"{found['rate'] / floor:.2f} of the plain loop"
        )
    for scene in (source, sink):
        scene.close()


@pytest.mark.parametrize("runner", RUNNERS)
def test_no_command_comes_before_its_limit(kafka: LocalKafka, runner: Runner) -> None:
    found = latency.measure(
        url=kafka.url, commands=COMMANDS, runner=runner, ahead_seconds=AHEAD_SECONDS[runner]
    )
    assert found["commands"] == COMMANDS
    assert found["min"] >= found["margin"]
    tell(
        f"limit to acknowledged command on {runner}, {COMMANDS} commands: median "
        f"{found['median'] / 1_000:.1f} s, 99 % within {found['p99'] / 1_000:.1f} s"
    )


def test_a_job_that_lost_all_but_its_topics_knows_all_again(tmp_path: Path) -> None:
    report = rebuild.run(records=RECORDS, folder=tmp_path, say=print)
    assert report.kept, report
    tell(
        f"rebuild on prism, {RECORDS:,} records: {report.second:.0f} s, starting included; "
        f"{report.same} of {rebuild.SHARDS} shards the same"
    )
