"""The tree is RFC 6962's: held to the reference vectors of Certificate Transparency."""

from __future__ import annotations

import pytest

from audit.log_format.merkle import (
    EMPTY_ROOT,
    Frontier,
    HashMismatch,
    inclusion_proof,
    leaf_hash,
    root_from_proof,
)

# As used by google/certificate-transparency and transparency-dev/merkle.
LEAVES = [
    bytes.fromhex(data)
    for data in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
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
HASHES = [leaf_hash(data) for data in LEAVES]


def root_of(leaves):
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_reference_vectors(size):
    assert root_of(HASHES[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert Frontier().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex().startswith("e3b0c442")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 21, 64, 100])
def test_every_leaf_of_every_tree_is_proven(size):
    leaves = hashes(size)

    for index, leaf in enumerate(leaves):
        path = inclusion_proof(index, size, leaves)
        assert root_from_proof(leaf, index, size, path) == root_of(leaves)


@pytest.mark.parametrize("pruned", [1, 4, 13, 32, 47])
def test_a_leaf_is_proven_from_the_frontier_of_pruned_leaves(pruned):
    leaves, size = hashes(50), 50
    before = Frontier()
    for leaf in leaves[:pruned]:
        before.append(leaf)

    for index in range(pruned, size):
        path = inclusion_proof(index, size, leaves[pruned:], before)
        assert root_from_proof(leaves[index], index, size, path) == root_of(leaves)


def test_a_proof_holds_for_no_other_leaf_place_size_or_path():
    leaves = hashes(21)
    path = inclusion_proof(6, 21, leaves)
    root = root_of(leaves)

    assert root_from_proof(leaves[7], 6, 21, path) != root
    assert root_from_proof(leaves[6], 5, 21, path) != root
    assert root_from_proof(leaves[6], 6, 21, [*path[1:], path[0]]) != root
    for wrong in (path[:-1], [*path, path[0]]):
        with pytest.raises(HashMismatch):
            root_from_proof(leaves[6], 6, 21, wrong)
    with pytest.raises(HashMismatch):
        root_from_proof(leaves[6], 21, 21, path)


def test_a_frontier_that_was_stored_grows_on():
    whole = Frontier()
    for leaf in hashes(11):
        whole.append(leaf)
    stored = Frontier.from_bytes(11, whole.as_bytes())

    for tree in (whole, stored):
        tree.append(leaf_hash(b"next"))

    assert stored.root() == whole.root()


def test_a_frontier_of_another_size_is_refused():
    with pytest.raises(HashMismatch):
        Frontier.from_bytes(3, b"\0" * 32)
