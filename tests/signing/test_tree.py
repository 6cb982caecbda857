"""Trees against RFC 9162's own definitions, and the vectors that logs of certificates share."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signing.tree import HASH_BYTES, Tree, leaf_hash, node_hash, root_of

# The inputs and roots of the tests of certificate-transparency logs (sizes 1 to 8).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def split(size: int) -> int:
    """The largest power of two smaller than the size."""
    found = 1
    while found * 2 < size:
        found *= 2
    return found


def mth(entries: list[bytes]) -> bytes:
    """§2.1.1 as it is worded."""
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """§2.1.3.1 as it is worded."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def entries_of(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_the_shared_vectors(size: int) -> None:
    assert Tree([leaf_hash(data) for data in INPUTS[:size]]).root.hex() == ROOTS[size - 1]


@pytest.mark.parametrize("size", [*range(1, 65), 1_000, 2_000])
def test_root_and_proofs_are_those_that_the_rfc_defines(size: int) -> None:
    entries = entries_of(size)
    tree = Tree([leaf_hash(data) for data in entries])
    assert tree.root == mth(entries)
    for index in range(0, size, 1 if size <= 64 else 97):
        proof = tree.path(index)
        assert proof == b"".join(path(index, entries))
        assert root_of(leaf_hash(entries[index]), index, size, proof) == tree.root


@pytest.mark.parametrize("size", range(1, 18))
def test_a_proof_holds_at_no_other_place_and_for_no_other_entry(size: int) -> None:
    leaves = [leaf_hash(data) for data in entries_of(size)]
    tree = Tree(leaves)
    for index in range(size):
        for place in range(size):
            for leaf in range(size):
                found = root_of(leaves[leaf], place, size, tree.path(index))
                assert (found == tree.root) is (index == place == leaf)


@given(st.integers(1, 64), st.data())
def test_a_proof_of_another_length_or_with_another_bit_fails(
    size: int, data: st.DataObject
) -> None:
    leaves = [leaf_hash(entry) for entry in entries_of(size)]
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.path(index)
    assert root_of(leaves[index], index, size, proof + bytes(HASH_BYTES)) != tree.root
    assert root_of(leaves[index], index, size, proof + b"\x00") is None
    if proof:
        assert root_of(leaves[index], index, size, proof[:-HASH_BYTES]) != tree.root
        at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 7))
        other = bytearray(proof)
        other[at] ^= 1 << bit
        assert root_of(leaves[index], index, size, bytes(other)) != tree.root


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (9, 4)])
def test_a_place_outside_the_list_has_no_root(index: int, size: int) -> None:
    assert root_of(bytes(HASH_BYTES), index, size, b"") is None


def test_a_node_cannot_pass_for_an_entry() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
