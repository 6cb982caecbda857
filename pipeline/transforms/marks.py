"""Where a reader stands, as a runner keeps it between two of its bundles."""

import msgspec
from apache_beam.coders import Coder
from apache_beam.io.unbounded_source import CheckpointMark

from pipeline.transports.contract import Position


class Place(msgspec.Struct, array_like=True):
    """Where a reader stands in one partition, and of which topic of that name, if it is known."""

    position: Position
    begin: Position
    end: Position
    identity: str = ""


class Mark(CheckpointMark):
    """Durable position of a reader: one place a partition, keyed `topic:number`."""

    def __init__(self, places: dict[str, Place]) -> None:
        self.places = places

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and other.places == self.places

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.places)))


class MarkCoder(Coder):
    """Encodes a mark as MessagePack: small, deterministic, no pickled class."""

    def encode(self, value: Mark) -> bytes:
        """Encode."""
        return msgspec.msgpack.encode(dict(sorted(value.places.items())))

    def decode(self, encoded: bytes) -> Mark:
        """Decode."""
        return Mark(msgspec.msgpack.decode(encoded, type=dict[str, Place]))

    def is_deterministic(self) -> bool:
        """Say that equal marks encode equally."""
        return True
