"""The two state machines behind one face, so that one Beam stage serves both."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from pipeline.governor import Governor, GovernorChunk
from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.journal import Chunk, decode_chunks, encode_chunk
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part

MachineKind = Literal["ledger", "governor"]


class Machine(Protocol):
    """What the stage needs of a ledger or a governor."""

    now: Instant

    def apply(self, part: Part) -> Outcome:
        """Take one delivery."""
        ...

    def wake(self, at: Instant) -> Outcome:
        """Issue what is due."""
        ...

    def next_wake(self) -> Instant | None:
        """Return when to wake next."""
        ...

    def observe_clock(self, worker_now: Instant, outcome: Outcome) -> None:
        """Compare the broker's time with the worker's."""
        ...

    def progress(self) -> dict[str, int]:
        """Return named numbers that say how far the machine is."""
        ...

    def take_chunk(self, number: int) -> Any:
        """Return what changed."""
        ...

    def whole_chunk(self, number: int) -> Any:
        """Return everything."""
        ...


def new_machine(kind: MachineKind, shard: int, awaited: Mapping[str, int]) -> Machine:
    """Return an empty machine that awaits these partitions of history."""
    return (Ledger if kind == "ledger" else Governor)(shard, dict(awaited))


def folded_machine(
    kind: MachineKind, shard: int, awaited: Mapping[str, int], journal: list[bytes]
) -> Machine:
    """Rebuild a machine from its journal's chunks, read in any order."""
    if kind == "ledger":
        return Ledger.folded(shard, dict(awaited), decode_chunks(journal))
    chunks = [msgspec.msgpack.decode(data, type=GovernorChunk) for data in journal]
    return Governor.folded(shard, dict(awaited), chunks)


def encode(chunk: Chunk | GovernorChunk) -> bytes:
    """Encode a chunk of either machine."""
    return encode_chunk(chunk) if isinstance(chunk, Chunk) else msgspec.msgpack.encode(chunk)
