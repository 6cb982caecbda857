"""The two state machines behind one face, so that one Beam stage serves both."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from pipeline.documents import InForce
from pipeline.governor import Governor, GovernorChunk
from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.folding import folded, take_chunk, whole_chunk
from pipeline.ledger.journal import decode_chunks, encode_chunk
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part
from pipeline.settings import Settings

MachineKind = Literal["ledger", "governor"]


class Machine(Protocol):
    """What the stage needs of a ledger or a governor."""

    now: Instant
    in_force: InForce

    def apply(self, part: Part) -> Outcome:
        """Take one delivery."""
        ...

    def wake(self, at: Instant) -> Outcome:
        """Issue what is due."""
        ...

    def next_wake(self) -> Instant | None:
        """Return when to wake next."""
        ...

    def observe_clock(self, worker_now: Instant, tick: Instant, outcome: Outcome) -> None:
        """Compare the broker's time with the worker's, before the tick is applied."""
        ...

    def progress(self) -> dict[str, int]:
        """Return named numbers that say how far the machine is."""
        ...


def new_machine(
    kind: MachineKind, shard: int, awaited: Mapping[str, int], settings: Settings
) -> Machine:
    """Return an empty machine that awaits these partitions of history."""
    if kind == "ledger":
        return Ledger(shard, dict(awaited), settings.approvals, settings.shards)
    return Governor(shard, dict(awaited), settings.approvals, settings.shards)


def folded_machine(
    kind: MachineKind,
    shard: int,
    awaited: Mapping[str, int],
    settings: Settings,
    journal: list[bytes],
) -> Machine:
    """Rebuild a machine from its journal's chunks, read in any order."""
    if kind == "ledger":
        found = decode_chunks(journal)
        return folded(shard, dict(awaited), found, settings.approvals, settings.shards)
    chunks = [msgspec.msgpack.decode(data, type=GovernorChunk) for data in journal]
    return Governor.folded(shard, dict(awaited), chunks, settings.approvals, settings.shards)


def next_chunk(machine: Machine, number: int, *, whole: bool) -> tuple[bytes, bool] | None:
    """Return what changed since the last call, or everything, and whether it is everything.

    None when nothing changed.
    """
    if isinstance(machine, Ledger):
        chunk = whole_chunk(machine, number) if whole else take_chunk(machine, number)
        return None if chunk is None else (encode_chunk(chunk), chunk.whole)
    assert isinstance(machine, Governor)  # noqa: S101  # there are two kinds
    own = machine.whole_chunk(number) if whole else machine.take_chunk(number)
    return None if own is None else (msgspec.msgpack.encode(own), own.whole)
