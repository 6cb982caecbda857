"""How far the job has read, where topics have forgotten, grown, or were never read."""

from pipeline.metrics.positions import Positions
from pipeline.transports.contract import Partition, TopicSpec
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


def test_a_topic_that_is_made_later_is_counted_then(desk: Desk) -> None:
    found = positions(desk, desk.scene.events_topic, "later")
    assert found.existing == {desk.scene.events_topic: 4}
    desk.scene.broker.create([TopicSpec("later", 3)])
    found.count()
    found.refresh()
    assert found.existing["later"] == 3
    assert (found.published("later"), found.waiting("later")) == (0, 0)
