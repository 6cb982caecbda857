"""Sources: batches of raw messages with where they lay, and a watermark in the broker's time.

Every element carries the minimum timestamp. On Prism an element waits behind an earlier pending
timer of its key; so stamped it never does, and pending elements still hold the watermark back.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec
from apache_beam.coders import Coder, registry
from apache_beam.io.unbounded_source import UnboundedReader, UnboundedSource
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp

from pipeline.errors import InvalidInput
from pipeline.instants import Instant
from pipeline.settings import Settings
from pipeline.transforms.frontier import Frontier
from pipeline.transforms.lookout import Lookout
from pipeline.transforms.marks import Mark, MarkCoder, Place
from pipeline.transforms.positions import Renewal, acknowledged, go_back
from pipeline.transforms.pulse import stopping
from pipeline.transforms.sampler import Sampler, sampler
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker, Consumer, Message, Partition, Position

_LOG = logging.getLogger(__name__)


class Batch(NamedTuple):
    """Messages of one partition, the positions `[start, next)` they cover, and the whole range.

    `begin` is where this run began; `end`, for history, where the partition ended then (else -1).
    """

    topic: str
    partition: int
    start: Position
    next: Position
    begin: Position
    end: Position
    messages: Sequence[Message]


class BatchCoder(Coder):
    """Encodes a batch as MessagePack, for runners that do not fuse a read with its split."""

    def encode(self, value: Batch) -> bytes:
        """Encode."""
        return _ENCODER.encode(value)

    def decode(self, encoded: bytes) -> Batch:
        """Decode."""
        return _BATCHES.decode(encoded)

    def estimate_size(self, value: Batch) -> int:
        """Guess, for the runner's statistics: they are taken of most batches."""
        return MESSAGE_BYTES * len(value.messages)

    def is_deterministic(self) -> bool:
        """Say that equal batches encode equally."""
        return True

    def to_type_hint(self) -> type[Batch]:
        """Return the type by which Beam finds this coder."""
        return Batch

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BatchCoder)

    def __hash__(self) -> int:
        return hash(BatchCoder)


MESSAGE_BYTES = 200
_ENCODER = msgspec.msgpack.Encoder()
_BATCHES = msgspec.msgpack.Decoder(Batch)
registry.register_coder(Batch, BatchCoder)


@dataclass(frozen=True)
class LogSource(UnboundedSource):
    """Reads partitions of a log in batches.

    `history` reads from the oldest message and holds the watermark at the minimum until it has read
    what was there at the start; `follow` goes on after that. Otherwise reading starts at the
    group's committed positions. A value: Beam remembers the encoded form of equal sources.
    `all_partitions`, of a share, are those of the whole. `starts`: what was committed when the job
    was submitted: a runner that goes back to a checkpoint older than the reader finds positions
    that were committed after it, and would miss what lies between. Empty: asked for at the start.
    """

    settings: Settings
    partitions: tuple[Partition, ...]
    history: bool
    follow: bool
    all_partitions: tuple[Partition, ...] = ()
    starts: tuple[tuple[Partition, Position], ...] = ()

    def split(self, desired_num_splits: int, options: Any = None) -> Iterable["LogSource"]:
        """Share the partitions among at most `settings.splits` readers; history is never split."""
        del options
        count = 1 if self.history else min(self.settings.splits, desired_num_splits)
        shares = [self.partitions[number::count] for number in range(count)]
        whole = self.partitions
        return [replace(self, partitions=share, all_partitions=whole) for share in shares if share]

    def create_reader(self, options: Any, checkpoint_mark: Mark | None) -> "LogReader":
        """Create a reader that goes on after the mark."""
        del options
        return LogReader(self, checkpoint_mark)

    def get_checkpoint_mark_coder(self) -> Coder:
        """Return the coder of marks."""
        return MarkCoder()

    def default_output_coder(self) -> Coder:
        """Return the coder of batches."""
        return BatchCoder()


