"""Partitions of a real Kafka: idle, stalled, added while running, truncated, made anew."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from kafka import KafkaAdminClient, TopicPartition

from pipeline.errors import LogTruncated
from pipeline.events import Event
from pipeline.jobs.landmarks import demand_whole
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.transforms import sampler
from pipeline.transforms.positions import acknowledged
from pipeline.transforms.read import LogReader, LogSource
from pipeline.transports.contract import Partition
from pipeline.transports.kafka_connect import servers_of
from pipeline.transports.kafka_keys import partition_of
from tests.integration.runners import Starter
from tests.integration.sources import StalledPartition
from tests.support.build import control, event, policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.fixture
def scene(kafka: LocalKafka) -> Iterator[Scene]:
    found = Scene(kafka.url, f"t{uuid4().hex[:8]}.", partitions=2, shards=4)
    yield found
    left = sampler._SAMPLERS.pop(found.url + found.topics.name("clock"), None)
    if left is not None:  # it would go on asking for topics that a test has deleted
        left._stop.set()
        left._broker.close()
    found.close()


@pytest.fixture
def admin(kafka: LocalKafka) -> Iterator[KafkaAdminClient]:
    found = KafkaAdminClient(bootstrap_servers=servers_of(kafka.url))
    yield found
    found.close()


class Reading:
    """A reader of the events as Beam drives it, with its sampler."""

    def __init__(self, scene: Scene) -> None:
        count = scene.broker.partitions(scene.events_topic) or 0
        places = tuple(Partition(scene.events_topic, number) for number in range(count))
        source = LogSource(scene.settings(), places, history=False, follow=True)
        self.reader: LogReader = source.create_reader(None, None)
        self.seen = 0
        self.watermark = 0
        self._taken(self.reader.start())

    def _taken(self, more: bool) -> None:
        while more:
            self.seen += len(self.reader.get_current().messages)
            more = self.reader.advance()

    def turn(self) -> None:
        """Take what is there; a watermark that is not known leaves the former one."""
        self._taken(self.reader.advance())
        watermark = self.reader.get_watermark()
        if watermark != MIN_TIMESTAMP:
            self.watermark = watermark.micros // 1_000

    def until(self, what: str, true: Callable[[], bool]) -> None:
        def there() -> bool:
            self.turn()
            return true()

        wait_for(what, there, seconds=30, every=0.02)

    def holds_for(self, seconds: float) -> int:
        """Return by how much the watermark advanced in a while, in milliseconds."""
        before, end = self.watermark, time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()
            time.sleep(0.02)
        return self.watermark - before


@contextmanager
def reading(scene: Scene) -> Iterator[Reading]:
    made = Reading(scene)
    try:
        yield made
    finally:
        made.reader.close()


def keyed(scene: Scene, number: int, count: int, prefix: str = "r") -> list[Event]:
    """Return an event each for records whose keys lie in a partition, whatever they are called."""
    names = (f"{prefix}{n}" for n in range(10_000))
    partitions = scene.broker.partitions(scene.events_topic) or 0
    lie_there = (name for name in names if partition_of(name.encode(), partitions) == number)
    return [event(next(lie_there), at=scene.now()) for _ in range(count)]


def test_idle_partitions_do_not_hold_the_watermark(scene: Scene) -> None:
    scene.happen(keyed(scene, 1, 1))
    with reading(scene) as made:
        made.until("the event is read", lambda: made.seen == 1)
        made.until("a first watermark", lambda: made.watermark > 0)
        now = scene.now()
        made.until("the watermark passes the present", lambda: made.watermark > now)
        assert made.holds_for(1.5) > 1_000


def test_a_stalled_partition_is_excluded_and_an_added_one_is_read_after_a_restart(
    scene: Scene, admin: KafkaAdminClient, start: Starter
) -> None:
    scene.publish(policy(rule(limit="PT3S"), default="PT1H"))
    scene.happen([*keyed(scene, 0, 3), *keyed(scene, 1, 5)])
    topic = scene.events_topic
    with start(scene, StalledPartition):
        wait_for("what can be read is read", lambda: scene.lag() == 3)
        time.sleep(5)
        assert scene.deletions() == []  # due, and rightly awaiting what lies unread
        scene.publish(control("exclude", f"partition:{topic}/0"))
        scene.publish(control("exclude", f"partition:{scene.topics.name('receipts')}/0"))
        wait_for("deadlines pass", lambda: _deleted(scene) == 5)
        kinds = {f.subject for f in scene.findings() if f.kind == "PARTITION_EXCLUDED"}
        assert f"{topic}/0" in kinds
        admin.create_partitions({topic: 3})
        wait_for("the added one is found", lambda: "PARTITIONS_ADDED" in _kinds(scene))
        scene.happen(keyed(scene, 2, 4, prefix="new"))
    scene.publish(control("include", f"partition:{topic}/0", version=2))
    with start(scene):
        wait_for("nothing is lost", lambda: _deleted(scene) == 12)


def _deleted(scene: Scene) -> int:
    return len({command.record_id for command in scene.deletions()})


def _kinds(scene: Scene) -> set[str]:
    return {found.kind for found in scene.findings()}


def test_an_added_partition_holds_the_watermark_until_readers_know_it(
    scene: Scene, admin: KafkaAdminClient
) -> None:
    with reading(scene) as made:
        made.until("a first watermark", lambda: made.watermark > 0)
        admin.create_partitions({scene.events_topic: 3})
        made.until("it is found", lambda: "PARTITIONS_ADDED" in _kinds(scene))
        assert made.holds_for(1.0) == 0
    scene.happen(keyed(scene, 2, 3))
    with reading(scene) as made:
        made.until("what lies there is read", lambda: made.seen == 3)
        made.until("and the watermark goes on", lambda: made.watermark > 0)


def test_what_was_deleted_unread_stops_reading_and_starting(
    scene: Scene, admin: KafkaAdminClient
) -> None:
    group, place = scene.settings().group, Partition(scene.events_topic, 1)
    demand_whole(scene.settings(), scene.broker)
    scene.happen(keyed(scene, 1, 8))
    scene.broker.commit(group, {place: 2})
    with reading(scene) as made:
        made.until("all is read", lambda: made.seen == 6)
        # The reader stands at the end; another one that stands at 2 has lost its place.
        behind = scene.broker.consumer()
        admin.delete_records({TopicPartition(*place): 5})
        behind.assign({place: 2})
        with pytest.raises(LogTruncated, match=rf"{place.topic}/1: position 2 lies outside 5\.\.8"):
            wait_for("it is refused", lambda: bool(behind.poll(10, 1 << 20)), seconds=20)
        behind.close()
    with pytest.raises(LogTruncated, match="messages 2 to 4 are gone"):
        demand_whole(scene.settings(), scene.broker)
    scene.publish(control("accept", f"loss:{place.topic}/1@2"))
    demand_whole(scene.settings(), scene.broker)
    assert acknowledged(scene.broker, group, [place]) == {place: 5}


def test_a_topic_deleted_and_made_anew_stops_reading_and_starting(
    scene: Scene, admin: KafkaAdminClient
) -> None:
    topic, settings = scene.events_topic, scene.settings()
    demand_whole(settings, scene.broker)
    scene.happen(keyed(scene, 1, 3))
    scene.broker.commit(settings.group, {Partition(topic, 1): 3})
    with reading(scene) as made:
        made.until("a first watermark", lambda: made.watermark > 0)
        admin.delete_topics([topic])
        wait_for("it is gone", lambda: scene.broker.partitions(topic) is None, seconds=20)
        again = [spec for spec in scene.topics.specs(partitions=2) if spec.name == topic]
        scene.broker.create(again)
        scene.happen(keyed(scene, 1, 9))  # more than was read: no position lies outside
        with pytest.raises(LogTruncated, match=r"was deleted and made anew|lies outside"):
            made.until("the reader stops", lambda: False)
    with pytest.raises(LogTruncated, match="made anew since the job started last") as caught:
        demand_whole(settings, scene.broker)
    scope = str(caught.value).split("`control: ")[1].split("`")[0]
    assert scope.startswith(f"loss:{topic}@")
    scene.publish(control("accept", scope))
    demand_whole(settings, scene.broker)
    with reading(scene) as made:
        made.until("the new one is read from its beginning", lambda: made.seen == 9)


def test_a_topic_that_is_deleted_while_it_is_read_stops_the_reader(
    scene: Scene, admin: KafkaAdminClient
) -> None:
    with reading(scene) as made:
        made.until("a first watermark", lambda: made.watermark > 0)
        admin.delete_topics([scene.events_topic])
        with pytest.raises(LogTruncated, match=r"does not exist.*it was read"):
            made.until("the reader stops", lambda: False)
