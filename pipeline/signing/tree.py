"""Merkle trees as RFC 9162 §2.1 has them: one hash stands for a list, in order.

Leaves are hashed after a byte 00 and nodes after a byte 01, so that no node can pass for a leaf
(§2.1.1). The hash is SHA-256.
"""

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry of the list."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbours."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The tree over a list that is not empty."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Take the hashes of the entries.

        Each level joins neighbours of the one below and takes a last one without a neighbour as it
        is: that gives the same root as splitting at the largest power of two, as §2.1.1 words it.
        """
        level = list(leaves)
        self._levels = [level]
        while len(level) > 1:
            joined = list(map(node_hash, level[::2], level[1::2]))
            level = joined + level[len(joined) * 2 :]
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        """The hash that stands for the whole list (MTH)."""
        return self._levels[-1][0]

    def path(self, index: int) -> bytes:
        """Return the inclusion proof of an entry (§2.1.3.1): hashes from below, end to end."""
        found = []
        for level in self._levels:
            sibling = index ^ 1
            if sibling < len(level):
                found.append(level[sibling])
            index >>= 1
        return b"".join(found)


def root_of(leaf: bytes, index: int, size: int, path: bytes) -> bytes | None:
    """Return the root to which an inclusion proof leads (§2.1.3.2).

    Args:
        leaf: hash of the entry.
        index: place of the entry, from 0.
        size: how many entries there are.
        path: the proof, hashes end to end.

    Returns:
        The root, or None when a proof for this place in such a list has another length.
    """
    if not 0 <= index < size or len(path) % HASH_BYTES:
        return None
    place, last, found = index, size - 1, leaf
    for at in range(0, len(path), HASH_BYTES):
        if last == 0:
            return None
        other = path[at : at + HASH_BYTES]
        if place & 1 or place == last:
            found = node_hash(other, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, other)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None