class LogReader(UnboundedReader):
    """Polls without blocking and hands out whole batches; the mark moves only past those."""

    def __init__(self, source: LogSource, mark: Mark | None) -> None:
        self._source = source
        self._settings = source.settings
        self._mark = mark
        self._places: dict[Partition, Place] = {}
        self._queue: deque[Batch] = deque()
        self._current: Batch | None = None
        self._broker: Broker | None = None
        self._consumer: Consumer | None = None
        self._sampler: Sampler | None = None
        self._renewal = Renewal(source.settings.group, source.partitions)
        self._frontier = Frontier(source.partitions, source.settings.margin_ms)
        self._lookout = _lookout(source, mark)

    def start(self) -> bool:
        """Open the connection and position it; return whether a batch is ready."""
        settings = self._settings
        clock_topic = f"{settings.prefix}clock"
        self._sampler = sampler(settings.broker_url, clock_topic)
        self._sampler.watch(self._source.partitions)
        self._broker = open_broker(settings.broker_url, clock_topic=clock_topic)
        self._places = self._first_places(self._broker)
        if not self._source.history:
            places = {partition: place.position for partition, place in self._places.items()}
            go_back(self._broker, settings.group, places)
        self._consumer = self._broker.consumer()
        self._assign()
        if not self._source.history:
            self._lookout.open(self._broker)
        if self._source.history:
            # An empty partition is history too: say so, or the gate would wait for it.
            self._queue.extend(
                Batch(p.topic, p.number, place.position, place.position, place.begin, place.end, ())
                for p, place in self._places.items()
                if place.position >= place.end
            )
        return self.advance()

    def _assign(self) -> None:
        if self._consumer is None:
            return
        self._consumer.assign(
            {
                partition: place.position
                for partition, place in self._places.items()
                if self._source.follow or place.position < place.end
            }
        )

    def _first_places(self, broker: Broker) -> dict[Partition, Place]:
        partitions = self._source.partitions
        if self._mark is not None:
            return {p: self._mark.places[f"{p.topic}:{p.number}"] for p in partitions}
        if self._source.history:
            begins, ends = broker.beginnings(partitions), broker.ends(partitions)
            return {p: Place(begins[p], begins[p], ends[p]) for p in partitions}
        known = dict(self._source.starts)
        starts = known or acknowledged(broker, self._settings.group, partitions)
        return {p: Place(starts[p], starts[p], -1) for p in partitions}

    def advance(self) -> bool:
        """Take the next batch; False when nothing is there now."""
        if not self._queue:
            self._fetch()
        self._current = self._queue.popleft() if self._queue else None
        if self._current is not None:
            partition = Partition(self._current.topic, self._current.partition)
            self._places[partition].position = self._current.next
        return self._current is not None

    def _fetch(self) -> None:
        if self._consumer is None or self._broker is None or stopping():
            return
        if not self._source.history:
            self._renewal.renew(self._broker)
            self._lookout.follow()
            self._frontier.leave_out(self._lookout.excluded)
        settings = self._settings
        messages: dict[Partition, list[Message]] = {}
        for message in self._consumer.poll(settings.batch_messages, settings.batch_bytes):
            messages.setdefault(Partition(message.topic, message.partition), []).append(message)
        for partition, position in self._consumer.positions().items():
            place = self._places[partition]
            if position <= place.position:
                continue
            self._queue.append(
                Batch(
                    partition.topic,
                    partition.number,
                    place.position,
                    position,
                    place.begin,
                    place.end,
                    messages.get(partition, ()),
                )
            )
        if self._source.history and not self._source.follow:
            self._drop_finished(self._consumer)

    def _drop_finished(self, consumer: Consumer) -> None:
        """Stop reading what has been read to its end: after it come our own rows of this run."""
        positions = consumer.positions()
        unfinished = {p: at for p, at in positions.items() if at < self._places[p].end}
        if len(unfinished) < len(positions):
            consumer.assign(unfinished)

    def get_current(self) -> Batch:
        """Return the batch taken last."""
        if self._current is None:
            raise InvalidInput("there is no current batch: advance first")
        return self._current

    def get_current_timestamp(self) -> Timestamp:
        """Return the minimum timestamp; see the module."""
        return MIN_TIMESTAMP

    def get_watermark(self) -> Timestamp:
        """Return the broker time up to which everything has been handed out."""
        if self._source.history and any(p.position < p.end for p in self._places.values()):
            return MIN_TIMESTAMP
        if self._queue or self._sampler is None:
            return MIN_TIMESTAMP  # the wrapper ignores a watermark below the former one
        sample = self._sampler.latest()
        if sample is not None and (self._lookout.believes(sample) or not self._source.follow):
            self._frontier.observe(sample)
        positions = {p: place.position for p, place in self._places.items()}
        if not self._source.follow and self._source.history and sample is not None:
            positions |= {p: max(sample.ends.get(p, 0), positions[p]) for p in positions}
        reached: Instant | None = self._frontier.advance(positions)
        return MIN_TIMESTAMP if reached is None else Timestamp(micros=reached * 1_000)

    def get_checkpoint_mark(self) -> Mark:
        """Return the places past everything handed out; what is queued will be read again."""
        identities = self._lookout.identities
        return Mark(
            {
                f"{p.topic}:{p.number}": Place(
                    place.position, place.begin, place.end, identities.get(p.topic, "")
                )
                for p, place in self._places.items()
            }
        )

    def close(self) -> None:
        """Release the connection."""
        if self._sampler is not None:
            self._sampler.leave(self._source.partitions)
        for resource in (self._lookout, self._consumer, self._broker):
            if resource is not None:
                resource.close()
        self._consumer = self._broker = self._sampler = None


def _lookout(source: LogSource, mark: Mark | None) -> Lookout:
    """Return what looks out for a reader; a topic without a place in its mark is not known yet."""
    counts = Counter(p.topic for p in source.all_partitions or source.partitions)
    places = {} if mark is None else mark.places
    known = {name.rpartition(":")[0]: place.identity for name, place in places.items()}
    return Lookout(source.settings, counts, {name: who for name, who in known.items() if who})
