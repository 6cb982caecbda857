"""Where the seal of a message is, and what of the message it is about.

Three schemas end in the field `seal`. What is signed are the bytes of the message as they lie on
the topic, frame included, up to that field: nobody has to encode anything again, whatever language
they verify in and whatever version of the schema wrote it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.errors import Undecodable
from pipeline.instants import Instant
from pipeline.signing import SigningKey, seal_all
from pipeline.signing.keyring import RECEIPTS
from pipeline.wire.framing import Format, Framed, SchemaIds
from pipeline.wire.guard import MAX_OWN_BYTES, MAX_OWN_ITEMS
from pipeline.wire.reading import Maker
from pipeline.wire.schemas import schema
from pipeline.wire.writing import append_long

SEALED = frozenset({"command", "receipt", "document"})
"""Schemas with a `seal`, their last field: an optional text."""

_NONE = b"\x00"  # the branch null of the union
_TEXT = b"\x02"  # zig-zag of 1: its branch string


def unsealed(make: Maker) -> Maker:
    """Return what makes a value of a message's fields without the last, its seal."""
    return lambda *fields: make(*fields[:-1])


def content_of(value: bytes) -> bytes:
    """Return what is signed of a message that was encoded without a seal."""
    return value[: -len(_NONE)]


def with_seal(content: bytes, seal: str) -> bytes:
    """Return the message that carries a seal."""
    return content + _field(seal)


def sealed_receipts(
    values: Sequence[bytes], key: SigningKey, topic: str, store: str, now: Instant
) -> list[bytes]:
    """Return receipts of a store, which were encoded without a seal, sealed with its key."""
    if not values:
        return []
    contents = [content_of(value) for value in values]
    seals = seal_all(contents, key, kind=RECEIPTS, topic=topic, store=store, issued_at=now)
    return [with_seal(content, seal) for content, seal in zip(contents, seals, strict=True)]


def sealed_document(value: bytes, key: SigningKey, kind: str, topic: str, now: Instant) -> bytes:
    """Return a document, which was encoded without a seal, sealed with its author's key."""
    content = content_of(value)
    [seal] = seal_all([content], key, kind=kind, topic=topic, issued_at=now)
    return with_seal(content, seal)


def _field(seal: str) -> bytes:
    text = seal.encode()
    out = bytearray(_TEXT)
    append_long(out, len(text))
    return bytes(out + text)


class SealReader:
    """Takes messages of one schema apart into what is signed and the seal."""

    def __init__(self, name: str, ids: SchemaIds | None = None) -> None:
        own = schema(name)
        makers: dict[str, Callable[..., Any]] = {own.short_name: lambda *fields: fields[-1]}
        # The limits of what others write are applied where the value itself is read.
        self._framed = Framed(
            own,
            makers,
            Format(),
            ids or SchemaIds(),
            max_bytes=MAX_OWN_BYTES,
            max_items=MAX_OWN_ITEMS,
            max_in_all=MAX_OWN_BYTES,
        )

    def read(self, value: bytes | None) -> tuple[bytes, str | None]:
        """Return what is signed of a message, and its seal; None when it has none.

        Raises:
            Undecodable: it cannot be read, or its seal is not its last field.
        """
        seal: str | None = self._framed.read(value)
        whole = value or b""
        if seal is None:
            return whole, None
        field = _field(seal)
        if not whole.endswith(field):
            raise Undecodable("altered", "`seal` is not the last field of the message")
        return whole[: -len(field)], seal
