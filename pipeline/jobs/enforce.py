"""The main job, on one screen: sources, shards, ledger, governor, sinks, acknowledgement."""

import apache_beam as beam
from apache_beam.io.unbounded_source import ReadFromUnboundedSource, UnboundedSource

from pipeline.errors import InvalidInput
from pipeline.settings import Settings
from pipeline.transforms.acknowledge import Acknowledge
from pipeline.transforms.positions import acknowledged
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
    *,
    pinned: bool = True,
) -> None:
    """Add the job to a pipeline.

    Args:
        pipeline: where the steps are added.
        settings: of the job.
        broker: asked how many partitions there are, and what was acknowledged.
        source: how topics are read; tests give one that is slow or ends.
        ticks: where the broker's time comes from; tests give one that ends.
        pinned: what was acknowledged by now is where this run begins to read, whatever it goes back
            to. Not for a pipeline that is kept and submitted later.

    Raises:
        InvalidInput: a topic does not exist.
        LogTruncated: see `acknowledged`.
    """
    topics = Topics(settings.prefix, settings.events)
    documents = _partitions(broker, topics, topics.documents)
    records = _partitions(broker, topics, (topics.name("records"),))
    state = _partitions(broker, topics, (topics.name("state"),))
    arriving = _partitions(broker, topics, topics.arrivals)
    starts = acknowledged(broker, settings.group, arriving) if pinned else {}
    arrivals = source(settings, arriving, history=False, follow=True, starts=tuple(starts.items()))

    def split(label: str, source: UnboundedSource) -> beam.pvalue.DoOutputsTuple:
        # Each read is split by itself, so that the runner fuses both: no batch leaves the worker.
        return (
            pipeline
            | f"Read {label}"
            >> ReadFromUnboundedSource(
                source,
                poll_interval=settings.poll_seconds,
                max_read_time_seconds=settings.read_seconds,
            )
            | f"Split {label}"
            >> beam.ParDo(Split(settings)).with_outputs(TO_GOVERNOR, TO_ACKNOWLEDGE, main="ledger")
        )

    parts = (
        split("time", ticks(settings)),
        split("documents", source(settings, documents, history=True, follow=True)),
        split("history", source(settings, records + state, history=True, follow=False)),
        split("arrivals", arrivals),
    )
    assigned = _counts(documents + records + state + arriving)
    ledgers = Sharded(settings, "ledger", _counts(documents + records), assigned)
    ledger = _keyed("shards", tuple[int, bytes], *(part.ledger for part in parts)) | (
        "Ledger" >> beam.ParDo(ledgers).with_outputs(TO_ACKNOWLEDGE, main="proposed")
    )
    steering = (part[TO_GOVERNOR] for part in parts)
    governor = _keyed("causes", tuple[int, bytes], *steering, ledger.proposed) | (
        "Governor"
        >> beam.ParDo(Sharded(settings, "governor", _counts(documents + state))).with_outputs(
            TO_ACKNOWLEDGE, main="nothing"
        )
    )
    flushed = (stage[TO_ACKNOWLEDGE] for stage in (*parts, ledger, governor))
    _ = _keyed("partitions", tuple[str, bytes], *flushed) | (
        "Acknowledge" >> beam.ParDo(Acknowledge(settings))
    )


def _keyed(label: str, kind: type, *collections: beam.PCollection) -> beam.PCollection:
    """Flatten what was given a deterministic key coder before: each element then moves once."""
    typed = [
        collection | f"Key {label} {number}" >> beam.Map(_pair).with_output_types(kind)
        for number, collection in enumerate(collections)
    ]
    return typed | f"Flatten {label}" >> beam.Flatten()


def _pair(pair: tuple[object, bytes]) -> tuple[object, bytes]:
    """Return the pair: a named step for its output type."""
    return pair


def _partitions(broker: Broker, ours: Topics, topics: tuple[str, ...]) -> tuple[Partition, ...]:
    found = []
    for topic in topics:
        count = broker.partitions(topic)
        if count is None:
            raise InvalidInput(
                f"topic {topic} does not exist; create it: {ours.creation(broker.url)}"
            )
        found += [Partition(topic, number) for number in range(count)]
    return tuple(found)


def _counts(partitions: tuple[Partition, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for partition in partitions:
        counts[partition.topic] = counts.get(partition.topic, 0) + 1
    return counts
