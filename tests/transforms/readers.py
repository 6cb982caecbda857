"""A log to read, and readers of it as Beam makes them."""

from pathlib import Path

from pipeline.instants import Instant
from pipeline.settings import Settings
from pipeline.transforms.marks import Mark
from pipeline.transforms.read import Batch, LogReader, LogSource
from pipeline.transports.contract import Partition, Position, Sample, TopicSpec
from pipeline.transports.sqlite import SqliteBroker

P0, P1, P2 = (Partition("t", number) for number in range(3))


class Samples:
    """Stands for the thread that asks the broker's time: asked only when a test says so."""

    def __init__(self) -> None:
        self.sample: Sample | None = None

    def watch(self, partitions: tuple[Partition, ...]) -> None:
        pass

    def leave(self, partitions: tuple[Partition, ...]) -> None:
        pass

    def latest(self) -> Sample | None:
        return self.sample


class Log:
    """A log of one topic with three partitions, and readers of it."""

    def __init__(self, folder: Path, samples: Samples) -> None:
        self.url = f"sqlite://{folder}/log.db"
        self.broker = SqliteBroker(self.url)
        self.broker.create([TopicSpec("t", 3), TopicSpec("retention.clock", 1)])
        self.broker.set_clock(Instant(1_000))
        self.samples = samples
        self.producer = self.broker.producer()
        self.readers: list[LogReader] = []

    def write(self, *keys: str) -> None:
        for key in keys:
            self.producer.send("t", key.encode(), b"v")
        self.producer.flush()

    def sample(self, now: int) -> None:
        self.broker.set_clock(Instant(now))
        self.samples.sample = self.broker.sample([P0, P1, P2])

    def reader(
        self,
        mark: Mark | None = None,
        *,
        history: bool = False,
        follow: bool = True,
        batch: int = 3,
        starts: tuple[tuple[Partition, Position], ...] = (),
    ) -> LogReader:
        configured = Settings(self.url, group="g", batch_messages=batch, margin_ms=10)
        source = LogSource(configured, (P0, P1, P2), history=history, follow=follow, starts=starts)
        reader = source.create_reader(None, mark)
        self.readers.append(reader)
        return reader

    def offsets(self) -> dict[Partition, list[int]]:
        """What lies in the log."""
        return {p: list(range(end)) for p, end in self.broker.ends([P0, P1, P2]).items()}


def take(reader: LogReader, count: int = 1_000, *, start: bool = True) -> list[Batch]:
    """Take at most so many batches, as Beam does."""
    found: list[Batch] = []
    more = reader.start() if start else reader.advance()
    while more:
        found.append(reader.get_current())
        if len(found) == count:
            break
        more = reader.advance()
    return found


def check_no_gap(batches: list[Batch], begin: int = 0) -> None:
    at: dict[tuple[str, int], int] = {}
    for batch in batches:
        key = (batch.topic, batch.partition)
        assert batch.start == at.get(key, begin)
        assert batch.next >= batch.start
        assert [m.offset for m in batch.messages] == list(range(batch.start, batch.next))
        at[key] = batch.next


def seen(batches: list[Batch]) -> dict[Partition, list[int]]:
    found: dict[Partition, list[int]] = {p: [] for p in (P0, P1, P2)}
    for batch in batches:
        found[Partition(batch.topic, batch.partition)] += [m.offset for m in batch.messages]
    return found


KEYS = tuple(f"k{number}" for number in range(40))
