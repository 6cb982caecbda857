"""What our shards are held against: one state cell and one timer a record, on Prism.

Once as Beam's programming guide has it, one message an element; once behind our own source, which
hands out batches. Clients, codec and settings are ours in both; only the structure differs. `main`
is `python -m tests.bench.life_per_record`.
"""

import os
from collections import deque
from collections.abc import Iterator
from typing import Any, Literal

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder
from apache_beam.io.unbounded_source import (
    ReadFromUnboundedSource,
    UnboundedReader,
    UnboundedSource,
)
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp
from msgspec.structs import astuple

from pipeline.instants import DAY, Instant
from pipeline.jobs.prism import Prism, die_with_parent, locate
from pipeline.ledger.outcome import Row
from pipeline.records import Record, applied
from pipeline.settings import Settings, from_json
from pipeline.transforms.marks import Mark, MarkCoder, Place
from pipeline.transforms.read import Batch, LogSource
from pipeline.transforms.sink import Sink
from pipeline.transports import open_broker
from pipeline.transports.contract import Message, Partition
from pipeline.wire.codec import Codec
from tests.bench.world import Life, Timeline, new_scene, written

LIMIT = 90 * DAY
POLLED = 2_000
_CELLS = msgspec.msgpack.Decoder(Record)

Structure = Literal["guide", "batched"]


class Messages(UnboundedSource):
    """Every partition from its beginning, one message an element, keyed by record."""

    def __init__(self, settings: Settings, partitions: tuple[Partition, ...]) -> None:
        self.settings = settings
        self.partitions = partitions

    def split(self, desired_num_splits: int, options: Any = None) -> list["Messages"]:
        return [self]

    def create_reader(self, options: Any, checkpoint_mark: Mark | None) -> "MessageReader":
        return MessageReader(self, checkpoint_mark)

    def get_checkpoint_mark_coder(self) -> MarkCoder:
        return MarkCoder()


class MessageReader(UnboundedReader):
    """Reads ahead of what it hands out; time is that of the messages, as Kafka sources have it."""

    def __init__(self, source: Messages, mark: Mark | None) -> None:
        places = mark.places if mark is not None else {}
        self._places = {
            partition: places.get(f"{partition.topic}:{partition.number}", Place(0, 0, -1))
            for partition in source.partitions
        }
        self._broker = open_broker(
            source.settings.broker_url, clock_topic=f"{source.settings.prefix}clock"
        )
        self._consumer = self._broker.consumer()
        self._queue: deque[Message] = deque()
        self._current: Message | None = None

    def start(self) -> bool:
        self._consumer.assign({partition: at.position for partition, at in self._places.items()})
        return self.advance()

    def advance(self) -> bool:
        if not self._queue:
            self._queue.extend(self._consumer.poll(POLLED, 1 << 20))
        if not self._queue:
            return False
        self._current = self._queue.popleft()
        partition = Partition(self._current.topic, self._current.partition)
        self._places[partition].position = self._current.offset + 1
        return True

    def get_current(self) -> tuple[str, bytes]:
        assert self._current is not None
        return (self._current.key or b"").decode(), self._current.value or b""

    def get_current_timestamp(self) -> Timestamp:
        return self.get_watermark()

    def get_watermark(self) -> Timestamp:
        if self._current is None:
            return MIN_TIMESTAMP
        return Timestamp(micros=self._current.timestamp * 1_000)

    def get_checkpoint_mark(self) -> Mark:
        return Mark(
            {f"{p.topic}:{p.number}": Place(*astuple(at)) for p, at in self._places.items()}
        )

    def close(self) -> None:
        self._consumer.close()
        self._broker.close()


class Decode(beam.DoFn):
    """Batches in; `(record id, message)` out, one element a record."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def setup(self) -> None:
        self._codec = Codec.from_settings(self._settings)

    def process(self, element: Batch) -> Iterator[tuple[str, bytes]]:
        for message in element.messages:
            event = self._codec.decode_event(message.topic, message.value)
            yield event.record_id, message.value or b""


class PerRecord(beam.DoFn):
    """Keeps each record in a state cell of its own and its limit in a timer of its own."""

    CELL = ReadModifyWriteStateSpec("cell", BytesCoder())
    LIMIT = TimerSpec("limit", TimeDomain.WATERMARK)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def setup(self) -> None:
        self._codec = Codec.from_settings(self._settings)
        self._sink = Sink(self._settings)

    def teardown(self) -> None:
        self._sink.close()

    def process(
        self,
        element: tuple[str, bytes],
        cell: Any = beam.DoFn.StateParam(CELL),  # noqa: B008
        limit: Any = beam.DoFn.TimerParam(LIMIT),  # noqa: B008
    ) -> None:
        _, data = element
        stored = cell.read()
        event = self._codec.decode_event(self._settings.events[0], data)
        known = _CELLS.decode(stored) if stored else None
        record = applied(known, event)
        cell.write(msgspec.msgpack.encode(record))
        limit.set(Timestamp(micros=Instant(event.happened_at + LIMIT) * 1_000))
        self._sink.row(Row(record, None))

    @on_timer(LIMIT)
    def fire(self, record_id: str = beam.DoFn.KeyParam) -> None:
        raise AssertionError(f"nothing of this run is due in {LIMIT // DAY} days")

    def finish_bundle(self) -> None:
        self._sink.flush()


def run(settings: Settings, structure: Structure) -> None:
    """Run it until killed."""
    die_with_parent()
    prism = Prism(locate())
    try:
        options = PipelineOptions(
            [
                "--runner=PortableRunner",
                f"--job_endpoint=localhost:{prism.port}",
                "--environment_type=LOOPBACK",
                "--streaming",
                "--job_name=bench-per-record",
            ]
        )
        pipeline = beam.Pipeline(options=options)
        topic = settings.events[0]
        with open_broker(settings.broker_url, clock_topic=f"{settings.prefix}clock") as broker:
            count = broker.partitions(topic) or 0
        partitions = tuple(Partition(topic, number) for number in range(count))
        batched = structure == "batched"
        source: UnboundedSource = (
            LogSource(settings, partitions, history=False, follow=True)
            if batched
            else Messages(settings, partitions)
        )
        read = pipeline | ReadFromUnboundedSource(
            source,
            poll_interval=settings.poll_seconds,
            max_read_time_seconds=settings.read_seconds,
        )
        keyed = beam.ParDo(Decode(settings)) if batched else beam.Map(_same)
        _ = read | keyed.with_output_types(tuple[str, bytes]) | beam.ParDo(PerRecord(settings))
        pipeline.run().wait_until_finish()
    finally:
        prism.stop()


def _same(pair: tuple[str, bytes]) -> tuple[str, bytes]:
    return pair


def main(text: str, structure: Structure) -> None:
    """Run it with settings in JSON."""
    run(from_json(text), structure)
    os._exit(1)  # it has no end of its own


def measure(*, url: str, events_topic: str, events: int, structure: Structure) -> dict[str, float]:
    """Run it over the preloaded events; a record counts once its row is in `records`."""
    from pipeline.settings import to_json

    scene = new_scene(url, events_topic=events_topic)
    try:
        timeline = Timeline(events)
        command = ("tests.bench.life_per_record", to_json(scene.settings()), structure)
        life = Life(f"per_record-{structure}", *command)
        try:
            timeline.watch(lambda: written(scene, scene.topics.name("records")), life.alive)
        finally:
            life.stop()
    finally:
        scene.close()
    return {"rate": timeline.late()}
