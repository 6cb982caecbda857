"""Acknowledged positions: commit what every part of every batch before it has been flushed.

Beam gives no order between data and acknowledgement: parts are counted, never assumed. One key a
partition, so that one stage instance sees all its pieces.
"""

import itertools
from collections.abc import Iterable, Iterator

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from pipeline.ledger.parts import Origin
from pipeline.ledger.spans import Coverage
from pipeline.settings import Settings
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker, Partition


class Piece(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """So many parts of the batch of this origin were flushed."""

    origin: Origin
    count: int


_ENCODER = msgspec.msgpack.Encoder()
_PIECES = msgspec.msgpack.Decoder(list[Piece])


def encode_pieces(pieces: Iterable[Piece]) -> Iterator[tuple[str, bytes]]:
    """Group pieces by partition, for the stateful stage."""

    def key(piece: Piece) -> str:
        return f"{piece.origin.topic}:{piece.origin.partition}"

    for name, group in itertools.groupby(sorted(pieces, key=key), key=key):
        yield name, _ENCODER.encode(list(group))


class TrackerState(msgspec.Struct, array_like=True):
    """Parts still missing by range, complete ranges, the base, and what was committed."""

    missing: dict[str, int] = {}
    ranges: list[tuple[int, int]] = []
    base: int = -1
    committed: int = -1


class Tracker:
    """Counts the parts of one partition's batches."""

    def __init__(self, state: TrackerState | None = None) -> None:
        state = state or TrackerState()
        self._missing = dict(state.missing)
        self._coverage = Coverage(list(state.ranges))
        self._base = state.base
        self.committed = state.committed

    def add(self, piece: Piece) -> None:
        """Take note of flushed parts."""
        origin = piece.origin
        if self._base < 0:
            self._base = origin.run_start
        name = f"{origin.start}:{origin.next}"
        left = self._missing.get(name, origin.parts) - piece.count
        if left > 0:
            self._missing[name] = left
            return
        self._missing.pop(name, None)
        self._coverage.add(origin.start, origin.next)

    def position(self) -> int | None:
        """Return the position that may be committed, when it lies after the committed one."""
        reach = self._coverage.reach(self._base)
        if reach <= max(self._base, self.committed):
            return None
        self.committed = reach
        return reach

    def state(self) -> TrackerState:
        """Return the durable form."""
        return TrackerState(self._missing, self._coverage.ranges, self._base, self.committed)


class Acknowledge(beam.DoFn):
    """Pieces in; committed positions in the broker. Emits nothing."""

    TRACKER = ReadModifyWriteStateSpec("tracker", BytesCoder())

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._broker: Broker | None = None

    def setup(self) -> None:
        """Open the connection."""
        settings = self._settings
        self._broker = open_broker(settings.broker_url, clock_topic=f"{settings.prefix}clock")

    def teardown(self) -> None:
        """Release the connection."""
        if self._broker is not None:
            self._broker.close()

    def start_bundle(self) -> None:
        """Begin with nothing to commit."""
        self._positions: dict[Partition, int] = {}

    def process(
        self,
        element: tuple[str, bytes],
        tracker_state: "beam.transforms.userstate.RuntimeState" = beam.DoFn.StateParam(TRACKER),  # noqa: B008
    ) -> None:
        """Count the pieces of one partition."""
        key, data = element
        stored = tracker_state.read()
        tracker = Tracker(msgspec.msgpack.decode(stored, type=TrackerState) if stored else None)
        for piece in _PIECES.decode(data):
            tracker.add(piece)
        position = tracker.position()
        tracker_state.write(_ENCODER.encode(tracker.state()))
        if position is not None:
            topic, _, number = key.rpartition(":")
            self._positions[Partition(topic, int(number))] = position

    def finish_bundle(self) -> None:
        """Commit."""
        if self._positions and self._broker is not None:
            self._broker.commit(self._settings.group, self._positions)
