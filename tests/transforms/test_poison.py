"""A message that nobody can read: what lies around it goes on, and no restart stumbles over it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
import pytest

from pipeline.inquiry.unread import unread
from pipeline.ledger.parts import Part, decode_part
from pipeline.stories.scene import Scene
from pipeline.transforms import read
from pipeline.transforms.acknowledge import Piece, Tracker
from pipeline.transforms.read import LogReader, LogSource
from pipeline.transforms.split import Split
from pipeline.transports.contract import Partition
from tests.support.build import event
from tests.transforms.readers import Samples, take
from tests.wire.avro import varint

SHARDS, AROUND = 4, 50
HEADER = 10


class Job:
    """The first stages of the job over a topic of one partition; made anew, it was restarted."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.split = Split(scene.settings())
        self.split.setup()
        self.tracker = Tracker()
        self.reader: LogReader = self._source().create_reader(None, None)
        self.records: list[str] = []
        self.batches = 0

    def _source(self) -> LogSource:
        settings = self.scene.settings(batch_messages=8)
        partitions = (Partition(self.scene.events_topic, 0),)
        return LogSource(settings, partitions, history=False, follow=True)

    def run(self, *, commit: bool = True) -> None:
        """Read what is there, a bundle for each batch; every shard flushes its part at once."""
        for batch in take(self.reader):
            self.batches += 1
            self.split.start_bundle()
            self.split.process(batch)
            for found in self.split.finish_bundle():
                self._take(found)
            position = self.tracker.position()
            if position is not None and commit:
                committed = {Partition(self.scene.events_topic, 0): position}
                self.scene.broker.commit(self.scene.settings().group, committed)

    def _take(self, found: Any) -> None:
        if isinstance(found, beam.pvalue.TaggedOutput):
            for piece in msgspec.msgpack.decode(found.value.value[1], type=list[Piece]):
                self.tracker.add(piece)
            return
        part: Part = decode_part(found.value[1])
        self.records += [item.record_id for item in part.events]
        for origin in part.origins:
            self.tracker.add(Piece(origin, 1))

    def close(self) -> None:
        self.reader.close()
        self.split.teardown()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    samples = Samples()
    monkeypatch.setattr(read, "sampler", lambda *_: samples)
    made = Scene(f"sqlite://{tmp_path}/log.db", "x.", shards=SHARDS, partitions=1)
    yield made
    made.close()


def poisons(scene: Scene) -> list[bytes]:
    whole = scene.codec.encode_event(event("swollen"))
    return [
        b"\x00poison",
        b"",
        whole[:-1],
        whole + b"\x00",
        whole[:HEADER] + varint((1 << 63) - 1),
        whole[:HEADER] + b"\xff" * 64,
        b"\xc3\x01" + b"\x00" * 8 + whole[HEADER:],
    ]


def publish(scene: Scene, poison: list[bytes]) -> None:
    scene.happen(event(f"before{n}") for n in range(AROUND))
    for value in poison:
        scene.send_raw(value)
    scene.happen(event(f"after{n}") for n in range(AROUND))


def started(scene: Scene) -> Iterator[Job]:
    job = Job(scene)
    yield job
    job.close()


def test_poison_in_the_middle_delays_nothing_and_is_not_read_again_after_a_restart(
    scene: Scene,
) -> None:
    poison = poisons(scene)
    publish(scene, poison)
    for job in started(scene):
        job.run()
        assert set(job.records) == {f"{w}{n}" for w in ("before", "after") for n in range(AROUND)}
        assert len(job.records) == 2 * AROUND
    places = [(one.topic, one.partition, one.offset) for one in scene.quarantined()]
    assert places == [(scene.events_topic, 0, AROUND + n) for n in range(len(poison))]
    assert scene.lag() == 0
    scene.happen([event("later")])
    for job in started(scene):
        job.run()
        assert job.records == ["later"]
    assert len(scene.quarantined()) == len(poison)


def test_a_job_that_died_before_it_committed_reads_poison_again_and_counts_it_once(
    scene: Scene,
) -> None:
    poison = poisons(scene)
    publish(scene, poison)
    for _ in range(3):
        for job in started(scene):
            job.run(commit=False)
            assert len(job.records) == 2 * AROUND
    for job in started(scene):
        job.run()
        assert len(job.records) == 2 * AROUND
    assert scene.lag() == 0
    assert len(scene.quarantined()) == 4 * len(poison)
    assert len(unread(scene.quarantined())) == len(poison)


def test_a_topic_of_nothing_but_poison_is_acknowledged(scene: Scene) -> None:
    for _ in range(20):
        scene.send_raw(b"\x00poison")
    for job in started(scene):
        job.run()
        assert (job.records, job.batches > 1) == ([], True)
    assert scene.lag() == 0
