"""Identifiers as distinct types, and how a command's id is made from its content.

Swapping a subject id and a record id is the worst typo this software could have; `NewType` makes it
a type error.
"""

import hashlib
import re
from typing import NewType
from uuid import UUID, uuid5

EventId = NewType("EventId", str)
RecordId = NewType("RecordId", str)
SubjectId = NewType("SubjectId", str)
StoreName = NewType("StoreName", str)
DocumentId = NewType("DocumentId", str)
CommandId = NewType("CommandId", str)
Cause = NewType("Cause", str)
"""Document and step that call for a command, e.g. `policy:acme/uk-faces`; never the version."""

COMMANDS = UUID("6f1f8c2e-6f0b-5d0c-9c9b-1d3f5a2b7e41")
"""Namespace of command ids (RFC 9562 §5.5). Changing it changes every id: never do."""

_SEPARATOR = "\x1f"

MAX_ID_BYTES = 512
"""Of an id or name in UTF-8: longer is a mistake or an attack, and what is kept must stay small."""
SURELY_SHORT = MAX_ID_BYTES // 4
"""So many characters have no more bytes than that, whatever they are."""
MAX_STORE_BYTES = 200
"""Of a store's name: it ends the name of a topic, of which Kafka takes 249."""
_STORE = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_STORE_BYTES}}}")


def is_short(text: str) -> bool:
    """Whether a text is short enough to be kept."""
    if len(text) > MAX_ID_BYTES:
        return False
    return text.isascii() or len(text.encode("utf-8", "surrogatepass")) <= MAX_ID_BYTES


def is_store_name(text: str) -> bool:
    """Whether a store can have a topic of this name."""
    return _STORE.fullmatch(text) is not None


def is_field_name(text: str) -> bool:
    """Whether a field of the data can be called so: the letters of a store's name, as many."""
    return _STORE.fullmatch(text) is not None


def command_id(
    *,
    kind: str,
    target: str,
    record_id: RecordId,
    generation: EventId,
    cause: Cause,
    epoch: str = "",
) -> CommandId:
    """Make a command's id from what it means, so that every duplicate carries the same id.

    Args:
        kind: `DELETE`, `RESTRICT`, ...: both commands of one notice differ.
        target: the store or recipient that obeys.
        record_id: the record.
        generation: id of the event that created this life of the record.
        cause: document and step, without the version.
        epoch: the command of this kind and life that was taken back last; how far this one reaches,
            where that depends on what was known (`DELETE`, `REDACT`); and its fields. May be empty.

    Returns:
        A UUID version 5 as text.
    """
    parts = (kind, target, record_id, generation, cause, epoch)
    # Lengths keep ("a", "bc") and ("ab", "c") apart whatever the parts contain.
    name = _SEPARATOR.join(f"{len(part)}:{part}" for part in parts)
    return CommandId(str(uuid5(COMMANDS, name)))


def shard_of(key: str, shards: int) -> int:
    """Return the shard of a record id: the same in every process, on every machine, for ever."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % shards
