"""What our shards are held against: Beam as its manual has it, one state cell and timer a record.

Same source, codec and producer settings as ours, on Prism; only the structure differs. `main` is
`python -m tests.bench.life_per_record`.
"""

import os
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.io.unbounded_source import ReadFromUnboundedSource
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from pipeline.instants import DAY, Instant
from pipeline.jobs.prism import Prism, die_with_parent, locate
from pipeline.ledger.journal import pack, unpack
from pipeline.ledger.outcome import Row
from pipeline.records import applied
from pipeline.settings import Settings, from_json
from pipeline.transforms.read import Batch, LogSource
from pipeline.transforms.sink import Sink
from pipeline.transports import open_broker
from pipeline.transports.contract import Partition
from pipeline.wire.codec import Codec
from tests.bench.world import Life, Timeline, new_scene, written

LIMIT = 90 * DAY


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
        record = applied(unpack(stored) if stored else None, event)
        cell.write(pack(record))
        limit.set(Timestamp(micros=Instant(event.happened_at + LIMIT) * 1_000))
        self._sink.row(Row(record, None))

    @on_timer(LIMIT)
    def fire(self, record_id: str = beam.DoFn.KeyParam) -> None:
        raise AssertionError(f"nothing of this run is due in {LIMIT // DAY} days")

    def finish_bundle(self) -> None:
        self._sink.flush()


def run(settings: Settings) -> None:
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
        source = LogSource(settings, partitions, history=False, follow=True)
        _ = (
            pipeline
            | ReadFromUnboundedSource(
                source,
                poll_interval=settings.poll_seconds,
                max_read_time_seconds=settings.read_seconds,
            )
            | beam.ParDo(Decode(settings)).with_output_types(tuple[str, bytes])
            | beam.ParDo(PerRecord(settings))
        )
        pipeline.run().wait_until_finish()
    finally:
        prism.stop()


def main(text: str) -> None:
    """Run it with settings in JSON."""
    run(from_json(text))
    os._exit(1)  # it has no end of its own


def measure(*, url: str, events_topic: str, events: int) -> dict[str, float]:
    """Run it over the preloaded events; a record counts once its row is in `records`."""
    from pipeline.settings import to_json

    scene = new_scene(url, events_topic=events_topic)
    try:
        timeline = Timeline(events)
        life = Life("per_record", "tests.bench.life_per_record", to_json(scene.settings()))
        try:
            timeline.watch(lambda: written(scene, scene.topics.name("records")), life.alive)
        finally:
            life.stop()
    finally:
        scene.close()
    return {"rate": timeline.late()}
