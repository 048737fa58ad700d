"""Merkle tree of RFC 6962, section 2.1: inclusion and consistency proofs, and their checks.

Leaf: SHA-256(00 ‖ entry). Node: SHA-256(01 ‖ left ‖ right). The left side of a split holds the greatest power of
two smaller than the number of leaves. Hashes are 32 raw bytes. Checks follow RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The root of a growing tree in O(log n) memory: the roots of its full subtrees, the largest first."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        node, merges = leaf, self.size
        while merges & 1:
            node = node_hash(self._peaks.pop(), node)
            merges >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes that lead from leaf `index` to the root, nearest first (PATH of RFC 6962, 2.1.1).

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    k = _split(len(leaves))
    if index < k:
        return (*inclusion_proof(leaves[:k], index), root(leaves[k:]))
    return (*inclusion_proof(leaves[k:], index - k), root(leaves[:k]))


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether the proof shows the leaf at `index` of the tree of `size` leaves with that root."""
    if not 0 <= index < size:
        return False
    fn, sn, node = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(step, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == expected_root


def consistency_proof(leaves: Sequence[bytes], earlier_size: int) -> tuple[bytes, ...]:
    """The hashes that show the first `earlier_size` leaves unchanged in this tree (PROOF of RFC 6962, 2.1.2).

    Raises IndexError when the tree is smaller than that.
    """
    if not 0 <= earlier_size <= len(leaves):
        raise IndexError(f"{earlier_size} of {len(leaves)} leaves")
    if earlier_size in {0, len(leaves)}:
        return ()
    return _subproof(leaves, earlier_size, whole=True)


def _subproof(leaves: Sequence[bytes], earlier: int, *, whole: bool) -> tuple[bytes, ...]:
    if earlier == len(leaves):
        return () if whole else (root(leaves),)
    k = _split(len(leaves))
    if earlier <= k:
        return (*_subproof(leaves[:k], earlier, whole=whole), root(leaves[k:]))
    return (*_subproof(leaves[k:], earlier - k, whole=False), root(leaves[:k]))


def consistent(
    earlier_size: int, earlier_root: bytes, later_size: int, later_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows the later tree to begin with all of the earlier one."""
    if earlier_size == later_size:
        return not proof and earlier_root == later_root
    if earlier_size == 0:
        return not proof and earlier_root == EMPTY_ROOT
    if not 0 < earlier_size < later_size or not proof:
        return False
    steps = list(proof)
    if earlier_size & (earlier_size - 1) == 0:
        steps.insert(0, earlier_root)
    fn, sn = earlier_size - 1, later_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == earlier_root and sr == later_root
