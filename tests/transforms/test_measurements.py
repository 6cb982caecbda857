"""What shards measure of themselves: in a story at every tick, else now and then."""

import pytest

from pipeline.findings import Measurement
from pipeline.instants import Instant
from pipeline.ledger.parts import Part
from pipeline.stories.scene import Scene
from pipeline.transforms import sharded
from tests.transforms.stage import START, Stage


def measured(scene: Scene, name: str) -> list[Measurement]:
    rows = [scene.codec.decode_measurement(value) for value in scene.values("measurements")]
    return [row for row in rows if row.name == name]


def test_in_a_story_every_tick_is_measured(stage: Stage) -> None:
    stage.bundle(START)
    for tick in (10, 11, 12):
        stage.bundle(Part(tick=Instant(tick)))
    assert [row.value for row in measured(stage.scene, "ledger_now_ms")] == [10, 11, 12]


def test_else_a_shard_is_measured_now_and_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharded, "worker_now", lambda: Instant(3_000))
    stage = Stage(scene, story=False)
    for tick in (1_000, 5_999, 6_000, 10_000, 11_500):
        stage.bundle(Part(tick=Instant(tick)))
    assert [row.value for row in measured(scene, "ledger_now_ms")] == [1_000, 6_000, 11_500]
    differences = measured(scene, "ledger_clock_difference_ms")
    assert [row.value for row in differences] == [2_000, 3_000, 8_500]
    stage.stage.teardown()


def test_the_first_shard_says_what_the_job_reads(scene: Scene) -> None:
    stage = Stage(scene, events=4, receipts=2)
    stage.bundle(Part(tick=Instant(9)))
    found = {row.labels["topic"]: row.value for row in measured(scene, "job_partitions")}
    assert found == {"events": 4, "receipts": 2}
    [shards] = measured(scene, "job_shards")
    assert (shards.value, shards.at) == (scene.shards, 9)
    keys = {message.key for message in scene.read(scene.topics.name("measurements"))}
    assert {b"job_partitions/0/events", b"job_partitions/0/receipts", b"job_shards/0"} <= keys
    stage.stage.teardown()
