"""Bytes per record: the ledgers of many stated records in memory, and their journal. A child."""

import gc
import os
import sys
from pathlib import Path

from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.folding import take_chunk, whole_chunk
from pipeline.ledger.journal import encode_chunk
from pipeline.ledger.parts import Part, decode_part, encode_part
from tests.bench.world import SHARDS, stated_event, stated_policy

PART_EVENTS = 32
"""Events a delivery: a batch of 2,000 over 64 shards."""
AT = 1_767_225_600_000  # 2026-01-01T00:00Z


def resident_bytes() -> int:
    """Return the resident set of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(*, records: int) -> dict[str, float]:
    """Fill 64 ledgers; return bytes per record: memory, journal as appended, journal compacted."""
    ledgers = [Ledger(shard, {}) for shard in range(SHARDS)]
    for ledger in ledgers:
        ledger.apply(Part(envelopes=(stated_policy(),), tick=Instant(AT)))
        take_chunk(ledger, 1)
    _fill(ledgers[0], 0, PART_EVENTS)  # caches of rules and codecs are not the records' bytes
    gc.collect()
    before, appended, filled = resident_bytes(), 0, 0
    share = records // SHARDS
    for place, ledger in enumerate(ledgers):
        first = PART_EVENTS + place * share
        appended += _fill(ledger, first, share)
        filled += share
    gc.collect()
    grown = resident_bytes() - before
    whole = len(encode_chunk(whole_chunk(ledgers[-1], 1)))
    ((key, sample),) = ledgers[-1].holdings.packed([next(iter(ledgers[-1].holdings))])
    return {
        "records": filled,
        "memory": grown / filled,
        "journal": appended / filled,
        "compacted": whole / len(ledgers[-1].holdings),
        "packed": len(key) + len(sample),
        **_made_of(ledgers[-1]),
    }


def _made_of(ledger: Ledger) -> dict[str, float]:
    """Return what a record's bytes are, as the interpreter counts them."""
    held: dict[bytes, bytes] = ledger.holdings._packed
    count = len(held)
    buckets = ledger.wakes._wheel._buckets.values()
    near = ledger.wakes._wheel._near
    hints = sum(map(sys.getsizeof, buckets)) + sys.getsizeof(near) + 56 * len(near)
    return {
        "key": sum(map(sys.getsizeof, held)) / count,
        "value": sum(map(sys.getsizeof, held.values())) / count,
        "table": sys.getsizeof(held) / count,
        "wakes": hints / count,
    }


def _fill(ledger: Ledger, first: int, count: int) -> int:
    """Deliver so many events in parts, through their wire form; return the bytes of the chunks."""
    size = 0
    for start in range(first, first + count, PART_EVENTS):
        numbers = range(start, min(start + PART_EVENTS, first + count))
        part = Part(events=tuple(stated_event(number, AT) for number in numbers))
        ledger.apply(decode_part(encode_part(part)))
        chunk = take_chunk(ledger, 1)
        size += 0 if chunk is None else len(encode_chunk(chunk))
    return size
