"""How far the job has read, where topics have forgotten, grown, or were never read."""

from collections.abc import Sequence

import pytest

from pipeline.metrics import positions as metrics_positions
from pipeline.metrics.positions import Positions
from pipeline.transports.contract import Partition, Sample, TopicSpec
from tests.metrics.build import START, Desk
from tests.support.build import event


def positions(desk: Desk, *topics: str) -> Positions:
    made = Positions(desk.scene.broker, "group", topics or (desk.scene.events_topic,))
    made.count()
    made.refresh()
    return made


def partition(desk: Desk) -> Partition:
    """Return the partition of the one record."""
    ends = desk.scene.broker.ends([Partition(desk.scene.events_topic, n) for n in range(4)])
    return next(p for p, end in ends.items() if end)


def test_what_a_topic_forgot_does_not_wait(desk: Desk) -> None:
    desk.scene.happen(event(at=START + n) for n in range(5))
    desk.scene.broker.truncate(partition(desk), 2)  # type: ignore[attr-defined]
    found = positions(desk)
    assert found.waiting(desk.scene.events_topic) == 3
    assert found.published(desk.scene.events_topic) == 5
    assert found.acknowledged(desk.scene.events_topic) == 2


def test_a_group_without_positions_has_read_nothing(desk: Desk) -> None:
    desk.scene.happen(event(at=START + n) for n in range(5))
    found = positions(desk)
    assert (found.acknowledged(desk.scene.events_topic), found.lag()) == (0, 0)
    desk.clock(START + 7_000)
    found.refresh()
    assert found.lag() == 7
    desk.scene.broker.commit("group", {partition(desk): 5})
    found.refresh()
    assert found.lag() == 0


def test_what_was_reached_stays_reached_while_new_messages_wait(desk: Desk) -> None:
    found = positions(desk)
    desk.clock(START + 10_000)
    found.refresh()
    assert found.lag() == 0
    desk.scene.happen([event(at=START)])
    desk.clock(START + 13_000)
    found.refresh()
    assert found.lag() == 3


def test_what_is_read_again_counts_once_and_waits(desk: Desk) -> None:
    """A run that went back to a checkpoint takes its later acknowledgements back."""
    desk.scene.happen(event(at=START + n) for n in range(5))
    found = positions(desk)
    for position in (4, 1):
        desk.scene.broker.commit("group", {partition(desk): position})
        found.refresh()
        assert found.acknowledged(desk.scene.events_topic) == 4
        assert found.waiting(desk.scene.events_topic) == 5 - position


def test_a_topic_that_is_made_later_is_counted_then(desk: Desk) -> None:
    found = positions(desk, desk.scene.events_topic, "later")
    assert found.existing == {desk.scene.events_topic: 4}
    desk.scene.broker.create([TopicSpec("later", 3)])
    found.count()
    found.refresh()
    assert found.existing["later"] == 3
    assert (found.published("later"), found.waiting("later")) == (0, 0)


# -- single partitions -----------------------------------------------------------------------------


def test_the_partition_that_waits_is_told_from_idle_ones(desk: Desk) -> None:
    found = positions(desk)
    desk.scene.happen([event(at=START)])
    stalled = partition(desk)
    for seconds in (5, 10, 25):
        desk.clock(START + seconds * 1_000)
        found.refresh()
    assert found.stalled()[stalled] == 25
    assert found.partition_lags()[stalled] == 25
    assert {n for p, n in found.stalled().items() if p != stalled} == {0}
    assert found.lag() == 25
    found.excluded = frozenset({stalled})
    assert found.lag() == 0
    desk.scene.broker.commit("group", {stalled: 1})
    found.refresh()
    assert found.stalled()[stalled] == found.partition_lags()[stalled] == 0


def test_a_backlog_that_is_worked_off_does_not_stand(desk: Desk) -> None:
    desk.scene.happen(event(at=START) for _ in range(9))
    found = positions(desk)
    for number in range(1, 5):
        desk.clock(START + number * 8_000)
        desk.scene.broker.commit("group", {partition(desk): number})
        found.refresh()
    assert found.stalled()[partition(desk)] == 0
    assert found.partition_lags()[partition(desk)] == 32


def test_a_partition_that_nobody_serves_stands(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = positions(desk)
    away = Partition(desk.scene.events_topic, 2)
    sample = desk.scene.broker.sample

    def without(partitions: Sequence[Partition]) -> Sample:
        taken = sample(partitions)
        return taken._replace(ends={p: end for p, end in taken.ends.items() if p != away})

    monkeypatch.setattr(desk.scene.broker, "sample", without)
    desk.clock(START + 12_000)
    found.refresh()
    assert {p for p, seconds in found.stalled().items() if seconds} == {away}
    assert found.lag() == 12


def test_no_more_partitions_are_told_of_than_have_a_label(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_positions, "MAX_PARTITIONS", 2)
    desk.scene.happen([event(at=START)])
    found = positions(desk)
    desk.clock(START + 3_000)
    found.refresh()
    assert len(found.partition_lags()) == len(found.stalled()) == 2
    assert found.partition_lags()[partition(desk)] == 3
