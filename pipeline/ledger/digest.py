"""The proof that two ledgers are equal: a hash over their canonical content.

Left out is what may differ between two correct runs over the same input: row versions, when a
command was issued or answered, everything sent at once (`RESTRICT`) and what erases fields
(`REDACT`), which depend on arrival, and what records told each other, and when.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from pipeline.identifiers import RecordId, shard_of
from pipeline.ledger.leaving import DELETE
from pipeline.records import Issued, Record


def canonical(record: Record) -> bytes:
    """Return the part of a record that the inputs alone determine."""
    deletions = [_issued(item) for item in record.issued if item.kind == DELETE]
    facts = msgspec.structs.replace(
        record, issued=(), answers=(), version=0, children=(), told=(), heard=(), depth=0
    )
    return msgspec.msgpack.encode((facts, sorted(deletions)))


def _issued(item: Issued) -> tuple[str, str, str, int, int, int, str]:
    return (
        item.command_id,
        item.store,
        item.cause,
        item.not_before,
        item.complete_by,
        item.data_until,
        item.outcome or "",
    )


class Digest:
    """Collects records in any order; the newest version of each counts."""

    def __init__(self, shards: int) -> None:
        self._shards = shards
        self._newest: dict[RecordId, tuple[int, bytes]] = {}

    def add(self, record: Record) -> None:
        """Take one version of a record. Only answers to unknown commands are no record."""
        if not (record.births or record.touches or record.issued):
            return
        known = self._newest.get(record.record_id)
        if known is None or known[0] <= record.version:
            content = hashlib.sha256(canonical(record)).digest()
            self._newest[record.record_id] = (record.version, content)

    def add_all(self, records: Iterable[Record]) -> "Digest":
        """Take many."""
        for record in records:
            self.add(record)
        return self

    @property
    def records(self) -> int:
        """How many records were seen."""
        return len(self._newest)

    def by_shard(self) -> dict[int, str]:
        """Return a digest (SHA-256, hexadecimal) of each shard that holds a record."""
        hashes: dict[int, hashlib._Hash] = {}
        for record_id in sorted(self._newest):
            shard = shard_of(record_id, self._shards)
            # The id is part of the content; sorted ids make the order canonical.
            hashes.setdefault(shard, hashlib.sha256()).update(self._newest[record_id][1])
        return {shard: hashes[shard].hexdigest() for shard in sorted(hashes)}

    def total(self) -> str:
        """Return the digest over all shards."""
        whole = hashlib.sha256()
        for shard, content in self.by_shard().items():
            whole.update(f"{shard}:{content}\n".encode())
        return whole.hexdigest()
