"""The job of `jobs.enforce` as a runner drives it, one bundle at a time, without Beam's own runner.

Every stage is the real class; reads too. Modelled: queues between stages, the watermark of the
ledgers (the least of the reads', held while an element waits), timers, checkpoints.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp

from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.settings import Settings
from pipeline.transforms import sharded
from pipeline.transforms.acknowledge import Acknowledge
from pipeline.transforms.positions import acknowledged
from pipeline.transforms.read import LogReader, LogSource
from pipeline.transforms.sharded import Sharded
from pipeline.transforms.split import TO_ACKNOWLEDGE, TO_GOVERNOR, Split
from pipeline.transforms.ticks import TickReader, TickSource
from pipeline.transports.contract import Partition
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec
from tests.simulation.log import Broker, Log, Sampler
from tests.simulation.stage import Output, Saved, Stage, outputs

_RUNS = itertools.count()


class Read:
    """One read and the split that is fused with it."""

    def __init__(self, source: LogSource | TickSource, settings: Settings) -> None:
        self._source = source
        self._coder = source.get_checkpoint_mark_coder()
        self.mark: bytes | None = None
        self.watermark: Timestamp = MIN_TIMESTAMP
        self.dirty = True
        self.reader: LogReader | TickReader | None = None
        self._split = Split(settings)
        self._split.setup()

    def bundle(self, most: int) -> list[Output]:
        """Hand out some batches, decode and split them; then report the watermark."""
        split, fresh = self._split, self.reader is None
        split.start_bundle()
        if self.reader is None:
            mark = None if self.mark is None else self._coder.decode(self.mark)
            self.reader = self._source.create_reader(None, mark)
        there, count = self.reader.start() if fresh else self.reader.advance(), 0
        while there:
            split.process(self.reader.get_current())
            count += 1
            if count >= most:
                break
            there = self.reader.advance()
        found = outputs(split.finish_bundle())
        self.mark = self._coder.encode(self.reader.get_checkpoint_mark())
        self.watermark = max(self.watermark, self.reader.get_watermark())
        self.dirty = count > 0
        return found

    def restore(self, mark: bytes | None, watermark: Timestamp) -> None:
        """Go on from a checkpoint, with another reader."""
        self.mark, self.watermark = mark, watermark
        self.reader, self.dirty = None, True


@dataclass
class Checkpoint:
    """Everything durable of a run at one instant."""

    marks: list[tuple[bytes | None, Timestamp]]
    stages: list[Saved]
    watermark: Timestamp


class Job:
    """One run of the job: from committed positions, with state from topics or a checkpoint."""

    def __init__(self, settings: Settings, log: Log, rng: random.Random) -> None:
        self.settings, self.log, self.rng = settings, log, rng
        topics, broker = Topics(settings.prefix, settings.events), Broker(log)
        documents = _partitions(broker, topics.documents)
        records = _partitions(broker, (topics.name("records"),))
        state = _partitions(broker, (topics.name("state"),))
        arriving = _partitions(broker, topics.arrivals)
        starts = tuple(acknowledged(broker, settings.group, arriving).items())
        self.reads = [
            Read(TickSource(settings), settings),
            Read(LogSource(settings, documents, history=True, follow=True), settings),
            Read(LogSource(settings, records + state, history=True, follow=False), settings),
            Read(
                LogSource(settings, arriving, history=False, follow=True, starts=starts), settings
            ),
        ]
        self.ledgers = Stage(
            lambda: Sharded(settings, "ledger", _counts(documents + records)), rng, timed=True
        )
        self.governors = Stage(
            lambda: Sharded(settings, "governor", _counts(documents + state)), rng, timed=True
        )
        self.acknowledgements = Stage(lambda: Acknowledge(settings), rng, timed=False)
        self.watermark: Timestamp = MIN_TIMESTAMP

    @property
    def stages(self) -> tuple[Stage, Stage, Stage]:
        """The stateful stages in order."""
        return (self.ledgers, self.governors, self.acknowledgements)

    def route(self, made: Sequence[Output], *, of_ledgers: bool = False) -> None:
        """Hand on what a stage emitted, then let the watermark of the ledgers advance."""
        main = self.governors if of_ledgers else self.ledgers
        to = {None: main, TO_GOVERNOR: self.governors, TO_ACKNOWLEDGE: self.acknowledgements}
        for tag, pair in made:
            to[tag].queue.append(pair)
        if not self.ledgers.queue:  # elements carry the minimum timestamp and hold it back
            self.watermark = max(self.watermark, min(read.watermark for read in self.reads))

    def machines(self) -> list[Ledger]:
        """Return the decoded ledgers that this process keeps."""
        run = self.settings.run_id
        return [
            machine
            for (run_id, kind, _), (_, machine) in sharded._CACHE.items()
            if run_id == run and kind == "ledger" and isinstance(machine, Ledger)
        ]

    def forget_machines(self) -> None:
        """Lose what the process keeps decoded, as when a key moves to another worker."""
        sharded._CACHE.clear()

    def checkpoint(self) -> Checkpoint:
        """Copy everything durable, between bundles."""
        marks = [(read.mark, read.watermark) for read in self.reads]
        return Checkpoint(marks, [stage.saved() for stage in self.stages], self.watermark)

    def restore(self, saved: Checkpoint) -> None:
        """Go back to a checkpoint with other instances of everything."""
        self.watermark = saved.watermark
        for read, (mark, watermark) in zip(self.reads, saved.marks, strict=True):
            read.restore(mark, watermark)
        for stage, kept in zip(self.stages, saved.stages, strict=True):
            stage.restore(kept)
            stage.renew()


def new_settings() -> Settings:
    """Return the settings of one run."""
    return Settings(
        "simulated://",
        shards=SHARDS,
        governors=2,
        margin_ms=MARGIN,
        tick_ms=1,
        measure_ms=60_000,
        run_id=f"simulated-{next(_RUNS)}",
    )


SHARDS = 3
MARGIN = 200
"""Subtracted from the broker's time (ms)."""


class Clocks:
    """The worker's own clock: the log's time and how far it is wrong."""

    def __init__(self, log: Log) -> None:
        self._log, self.wrong = log, 0

    def now(self) -> Instant:
        """Return what the worker's clock shows."""
        return Instant(self._log.now + self.wrong)


@contextmanager
def wired(log: Log, clocks: Clocks, samplers: list[Sampler], codec: Codec) -> Iterator[None]:
    """Let the stages meet the simulated broker, sampler and clock wherever they ask for one."""

    def opened(*_: object, **__: object) -> Broker:
        return Broker(log)

    where = "pipeline.transforms"
    with ExitStack() as stack:
        for module in ("sink", "split", "acknowledge", "read"):
            stack.enter_context(patch(f"{where}.{module}.open_broker", opened))
        for module in ("read", "ticks"):
            stack.enter_context(patch(f"{where}.{module}.sampler", lambda *_: samplers[-1]))
        stack.enter_context(patch(f"{where}.sharded.worker_now", clocks.now))
        stack.enter_context(patch.object(Codec, "from_settings", lambda _: codec))
        yield


def _partitions(broker: Broker, topics: Sequence[str]) -> tuple[Partition, ...]:
    return tuple(
        Partition(topic, number)
        for topic in topics
        for number in range(broker.partitions(topic) or 0)
    )


def _counts(partitions: Sequence[Partition]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for partition in partitions:
        counts[partition.topic] = counts.get(partition.topic, 0) + 1
    return counts
