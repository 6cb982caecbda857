"""The main job, on one screen: sources, shards, ledger, governor, sinks, acknowledgement."""

import apache_beam as beam
from apache_beam.io.unbounded_source import ReadFromUnboundedSource, UnboundedSource

from pipeline.errors import InvalidInput
from pipeline.settings import Settings
from pipeline.transforms.acknowledge import Acknowledge
from pipeline.transforms.read import LogSource
from pipeline.transforms.sharded import Sharded
from pipeline.transforms.split import TO_ACKNOWLEDGE, TO_GOVERNOR, Split
from pipeline.transforms.ticks import TickSource
from pipeline.transports.contract import Broker, Partition
from pipeline.transports.topics import Topics


def build(
    pipeline: beam.Pipeline,
    settings: Settings,
    broker: Broker,
    source: type[LogSource] = LogSource,
    ticks: type[TickSource] = TickSource,
) -> None:
    """Add the job to a pipeline.

    Args:
        pipeline: where the steps are added.
        settings: of the job.
        broker: asked only how many partitions there are.
        source: how topics are read; tests give one that is slow or ends.
        ticks: where the broker's time comes from; tests give one that ends.

    Raises:
        InvalidInput: a topic does not exist.
    """
    topics = Topics(settings.prefix, settings.events)
    documents = _partitions(broker, topics.documents)
    records = _partitions(broker, (topics.name("records"),))
    state = _partitions(broker, (topics.name("state"),))
    arriving = _partitions(broker, (*topics.events, topics.name("receipts")))

    def read(label: str, source: UnboundedSource) -> beam.PCollection:
        return pipeline | label >> ReadFromUnboundedSource(
            source,
            poll_interval=settings.poll_seconds,
            max_read_time_seconds=settings.read_seconds,
        )

    parts = (
        (
            read("Time", ticks(settings)),
            read("Documents", source(settings, documents, history=True, follow=True)),
            read("History", source(settings, records + state, history=True, follow=False)),
            read("Arrivals", source(settings, arriving, history=False, follow=True)),
        )
        | "Flatten" >> beam.Flatten()
        | "Split"
        >> beam.ParDo(Split(settings)).with_outputs(TO_GOVERNOR, TO_ACKNOWLEDGE, main="ledger")
    )
    ledger = (
        parts.ledger
        | "Key shards" >> beam.Map(_pair).with_output_types(tuple[int, bytes])
        | "Ledger"
        >> beam.ParDo(Sharded(settings, "ledger", _counts(documents + records))).with_outputs(
            TO_ACKNOWLEDGE, main="proposed"
        )
    )
    governed = (
        (parts[TO_GOVERNOR], ledger.proposed)
        | "Proposed" >> beam.Flatten()
        | "Key causes" >> beam.Map(_pair).with_output_types(tuple[int, bytes])
        | "Governor"
        >> beam.ParDo(Sharded(settings, "governor", _counts(documents + state))).with_outputs(
            TO_ACKNOWLEDGE, main="nothing"
        )
    )
    _ = (
        (parts[TO_ACKNOWLEDGE], ledger[TO_ACKNOWLEDGE], governed[TO_ACKNOWLEDGE])
        | "Pieces" >> beam.Flatten()
        | "Key partitions" >> beam.Map(_pair).with_output_types(tuple[str, bytes])
        | "Acknowledge" >> beam.ParDo(Acknowledge(settings))
    )


def _pair(pair: tuple[object, bytes]) -> tuple[object, bytes]:
    """Return the pair: a named step whose output type gives the key a deterministic coder."""
    return pair


def _partitions(broker: Broker, topics: tuple[str, ...]) -> tuple[Partition, ...]:
    found = []
    for topic in topics:
        count = broker.partitions(topic)
        if count is None:
            raise InvalidInput(
                f"topic {topic} does not exist; create it with `retention topics create`"
            )
        found += [Partition(topic, number) for number in range(count)]
    return tuple(found)


def _counts(partitions: tuple[Partition, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for partition in partitions:
        counts[partition.topic] = counts.get(partition.topic, 0) + 1
    return counts
