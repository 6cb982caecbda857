"""Time by stage, in process and without Beam: the job's own code, step by step. Runs in a child.

CPU time of the whole process (the producer's and consumer's threads included) per event.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pipeline.ledger.book import Ledger
from pipeline.ledger.folding import take_chunk
from pipeline.ledger.inventory import derived
from pipeline.ledger.journal import encode_chunk
from pipeline.ledger.outcome import Row
from pipeline.ledger.parts import Part, decode_part
from pipeline.settings import Settings
from pipeline.transforms.read import Batch
from pipeline.transforms.split import Split
from pipeline.transports import open_broker
from pipeline.transports.contract import Message, Partition
from pipeline.wire.codec import Codec
from tests.bench.world import PARTITIONS, SHARDS, full_documents

IDLE_SECONDS = 30.0
WAITING = ("fetch", "produce and flush")
"""Stages that wait for the broker: for these the wall time is given too."""


class Stages:
    """The job's steps, and the CPU and wall seconds booked under each."""

    def __init__(self, settings: Settings) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self._codec = Codec.from_settings(settings)
        self._topic = f"{settings.prefix}records"
        self._split = Split(settings)
        self._split.setup()
        self._broker = open_broker(settings.broker_url, clock_topic=f"{settings.prefix}clock")
        self._producer = self._broker.producer()
        self._ledgers = [Ledger(shard, {}) for shard in range(settings.shards)]
        for ledger in self._ledgers:
            ledger.apply(Part(envelopes=full_documents(), tick=self._broker.sample(()).now))
            take_chunk(ledger, 1)
        # Connecting and asking for the partitions is not an event's cost.
        self._producer.send(self._topic, b"warm", None)
        self._producer.flush()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Book what is done inside under a name."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - cpu
        self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall

    def take(self, batch: Batch) -> None:
        """Bring one batch from decoding to acknowledged rows."""
        decode = self._codec.decode_event
        with self.stage("decode"):
            for message in batch.messages:
                decode(message.topic, message.value)
        with self.stage("split"):
            parts = self._parts(batch)
        rows = [row for shard, data in parts.items() for row in self._apply(shard, data)]
        with self.stage("encode_record"):
            values = [(row.record.record_id.encode(), self._encoded(row)) for row in rows]
        with self.stage("produce and flush"):
            for key, value in values:
                self._producer.send(self._topic, key, value)
            self._producer.flush()

    def _parts(self, batch: Batch) -> Mapping[int, bytes]:
        self._split.start_bundle()
        self._split.process(batch)
        # Acknowledgements leave by tag; what is for a ledger is the plain output.
        outputs = [value.value for value in self._split.finish_bundle() if _plain(value)]
        return dict(outputs)

    def _apply(self, shard: int, data: bytes) -> list[Row]:
        ledger = self._ledgers[shard]
        with self.stage("decode_part"):
            part = decode_part(data)
        with self.stage("ledger.apply"):
            outcome = ledger.apply(part)
        with self.stage("journal chunk"):
            chunk = take_chunk(ledger, 2)
            if chunk is not None:
                encode_chunk(chunk)
        return outcome.rows

    def _encoded(self, row: Row) -> bytes:
        return self._codec.encode_record(row.record, derived(row.record, row.plan))

    def fetched(self, settings: Settings, events: int) -> list[Batch]:
        """Fetch so many events, as the source does, in batches of one partition."""
        consumer = self._broker.consumer()
        consumer.assign({Partition(settings.events[0], n): 0 for n in range(PARTITIONS)})
        batches: list[Batch] = []
        count, end = 0, time.monotonic() + IDLE_SECONDS
        with self.stage("fetch"):
            while count < events:
                polled = consumer.poll(settings.batch_messages, settings.batch_bytes)
                batches += _batches(polled[: events - count])
                count += len(polled[: events - count])
                if not polled:
                    time.sleep(0.001)
                if time.monotonic() > end:
                    raise RuntimeError(f"only {count} of {events} events were there")
        consumer.close()
        return batches

    def close(self) -> None:
        """Release connections."""
        self._split.teardown()
        self._producer.close()
        self._broker.close()


def measure(*, url: str, prefix: str, events_topic: str, events: int) -> dict[str, float]:
    """Take so many preloaded events through every stage; return µs of CPU per event by stage.

    Keys: the stage, in order; `wall STAGE` for the wall time of what waits on the broker.
    """
    settings = Settings(
        url, prefix=prefix, events=(events_topic,), shards=SHARDS, run_id="stages", margin_ms=500
    )
    stages = Stages(settings)
    for batch in stages.fetched(settings, events):
        stages.take(batch)
    stages.close()
    # The stage decodes too: what it costs beyond that is its own.
    stages.cpu["split"] -= stages.cpu["decode"]
    found = {name: seconds / events * 1e6 for name, seconds in stages.cpu.items()}
    return found | {f"wall {name}": stages.wall[name] / events * 1e6 for name in WAITING}


def _plain(value: object) -> bool:
    return not hasattr(value, "tag")


def _batches(messages: Sequence[Message]) -> Iterator[Batch]:
    found: dict[int, list[Message]] = {}
    for message in messages:
        found.setdefault(message.partition, []).append(message)
    for number, ours in found.items():
        first, after = ours[0].offset, ours[-1].offset + 1
        yield Batch(ours[0].topic, number, first, after, 0, -1, ours)
