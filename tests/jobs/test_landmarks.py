"""A start misses what is gone since the last one, until a person has accepted that loss."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from pipeline.errors import BrokerUnavailable, LogTruncated
from pipeline.inquiry.cases import Case, cases
from pipeline.jobs.landmarks import demand_whole
from pipeline.stories.scene import Scene
from pipeline.transforms.positions import acknowledged
from pipeline.transports.contract import Partition, Position, Topic
from pipeline.transports.sqlite import SqliteBroker
from tests.support.build import control, event


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(f"sqlite://{tmp_path}/log.db", "t.", partitions=2)
    yield found
    found.close()


class Another(SqliteBroker):
    """The log, whose topics have an identity; a partition of them may have nobody who serves it."""

    def __init__(self, url: str, identity: str = "a", unserved: Partition | None = None) -> None:
        super().__init__(url)
        self._identity, self._unserved = identity, unserved

    def topics(self, names: Any) -> Any:
        found = super().topics(names)
        return {name: topic._replace(identity=self._identity) for name, topic in found.items()}

    def sample(self, partitions: Any) -> Any:
        found = super().sample(partitions)
        ends = {p: end for p, end in found.ends.items() if p != self._unserved}
        return found._replace(ends=MappingProxyType(ends))


def start(scene: Scene, broker: SqliteBroker | None = None) -> None:
    demand_whole(scene.settings(), broker or scene.broker)


def refused(scene: Scene, broker: SqliteBroker | None = None) -> str:
    with pytest.raises(LogTruncated) as caught:
        start(scene, broker)
    return str(caught.value)


def filled(scene: Scene) -> dict[Partition, Position]:
    """Publish twenty events; return where the partitions end."""
    scene.happen(event(f"r{n}", at=scene.now()) for n in range(20))
    places = [Partition(scene.events_topic, n) for n in range(2)]
    return dict(scene.broker.ends(places))


def forget(scene: Scene, partition: Partition, before: Position) -> None:
    assert isinstance(scene.broker, SqliteBroker)
    scene.broker.truncate(partition, before)


def found(scene: Scene) -> list[Case]:
    return list(cases(scene.findings()))


def test_a_first_start_misses_nothing_whatever_a_topic_has_forgotten(scene: Scene) -> None:
    filled(scene)
    place = Partition(scene.events_topic, 0)
    forget(scene, place, 3)
    start(scene)
    start(scene)
    assert found(scene) == []
    assert acknowledged(scene.broker, "any", [place]) == {place: 3}


def test_landmarks_are_written_when_they_change_and_only_then(scene: Scene) -> None:
    start(scene)
    first = len(scene.values("state"))
    start(scene)
    assert len(scene.values("state")) == first
    scene.broker.commit(scene.settings().group, {Partition(scene.events_topic, 0): 0})
    filled(scene)
    scene.broker.commit(scene.settings().group, {Partition(scene.events_topic, 0): 2})
    start(scene)
    assert len(scene.values("state")) == first + 1


def test_what_went_unread_stops_every_start_until_a_person_accepts_that_loss(scene: Scene) -> None:
    start(scene)
    filled(scene)
    place = Partition(scene.events_topic, 1)
    scene.broker.commit(scene.settings().group, {place: 2})
    forget(scene, place, 5)
    scope = f"loss:{scene.events_topic}/1@2"
    for _ in range(2):
        said = refused(scene)
        assert f"{scene.events_topic}/1: messages 2 to 4 are gone" in said
        assert f"`control: {scope}` with `action: accept`" in said
    [case] = found(scene)
    assert (case.finding.kind, case.is_open) == ("LOG_TRUNCATED", True)
    scene.publish(control("accept", scope))
    start(scene)
    [case] = found(scene)
    assert not case.is_open
    assert case.resolution is not None
    assert (case.resolution.author, case.resolution.reason) == ("operator", "exercise")
    assert acknowledged(scene.broker, scene.settings().group, [place]) == {place: 5}
    start(scene)


def test_an_acceptance_is_of_one_loss_and_no_other(scene: Scene) -> None:
    start(scene)
    filled(scene)
    place = Partition(scene.events_topic, 1)
    scene.broker.commit(scene.settings().group, {place: 3})
    forget(scene, place, 5)
    scene.publish(control("accept", f"loss:{scene.events_topic}/1@2"))
    scene.publish(control("accept", f"loss:{scene.events_topic}/0@3"))
    assert "messages 3 to 4" in refused(scene)


def test_positions_that_the_broker_forgot_are_missed(scene: Scene) -> None:
    """Long stopped: no committed position is left, and the oldest messages are gone."""
    start(scene)
    filled(scene)
    forget(scene, Partition(scene.events_topic, 0), 4)
    assert f"{scene.events_topic}/0: messages 0 to 3 are gone" in refused(scene)


def test_a_position_beyond_the_newest_message_is_refused(scene: Scene) -> None:
    end = filled(scene)[place := Partition(scene.events_topic, 0)]
    scene.broker.commit(scene.settings().group, {place: end + 7})
    said = refused(scene)
    assert f"position {end + 7} was acknowledged and the newest message ends at {end}" in said
    with pytest.raises(LogTruncated, match=f"the newest ends at {end}"):
        acknowledged(scene.broker, scene.settings().group, [place])
    scene.publish(control("accept", f"loss:{scene.events_topic}/0@{end + 7}"))
    start(scene)
    assert acknowledged(scene.broker, scene.settings().group, [place]) == {place: 0}


def test_documents_that_are_gone_are_missed(scene: Scene) -> None:
    start(scene)
    scene.publish(*(control("pause", "store:images", version=n) for n in (1, 2, 3)))
    forget(scene, Partition(scene.topics.name("controls"), 0), 2)
    assert "t.controls/0: messages 0 to 1 are gone" in refused(scene)


@pytest.mark.parametrize("name", ["events", "records", "holds"])
def test_a_topic_made_anew_is_missed(scene: Scene, name: str) -> None:
    class Renewed(Another):
        def topics(self, names: Any) -> dict[str, Topic]:
            found: dict[str, Topic] = dict(super().topics(names))
            return found | {f"t.{name}": found[f"t.{name}"]._replace(identity="b-1")}

    start(scene, Another(scene.url))
    filled(scene)
    scene.broker.commit(scene.settings().group, {Partition(scene.events_topic, 0): 3})
    said = refused(scene, Renewed(scene.url))
    assert f"t.{name} was deleted and made anew" in said
    scene.publish(control("accept", f"loss:t.{name}@b-1"))
    start(scene, Renewed(scene.url))
    start(scene, Renewed(scene.url))
    place = Partition(scene.events_topic, 0)
    went_on = acknowledged(scene.broker, scene.settings().group, [place])
    assert went_on == {place: 0 if name == "events" else 3}


def test_a_partition_that_nobody_serves_is_read_on_from_what_was_acknowledged(scene: Scene) -> None:
    filled(scene)
    place = Partition(scene.events_topic, 1)
    scene.broker.commit(scene.settings().group, {place: 2})
    away = Another(scene.url, unserved=place)
    start(scene, away)
    assert acknowledged(away, scene.settings().group, [place]) == {place: 2}


def test_the_finding_that_partitions_were_added_ends_with_the_next_start(scene: Scene) -> None:
    start(scene)
    start(scene)
    assert scene.findings() == []
    scene.broker.close()
    more(scene)
    start(scene)
    [ended] = scene.findings()
    assert (ended.kind, ended.subject) == ("PARTITIONS_ADDED", scene.events_topic)
    assert ended.details["resolved_by"] == "the job"


def more(scene: Scene) -> None:
    """Give the events one partition more; the transport itself adds none."""
    with sqlite3.connect(scene.url.removeprefix("sqlite://")) as log:
        log.execute("UPDATE topics SET partitions = 3 WHERE name = ?", (scene.events_topic,))
        log.execute("INSERT INTO partitions (topic, number) VALUES (?, 2)", (scene.events_topic,))
    log.close()


def test_who_dies_before_a_topic_made_anew_is_read_from_its_beginning_accepts_it_again(
    scene: Scene,
) -> None:
    """The former topic's positions would else be taken for positions in the new one."""

    class Dying(Another):
        def commit(self, *_: object) -> None:
            raise BrokerUnavailable("away")

    start(scene, Another(scene.url))
    filled(scene)
    place = Partition(scene.events_topic, 0)
    scene.broker.commit(scene.settings().group, {place: 3})
    names = (*scene.topics.arrivals, *scene.topics.documents, "t.records", "t.state")
    scene.publish(*(control("accept", f"loss:{name}@b-1") for name in names))
    with pytest.raises(BrokerUnavailable):
        start(scene, Dying(scene.url, "b-1"))
    start(scene, Another(scene.url, "b-1"))
    assert acknowledged(scene.broker, scene.settings().group, [place]) == {place: 0}


def test_an_added_partition_that_has_forgotten_what_nobody_read_is_missed(scene: Scene) -> None:
    start(scene)
    scene.broker.close()
    more(scene)
    filled(scene)
    place = Partition(scene.events_topic, 2)
    forget(scene, place, 2)
    assert f"{scene.events_topic}/2: messages 0 to 1 are gone" in refused(scene)
    scene.publish(control("accept", f"loss:{scene.events_topic}/2@0"))
    start(scene)
    start(scene)
