"""The Merkle tree of RFC 6962 (section 2.1): roots, inclusion proofs, and checking them.

Pure. Hashes are SHA-256, 32 bytes; leaves count from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


class HashMismatch(ValueError):
    """The hashes do not belong together."""


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """A growing tree, represented by the roots of its full subtrees, the largest first.

    There is one for every bit of ``size`` that is set, so a log of a million records needs at most
    20 hashes to append to it and to compute its root.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise HashMismatch(f"a tree of {size} leaves has a different number of full subtrees")

    def append(self, leaf: bytes) -> None:
        node, size = leaf, self.size
        while size & 1:
            node = sha256(b"\1" + self.hashes.pop() + node).digest()
            size >>= 1
        self.hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        *others, node = self.hashes
        for left in reversed(others):
            node = node_hash(left, node)
        return node

    def copy(self) -> Frontier:
        return Frontier(self.size, self.hashes)

    def as_bytes(self) -> bytes:
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, stored: bytes) -> Frontier:
        """Raises ``HashMismatch`` if it cannot be of a tree of that size."""
        return cls(size, [stored[at : at + 32] for at in range(0, len(stored), 32)])

    def since(self, start: int) -> Frontier:
        """The tree of the leaves from ``start`` on, which must be where a full subtree begins."""
        hashes, at = list(self.hashes), 0
        while at < start and hashes:
            at += 1 << ((self.size - at).bit_length() - 1)
            hashes.pop(0)
        if at != start:
            raise HashMismatch(f"no full subtree begins at leaf {start}")
        return Frontier(self.size - start, hashes)


def inclusion_proof(
    index: int, size: int, leaves: Sequence[bytes], before: Frontier | None = None
) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, from the leaf's sibling up.

    ``leaves`` are the hashes of the leaves that follow ``before``, the frontier of leaves that are
    no longer stored.
    """
    base = before or Frontier()

    def subtree(low: int, high: int) -> bytes:
        if high <= base.size:
            # A sibling inside the frontier is one of the frontier's own subtrees.
            return base.since(low).hashes[0]
        tree = base.since(low) if low < base.size else Frontier()
        for leaf in leaves[max(low, base.size) - base.size : high - base.size]:
            tree.append(leaf)
        return tree.root()

    if not base.size <= index < size <= base.size + len(leaves):
        raise HashMismatch(f"leaf {index} is not among the available leaves")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        split = low + (1 << ((high - low - 1).bit_length() - 1))
        if index < split:
            path.append(subtree(split, high))
            high = split
        else:
            path.append(subtree(low, split))
            low = split
    return path[::-1]


def root_from_proof(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof results in (RFC 9162, section 2.1.3.2).

    Raises ``HashMismatch`` if the path cannot be one of that leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise HashMismatch("the tree has no such leaf")
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            raise HashMismatch("the path is too long")
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise HashMismatch("the path is too short")
    return node
