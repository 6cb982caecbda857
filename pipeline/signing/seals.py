"""What is signed of a batch, and the seal that each message of it carries.

A seal is a text of lines, so that a store in any language reads it by splitting at line feeds. What
is signed are its first ten lines as they stand, each with its line feed: nothing is encoded again
to be verified. There is one text for one seal: any other is refused.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.instants import MAX_INSTANT, Instant
from pipeline.signing.keys import SigningKey
from pipeline.signing.tree import HASH_BYTES, Tree, leaf_hash

DOMAIN = "retention-seal/1"
"""First line: what the signature is for, and how the rest is written. No key may sign others."""
MAX_LEAVES = 1 << 20
"""Most messages of one batch."""
SIGNATURE_BYTES = 64

_NAME = r"[A-Za-z0-9._-]{1,249}"
_NUMBER = r"0|[1-9][0-9]{0,14}"
_HEAD = re.compile(
    rf"{DOMAIN}\n(?P<kind>[a-z]{{1,32}})\n(?P<topic>{_NAME})\n(?P<store>(?:{_NAME})?)\n"
    rf"(?P<documents>(?:[0-9a-f]{{64}})?)\n(?P<issued>{_NUMBER})\n(?P<expires>(?:{_NUMBER})?)\n"
    rf"(?P<size>{_NUMBER})\n(?P<root>[A-Za-z0-9+/=]{{44}})\n(?P<key>[0-9a-f]{{32}})\n"
    r"(?P<signature>[A-Za-z0-9+/=]{88})\n",
    re.ASCII,
)
_TAIL = re.compile(rf"({_NUMBER})\n([A-Za-z0-9+/=]{{0,860}})", re.ASCII)
_TAIL_LINES = 2
_KNOWN_HEADS = 256
_MOST = 2_048
"""Letters of a seal, which has fewer: what is longer is none, and must not be remembered."""


class Statement(NamedTuple):
    """What a key says of a batch.

    Attributes:
        kind: of messages: `commands`, `receipts`, or a kind of document.
        topic: where they are meant to lie.
        store: whom commands are for, or whose receipts they are; empty: documents.
        documents: digest of the documents in force when commands were sealed; else empty.
        issued_at: when it was signed.
        expires_at: when the last of them is void; None: never.
        size: how many they are.
        root: of the tree over them.
        key_id: of the key that signs.
    """

    kind: str
    topic: str
    store: str
    documents: str
    issued_at: Instant
    expires_at: Instant | None
    size: int
    root: bytes
    key_id: str

    def text(self) -> str:
        """Return what is signed."""
        expires = "" if self.expires_at is None else self.expires_at
        return (
            f"{DOMAIN}\n{self.kind}\n{self.topic}\n{self.store}\n{self.documents}\n"
            f"{self.issued_at}\n{expires}\n{self.size}\n{b64encode(self.root).decode()}\n"
            f"{self.key_id}\n"
        )


class Seal(NamedTuple):
    """A statement, its signature, and the proof that a message is one of those it is about."""

    statement: Statement
    signature: bytes
    place: int
    path: bytes

    def text(self) -> str:
        """Return the seal as a message carries it."""
        return f"{_head(self.statement, self.signature)}{_tail(self.place, self.path)}"


def _head(statement: Statement, signature: bytes) -> str:
    return f"{statement.text()}{b64encode(signature).decode()}\n"


def _tail(index: int, path: bytes) -> str:
    return f"{index}\n{b64encode(path).decode()}"


def parse_seal(text: str) -> Seal | None:
    """Read a seal; None when it is none, or not written as `Seal.text` writes it."""
    if len(text) > _MOST:
        return None
    lines = text.rsplit("\n", _TAIL_LINES)
    tail = _TAIL.fullmatch("\n".join(lines[1:]))
    signed = _parsed_head(f"{lines[0]}\n")
    if signed is None or tail is None:
        return None
    path = _decoded(tail[2])
    return None if path is None else Seal(*signed, int(tail[1]), path)


@lru_cache(maxsize=_KNOWN_HEADS)
def _parsed_head(text: str) -> tuple[Statement, bytes] | None:
    """Read what all seals of a batch have in common."""
    found = _HEAD.fullmatch(text)
    if found is None:
        return None
    root, signature = _decoded(found["root"]), _decoded(found["signature"])
    issued, size = Instant(int(found["issued"])), int(found["size"])
    expires = Instant(int(found["expires"])) if found["expires"] else None
    if (
        max(issued, expires or 0) > MAX_INSTANT
        or not 0 < size <= MAX_LEAVES
        or root is None
        or len(root) != HASH_BYTES
        or signature is None
        or len(signature) != SIGNATURE_BYTES
    ):
        return None
    kind, topic, store, documents, key = (
        found[name] for name in ("kind", "topic", "store", "documents", "key")
    )
    return (
        Statement(kind, topic, store, documents, issued, expires, size, root, key),
        signature,
    )


def _decoded(text: str) -> bytes | None:
    """Return the bytes of base64, written the one way that `b64encode` has."""
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        return None
    return found if b64encode(found).decode() == text else None


def seal_all(
    contents: Sequence[bytes],
    key: SigningKey,
    *,
    kind: str,
    topic: str,
    issued_at: Instant,
    store: str = "",
    documents: str = "",
    expires_at: Instant | None = None,
) -> list[str]:
    """Sign a batch once, and return the seal of each of its messages in order.

    Args:
        contents: what is signed of each message; 1 to `MAX_LEAVES`.
        key: who signs.
        kind: see `Statement`, as for the others.
        topic: where they go.
        issued_at: the present.
        store: whom they are for or from.
        documents: digest of the documents in force.
        expires_at: when the last of them is void.
    """
    tree = Tree([leaf_hash(content) for content in contents])
    statement = Statement(
        kind, topic, store, documents, issued_at, expires_at, len(contents), tree.root, key.key_id
    )
    head = _head(statement, key.sign(statement.text().encode()))
    return [head + _tail(index, tree.path(index)) for index in range(len(contents))]
