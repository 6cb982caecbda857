"""What records that were derived from each other tell each other, across shards.

A record asks each of its parents, the records that it was derived from. A parent tells which
documents mean it: a notice, a request or a hold reaches what was derived from what it means. No
deletion of a derived record goes out before each parent has told what it knew at that instant, so
that a hold on a photo that was published in time saves the template too.

A natural key (`natural_key_hash`) is a parent of its own kind: its shard remembers under which
documents data of that key was deleted, and tells whoever brings such data back.
"""

from typing import Final, Literal

import msgspec

from pipeline.events import OWN_IDS
from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT, Instant

KEY_IDS = f"{OWN_IDS}key/"
"""How ids begin under which natural keys are kept."""
MAX_DEPTH = 16
"""Generations that are waited for. More are a mistake, or a cycle: a record that is its own parent.

What is as deep inherits all the same, but answers without waiting for its own parents, so that no
two wait for each other for ever.
"""
LIVING = MIN_INSTANT
"""In place of the instant of a deletion: the document means data that is there."""


class Taint(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """A document that means a record, and so what is derived from it.

    Attributes:
        document: kind and id of a notice, request or hold; or the cause of a policy's deletion.
        reach: how surely it means the record (`documents.Reach`).
        deleted_at: when a store confirmed a deletion under it; `LIVING`: it means what is there.
    """

    document: str
    reach: int
    deleted_at: Instant = LIVING


class Heard(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """What a record was told by one parent.

    Attributes:
        parent_id: which.
        asked: the latest instant for which its word was asked.
        at: up to when everything published was taken into account in what it said.
        version: of the parent's row when it said so: the greatest counts.
        depth: how many generations it is from what was not derived.
        answered: whether it has said anything.
        known: whether any event ever told of it.
        taints: what means it.
    """

    parent_id: RecordId
    asked: Instant = MIN_INSTANT
    at: Instant = MIN_INSTANT
    version: int = 0
    depth: int = 0
    answered: bool = False
    known: bool = False
    taints: tuple[Taint, ...] = ()


ASK: Final = "ASK"
TOLD: Final = "TOLD"
GONE: Final = "GONE"


class Mail(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One message between shards. See `schemas/lineage.avsc`.

    Attributes:
        record_id: to whom.
        other_id: from whom.
        what: `ASK` from a derived record; `TOLD` from a parent; `GONE` from a record whose data of
            a natural key was deleted, to the key.
        at: for `ASK`: from when on the parent's word is wanted; for `TOLD`: up to when everything
            published was taken into account.
        version: for `TOLD`: of the parent's row.
        depth: for `TOLD`: how many generations the parent is from what was not derived.
        known: for `TOLD`: whether any event ever told of the parent.
        taints: for `TOLD` and `GONE`: the documents.
    """

    record_id: RecordId
    other_id: RecordId
    what: Literal["ASK", "TOLD", "GONE"]
    at: Instant = MIN_INSTANT
    version: int = 0
    depth: int = 0
    known: bool = False
    taints: tuple[Taint, ...] = ()


def merged(*several: tuple[Taint, ...]) -> tuple[Taint, ...]:
    """Join taints: of each document the surest reach, and the latest deletion."""
    found: dict[str, Taint] = {}
    for taints in several:
        for taint in taints:
            known = found.get(taint.document, taint)
            found[taint.document] = Taint(
                taint.document,
                max(known.reach, taint.reach),
                max(known.deleted_at, taint.deleted_at),
            )
    return tuple([found[name] for name in sorted(found)])


def is_key(record_id: RecordId) -> bool:
    """Whether a natural key is kept under an id, and no record."""
    return record_id.startswith(KEY_IDS)


def key_id(natural_key_hash: str) -> RecordId:
    """Return the id under which a natural key is kept."""
    return RecordId(f"{KEY_IDS}{natural_key_hash}")
