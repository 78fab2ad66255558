"""The Merkle tree against its definition, its known values, foreign vectors, another library, and flipped bits."""

import base64
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger import trees
from xingtan.ledger.proofs import verify_consistency, verify_inclusion
from xingtan.ledger.tree import (
    EMPTY_ROOT,
    LARGEST_SIZE,
    Node,
    NotProven,
    Span,
    complete_hash,
    consistency_spans,
    inclusion_spans,
    leaf_hash,
    node_hash,
    nodes,
    plan,
    prove,
    span_hash,
)

LARGEST = 300
LEAVES = [f"leaf {index}".encode() for index in range(LARGEST)]
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "merkle-vectors"

# RFC 6962's tree over the eight inputs that certificate transparency's first tests used: sizes and their roots.
KNOWN_LEAVES = [bytes.fromhex(one) for one in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


class AllNodes(dict[Node, bytes]):
    """Every complete subtree over `leaves`."""

    def __init__(self, leaves: list[bytes]) -> None:
        row = [leaf_hash(leaf) for leaf in leaves]
        level = 0
        while row:
            self.update({Node(level, index): value for index, value in enumerate(row)})
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
            level += 1
        super().__init__(self)


HASHES = AllNodes(LEAVES)
ROOTS = [span_hash(Span(0, size), HASHES) for size in range(LARGEST + 1)]


def flipped(proof: list[bytes], rng: Random) -> Iterator[list[bytes]]:
    """Give, for each hash of the proof, the proof with one bit of that hash turned."""
    for at, one in enumerate(proof):
        bit = rng.randrange(256)
        changed = (int.from_bytes(one) ^ (1 << bit)).to_bytes(32)
        yield [*proof[:at], changed, *proof[at + 1 :]]


@pytest.mark.parametrize(("size", "root"), KNOWN_ROOTS.items())
def test_known_roots(size: int, root: str) -> None:
    assert span_hash(Span(0, size), AllNodes(KNOWN_LEAVES)).hex() == root


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert KNOWN_ROOTS[0] == EMPTY_ROOT.hex()


def test_every_root_is_the_definition() -> None:
    assert [trees.tree_hash(LEAVES[:size]) for size in range(LARGEST + 1)] == ROOTS


def test_complete_subtrees() -> None:
    row = [leaf_hash(leaf) for leaf in LEAVES[:256]]
    assert complete_hash(row) == ROOTS[256]
    assert complete_hash(row[:1]) == ROOTS[1]


@pytest.mark.parametrize("first", range(1, LARGEST + 1, 50))
def test_every_inclusion_proof_of_every_size(first: int) -> None:
    rng = Random(first)
    for size in range(first, min(first + 50, LARGEST + 1)):
        for index in range(size):
            proof = prove(inclusion_spans(index, size), HASHES)
            leaf, root = HASHES[Node(0, index)], ROOTS[size]
            verify_inclusion(proof, leaf=leaf, index=index, size=size, root=root)
            wrong = rng.choice([*flipped(proof, rng), [*proof, root], proof[:-1] or [root]])
            with pytest.raises(NotProven):
                verify_inclusion(wrong, leaf=leaf, index=index, size=size, root=root)


@pytest.mark.parametrize("first", range(1, LARGEST + 1, 50))
def test_every_consistency_proof_of_every_size(first: int) -> None:
    rng = Random(first)
    for new in range(first, min(first + 50, LARGEST + 1)):
        for old in range(1, new + 1):
            proof = prove(consistency_spans(old, new), HASHES)
            known = {"old_size": old, "new_size": new, "old_root": ROOTS[old], "new_root": ROOTS[new]}
            verify_consistency(proof, **known)
            wrong = rng.choice([*flipped(proof, rng), [*proof, ROOTS[new]], proof[:-1] or [ROOTS[new]]])
            with pytest.raises(NotProven):
                verify_consistency(wrong, **known)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 255, 256, 257, 300])
