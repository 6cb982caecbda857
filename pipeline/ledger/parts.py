"""What arrives at a shard: the part of a batch that concerns it, with where it came from."""

import msgspec

from pipeline.commands import Command
from pipeline.documents.envelope import Envelope
from pipeline.events import Event
from pipeline.findings import StateRow
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.records import Mail, Record


class Origin(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where a batch of acknowledged input lay, and in how many parts it was split.

    Positions, not offsets of messages: `[start, next)`. `run_start` is where this run began reading
    the partition, the base from which contiguous acknowledgement counts.
    """

    topic: str
    partition: int
    start: int
    next: int
    run_start: int
    parts: int


class Span(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A range of history delivered to this shard, of the whole `[begin, end)` it awaits."""

    topic: str
    partition: int
    start: int
    next: int
    begin: int
    end: int


class Part(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One delivery to one shard. Every field may be empty.

    To governors only: `census`, how many records a shard of ledgers holds; `confirmed`, under which
    documents a shard has looked at all it had commanded.
    """

    origins: tuple[Origin, ...] = ()
    events: tuple[Event, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    envelopes: tuple[Envelope, ...] = ()
    rows: tuple[Record, ...] = ()
    states: tuple[StateRow, ...] = ()
    spans: tuple[Span, ...] = ()
    commands: tuple[Command, ...] = ()
    census: tuple[tuple[int, int], ...] = ()
    confirmed: tuple[tuple[int, str], ...] = ()
    tick: Instant | None = None
    mails: tuple[Mail, ...] = ()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Part)


def encode_part(part: Part) -> bytes:
    """Encode for the shuffle and for parking."""
    return _ENCODER.encode(part)


def decode_part(data: bytes) -> Part:
    """Decode what `encode_part` made."""
    return _DECODER.decode(data)
