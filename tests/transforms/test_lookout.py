"""What holds a watermark: idle, stalled, added and replaced partitions; and what ends it."""

import dataclasses
import threading
from collections.abc import Callable

import pytest
from apache_beam.utils.timestamp import MIN_TIMESTAMP

from pipeline.errors import LogTruncated, NoSuchPartition
from pipeline.findings import Finding
from pipeline.instants import Instant
from pipeline.stories.scene import Scene
from pipeline.transforms import lookout
from pipeline.transforms.lookout import FOLLOW_SECONDS, Lookout
from pipeline.transforms.marks import Mark, MarkCoder
from pipeline.transforms.read import LogReader
from pipeline.transforms.sampler import MISSED, Sampler
from pipeline.transports.contract import Partition, Sample, Topic
from tests.support.build import control
from tests.transforms.readers import KEYS, P0, P1, P2, Log, take

ALL = (P0, P1, P2)


def reached(reader: LogReader) -> int:
    """The watermark in milliseconds; 0: none yet."""
    watermark = reader.get_watermark()
    return 0 if watermark == MIN_TIMESTAMP else watermark.micros // 1_000


def sampled(log: Log, now: int, partitions: int = 3, identity: str = "a") -> None:
    """Give readers a sample that says how many partitions there are of which topic."""
    log.samples.sample = Sample(
        Instant(now), log.broker.ends(ALL), {"t": Topic(partitions, identity)}
    )


class Stuck(LogReader):
    """Is never handed anything of partition 1, though there is something."""

    def _assign(self) -> None:
        assert self._consumer is not None
        places = {p: place.position for p, place in self._places.items() if p != P1}
        self._consumer.assign(places)


# -- idle ------------------------------------------------------------------------------------------


def test_partitions_without_messages_hold_nothing(log: Log) -> None:
    log.write("k0")
    assert sum(end == 0 for end in log.broker.ends(ALL).values()) == 2
    reader = log.reader()
    take(reader)
    for now in (50_000, 51_000, 52_000):
        sampled(log, now)
        assert reached(reader) == now - 10


# -- stalled and excluded --------------------------------------------------------------------------


def test_a_partition_that_hands_out_nothing_holds_the_watermark_until_it_is_excluded(
    log: Log,
) -> None:
    log.write(*KEYS)
    whole = log.reader()
    reader = Stuck(whole._source, None)
    log.readers.append(reader)
    take(reader)
    sampled(log, 50_000)
    assert reached(reader) == 0
    reader._lookout.excluded = frozenset({P1})
    take(reader, start=False)
    sampled(log, 51_000)
    assert reached(reader) == 50_990
    # Included again it holds from there on, and takes nothing back.
    reader._lookout.excluded = frozenset()
    take(reader, start=False)
    sampled(log, 52_000)
    assert reached(reader) == 50_990


def test_what_nobody_serves_holds_the_watermark_unless_it_is_excluded(log: Log) -> None:
    log.write(*KEYS)
    reader = log.reader()
    take(reader)
    ends = {p: end for p, end in log.broker.ends(ALL).items() if p != P1}
    log.samples.sample = Sample(Instant(50_000), ends, {"t": Topic(3, "", frozenset({1}))})
    assert reached(reader) == 0
    reader._lookout.excluded = frozenset({P1})
    take(reader, start=False)
    assert reached(reader) == 49_990


@pytest.fixture
def raised(scene: Scene) -> Callable[[], list[Finding]]:
    """What was found, in order."""
    return scene.findings


def looking(scene: Scene, clock: list[float]) -> Lookout:
    counts = {scene.events_topic: 4}
    made = Lookout(scene.settings(), counts, {}, lambda: clock[0])
    made.open(scene.broker)
    made.follow()
    return made