def test_every_hash_of_a_proof_counts(size: int) -> None:
    rng = Random(size)
    for other in {0, size // 3, size // 2, size - 1}:
        proof = prove(inclusion_spans(other, size), HASHES)
        assert proof == trees.path(other, LEAVES[:size])
        for wrong in flipped(proof, rng):
            with pytest.raises(NotProven):
                verify_inclusion(wrong, leaf=HASHES[Node(0, other)], index=other, size=size, root=ROOTS[size])
        if old := other or size:
            proof = prove(consistency_spans(old, size), HASHES)
            assert proof == trees.proof(old, LEAVES[:size])
            for wrong in flipped(proof, rng):
                with pytest.raises(NotProven):
                    verify_consistency(
                        wrong, old_size=old, new_size=size, old_root=ROOTS[old], new_root=ROOTS[size]
                    )  # fmt: skip


@given(st.data())
@settings(deadline=None)
def test_a_proof_holds_for_its_own_statement_only(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    index, other = data.draw(st.permutations(range(size)).map(lambda order: (order[0], order[1])))
    proof = prove(inclusion_spans(index, size), HASHES)
    with pytest.raises(NotProven):
        verify_inclusion(proof, leaf=HASHES[Node(0, other)], index=index, size=size, root=ROOTS[size])
    with pytest.raises(NotProven):
        verify_inclusion(proof, leaf=HASHES[Node(0, index)], index=other, size=size, root=ROOTS[size])
    with pytest.raises(NotProven):
        verify_inclusion(proof, leaf=HASHES[Node(0, index)], index=index, size=size, root=ROOTS[size - 1])


@given(
    proof=st.lists(st.binary(min_size=31, max_size=33) | st.binary(min_size=32, max_size=32), max_size=66),
    old=st.integers(-1, 1 << 64),
    new=st.integers(-1, 1 << 64),
)
def test_no_made_up_proof_holds(proof: list[bytes], old: int, new: int) -> None:
    root = bytes(32)
    with pytest.raises(ValueError, match=r"hash|proof|tree|span|leaf"):
        verify_inclusion(proof, leaf=bytes(32), index=old, size=new, root=b"\1" + bytes(31))
    if old != new:
        with pytest.raises(ValueError, match=r"hash|proof|tree|span|leaf"):
            verify_consistency(proof, old_size=old, old_root=root, new_size=new, new_root=bytes(31) + b"\1")


@given(st.integers(1, 1 << 62), st.data())
def test_plans_of_huge_trees_stay_short(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    assert len(inclusion_spans(index, size)) <= 63
    assert len(consistency_spans(index, size)) <= 63
    spans = [*inclusion_spans(index, size), Span(index, index + 1)]
    assert sum(span.end - span.start for span in spans) == size  # they tile the whole tree
    for left, right in pairwise(sorted(spans)):
        assert left.end == right.start
    for node in plan(consistency_spans(index, size)):
        assert (node.number + 1) << node.level <= size


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (1, 1), (5, 5), (-1, 4), (0, 1 << 63), (1 << 63, 1 << 63), (1 << 63, 10), (3, -1)]
)
def test_index_equal_to_size_and_beyond(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_spans(index, size)
    with pytest.raises(ValueError, match="has no leaf"):
        verify_inclusion([], leaf=bytes(32), index=index, size=size, root=bytes(32))


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (0, 1 << 63), (1 << 63, 1 << 63)])
def test_sizes_that_no_tree_has(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="cannot come after"):
        consistency_spans(old, new)
    with pytest.raises(ValueError, match="no proof"):
        verify_consistency([], old_size=old, old_root=bytes(32), new_size=new, new_root=bytes(32))


def test_a_proof_of_64_lines() -> None:
    with pytest.raises(ValueError, match="at most 63"):
        verify_inclusion([bytes(32)] * 64, leaf=bytes(32), index=0, size=LARGEST_SIZE, root=bytes(32))


def test_a_span_that_is_no_subtree() -> None:
    with pytest.raises(ValueError, match="no subtree"):
        nodes(Span(1, 3))


@pytest.mark.parametrize("new", [0, 1, 2])
def test_nothing_is_proven_about_an_empty_tree(new: int) -> None:
    assert consistency_spans(0, new) == []
    with pytest.raises(ValueError, match="no proof"):
        verify_consistency([], old_size=0, old_root=EMPTY_ROOT, new_size=new, new_root=ROOTS[new])


def vectors(kind: str) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((VECTORS / kind).rglob("*.json"))]


def unpacked(proof: object) -> list[bytes]:
    assert proof is None or isinstance(proof, list)
    return [base64.b64decode(one) for one in proof or []]


def holds(vector: dict[str, object]) -> bool:
    read = {name: base64.b64decode(str(vector.get(name, ""))) for name in ("root", "root1", "root2", "leafHash")}
    try:
        if "leafIdx" in vector:
            verify_inclusion(
                unpacked(vector["proof"]), leaf=read["leafHash"], index=int(str(vector["leafIdx"])),
                size=int(str(vector["treeSize"])), root=read["root"],
            )  # fmt: skip
        else:
            verify_consistency(
                unpacked(vector["proof"]), old_size=int(str(vector["size1"])), old_root=read["root1"],
                new_size=int(str(vector["size2"])), new_root=read["root2"],
            )  # fmt: skip
    except ValueError:
        return False
    return True


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the Merkle test vectors are not there (../shared)")
@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_foreign_vectors(kind: str) -> None:
    read = vectors(kind)
    assert len(read) == 98
    wrong = [vector["desc"] for vector in read if holds(vector) is bool(vector["wantErr"])]
    assert wrong == []


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 300])
def test_another_library_has_the_same_roots(size: int) -> None:
    foreign = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in LEAVES[:size]:
        foreign.append_entry(leaf)
    assert foreign.get_root() == ROOTS[size]
