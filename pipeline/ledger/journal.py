"""The durable form of a ledger: chunks of what changed, folded in order of their number.

A chunk's token is a hash chained over all chunks before it. A cached ledger is valid only while its
token equals the stored one: after a rollback a counter could match again, a hash cannot.
"""

import hashlib

import msgspec

from pipeline.documents.envelope import Envelope
from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.ledger.gate import GateState
from pipeline.ledger.holdings import Packed, RecordClass
from pipeline.ledger.parts import Part

FIRST_TOKEN = b""


class Chunk(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What one change adds. `whole` starts afresh: everything before it is void (compaction).

    Attributes:
        classes: of records, in the order of their numbers, which the packed records refer to.
        parked: parts that wait for the gate or the time; `emptied` says that those before do not.
        findings: ids of those that were raised, the oldest first.
        reviewing: whether records are still to be looked at because of documents that changed.
        opened: whether all history was there, and the time.
        asks: parent, child and instant of each question that waits.
        answered: parent and child of those that do not any more.
        since: from when on the documents in force are known.
        removed: keys of records that were forgotten.
        resending: whether what the records to be looked at have commanded is sent again then.
    """

    number: int
    now: Instant = MIN_INSTANT
    whole: bool = False
    classes: tuple[RecordClass, ...] = ()
    records: tuple[Packed, ...] = ()
    envelopes: tuple[Envelope, ...] = ()
    parked: tuple[Part, ...] = ()
    emptied: bool = False
    gate: GateState | None = None
    findings: tuple[str, ...] = ()
    commanding: bool = True
    reviewing: bool = False
    opened: bool = False
    asks: tuple[tuple[RecordId, RecordId, Instant], ...] = ()
    answered: tuple[tuple[RecordId, RecordId], ...] = ()
    since: Instant = MIN_INSTANT
    removed: tuple[bytes, ...] = ()
    resending: bool = False


_CHUNKS_OUT = msgspec.msgpack.Encoder()
_CHUNKS_IN = msgspec.msgpack.Decoder(Chunk)


def encode_chunk(chunk: Chunk) -> bytes:
    """Encode a chunk."""
    return _CHUNKS_OUT.encode(chunk)


def decode_chunks(stored: list[bytes]) -> list[Chunk]:
    """Decode chunks read in any order; return those since the last whole one, in order."""
    chunks = sorted((_CHUNKS_IN.decode(data) for data in stored), key=lambda chunk: chunk.number)
    for place in range(len(chunks) - 1, -1, -1):
        if chunks[place].whole:
            return chunks[place:]
    return chunks


def next_token(token: bytes, chunk: bytes) -> bytes:
    """Chain a chunk onto a token."""
    return hashlib.blake2b(token + chunk, digest_size=16).digest()
