"""The tree of RFC 6962, against its definition and against every wrong answer."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    consistent,
    included,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)

# The test tree of Certificate Transparency's reference implementation: eight entries and the roots over the first n.
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(str(i).encode()) for i in range(count)]


def test_roots_are_those_of_the_reference() -> None:
    leaves = [leaf_hash(bytes.fromhex(e)) for e in ENTRIES]
    assert [root(leaves[:n]).hex() for n in range(9)] == ROOTS
    assert root([]) == EMPTY_ROOT


@given(st.integers(0, 130))
def test_frontier_gives_the_root_by_definition(count: int) -> None:
    frontier = Frontier()
    for n, leaf in enumerate(leaves_of(count)):
        assert frontier.root() == by_definition(leaves_of(n))
        frontier.add(leaf)
    assert frontier.root() == by_definition(leaves_of(count))


@given(st.integers(1, 200), st.data())
def test_inclusion_holds_for_its_leaf_and_place_only(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof, top = inclusion_proof(leaves, index), root(leaves)
    assert included(leaves[index], index, size, proof, top)
    other = data.draw(st.integers(-1, size))
    if other != index:
        assert not included(leaves[index], other, size, proof, top)
    assert not included(leaf_hash(b"another"), index, size, proof, top)
    assert not included(leaves[index], index, size, (*proof, top), top)
    if proof:
        step = data.draw(st.integers(0, len(proof) - 1))
        wrong = [*proof[:step], leaf_hash(proof[step]), *proof[step + 1 :]]
        assert not included(leaves[index], index, size, wrong, top)
        assert not included(leaves[index], index, size, proof[:-1], top)


@given(st.integers(0, 200), st.data())
def test_consistency_holds_for_true_growth_only(later: int, data: st.DataObject) -> None:
    leaves = leaves_of(later)
    earlier = data.draw(st.integers(0, later))
    proof = consistency_proof(leaves, earlier)
    assert consistent(earlier, root(leaves[:earlier]), later, root(leaves), proof)
    if earlier:
        rewritten = [*leaves[: earlier - 1], leaf_hash(b"rewritten"), *leaves[earlier:]]
        assert not consistent(earlier, root(leaves[:earlier]), later, root(rewritten), proof)
        honest_to_new = consistency_proof(rewritten, earlier)
        assert not consistent(earlier, root(leaves[:earlier]), later, root(rewritten), honest_to_new)
        assert not consistent(later + 1, root(leaves), later, root(leaves[:earlier]), proof)