def test_an_exclusion_is_heeded_within_a_second_found_and_ended(
    scene: Scene, raised: Callable[[], list[Finding]]
) -> None:
    clock = [0.0]
    made = looking(scene, clock)
    place = Partition(scene.events_topic, 3)
    scene.publish(control("exclude", f"partition:{place.topic}/3"))
    made.follow()
    assert made.excluded == frozenset()  # it was just looked
    clock[0] += FOLLOW_SECONDS
    made.follow()
    assert made.excluded == {place}
    [found] = raised()
    assert (found.kind, found.subject) == ("PARTITION_EXCLUDED", f"{place.topic}/3")
    assert found.severity == "error"
    assert "by operator (control version 1: exercise)" in found.what
    scene.publish(control("include", f"partition:{place.topic}/3", version=2))
    clock[0] += FOLLOW_SECONDS
    made.follow()
    assert made.excluded == frozenset()
    assert raised()[-1].details["resolved_because"] == "included again by operator: exercise"
    made.close()


def test_one_that_starts_heeds_what_stands_and_never_what_was_taken_back(scene: Scene) -> None:
    scope = f"partition:{scene.events_topic}/0"
    scene.publish(control("exclude", scope), control("include", scope, version=2))
    scene.publish(control("exclude", f"partition:{scene.events_topic}/1"))
    made = looking(scene, [0.0])
    assert made.excluded == {Partition(scene.events_topic, 1)}
    assert [f.subject for f in scene.findings() if "resolved_by" not in f.details] == [
        f"{scene.events_topic}/1"
    ]
    made.close()


def test_documents_are_always_waited_for(scene: Scene, raised: Callable[[], list[Finding]]) -> None:
    scene.publish(control("exclude", f"partition:{scene.topics.name('holds')}/0"))
    made = looking(scene, [0.0])
    assert made.excluded == frozenset()
    [found] = raised()
    assert "cannot be excluded" in found.what
    made.close()


# -- added and replaced ----------------------------------------------------------------------------


def test_an_added_partition_holds_the_watermark_from_the_first_sample_that_shows_it(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Finding] = []
    monkeypatch.setattr(lookout.Lookout, "_publish", lambda _, *items: found.extend(items))
    log.write(*KEYS)
    reader = log.reader()
    take(reader)
    sampled(log, 50_000)
    assert reached(reader) == 49_990
    for now in (51_000, 52_000):
        sampled(log, now, partitions=4)
        assert reached(reader) == 49_990
    [one] = found
    assert (one.kind, one.subject) == ("PARTITIONS_ADDED", "t")
    assert "4 partitions, of which the job reads 3" in one.what


def test_a_share_of_the_partitions_knows_how_many_there_are_in_all(log: Log) -> None:
    log.write(*KEYS)
    source = log.reader()._source
    flink = dataclasses.replace(source.settings, runner="flink", poll_seconds=1.2, splits=3)
    shares = [
        LogReader(share, None) for share in dataclasses.replace(source, settings=flink).split(3)
    ]
    log.readers += shares
    for reader in shares:
        take(reader)
        sampled(log, 50_000)
        assert reached(reader) == 49_990


def test_a_topic_that_was_made_anew_stops_the_reader(log: Log) -> None:
    reader = log.reader()
    take(reader)
    sampled(log, 50_000)
    assert reached(reader) == 49_990
    sampled(log, 51_000, identity="b")
    with pytest.raises(LogTruncated, match="t was deleted and made anew"):
        reader.get_watermark()


def test_a_reader_made_from_a_mark_knows_whose_position_it_is(log: Log) -> None:
    reader = log.reader()
    take(reader)
    sampled(log, 50_000)
    reader.get_watermark()
    coder = MarkCoder()
    mark: Mark = coder.decode(coder.encode(reader.get_checkpoint_mark()))
    resumed = log.reader(mark)
    take(resumed)
    sampled(log, 51_000, identity="b")
    with pytest.raises(LogTruncated, match="made anew"):
        resumed.get_watermark()


def test_a_topic_that_is_gone_stops_whoever_asks_for_the_time(log: Log) -> None:
    made = Sampler(log.url, "retention.clock")
    made._latest = log.broker.sample(ALL)
    gone = NoSuchPartition("partition t/0 does not exist")
    for _ in range(MISSED - 1):
        made._miss(gone)
    made._miss(OSError())  # a broker that starts knows it again: counted anew
    assert made.latest() is not None
    for _ in range(MISSED):
        made._miss(gone)
    with pytest.raises(LogTruncated, match="t/0 does not exist; it was read"):
        made.latest()
    made._thread = threading.current_thread()  # none is to be started here
    made.watch(ALL)
    assert made.latest() is not None
