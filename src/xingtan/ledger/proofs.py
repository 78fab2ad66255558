"""Whether a proof holds: pure, from the proof and what its reader already trusts (RFC 9162, sections 2.1.3 and 2.1.4).

1. Numbers that no tree has and hashes of a wrong length are bad input: `ValueError`. A proof that does not fit is
   `NotProven`.
2. Every hash of a proof is used: one too many, one too few or one changed bit, and the proof does not hold.
"""

import hmac
from collections.abc import Sequence

from xingtan.ledger.tree import HASH_BYTES, LARGEST_SIZE, LONGEST_PROOF, NotProven, node_hash


def verify_inclusion(proof: Sequence[bytes], *, leaf: bytes, index: int, size: int, root: bytes) -> None:
    """Check that the leaf with the hash `leaf` stands at `index` in the tree of `size` leaves with this `root`."""
    _check_hashes(proof, leaf, root)
    if not 0 <= index < size <= LARGEST_SIZE:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    _check_equal(root_of_inclusion(proof, leaf=leaf, index=index, size=size), root)


def root_of_inclusion(proof: Sequence[bytes], *, leaf: bytes, index: int, size: int) -> bytes:
    """Return the root that an inclusion proof leads to."""
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise NotProven("the proof has more hashes than the tree has levels")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise NotProven("the proof has fewer hashes than the tree has levels")
    return found


def verify_consistency(
    proof: Sequence[bytes], *, old_size: int, old_root: bytes, new_size: int, new_root: bytes
) -> None:
    """Check that the tree of `new_size` leaves begins with the tree of `old_size` leaves, at least one.

    Every tree begins with the empty one, so a proof of that would prove nothing about anyone: it is refused.
    """
    _check_hashes(proof)
    if not 0 < old_size <= new_size <= LARGEST_SIZE:
        raise ValueError(f"there is no proof that a tree of {new_size} leaves begins with one of {old_size}")
    if old_size == new_size:
        if proof:
            raise NotProven("nothing was to be proven, and the proof is not empty")
        _check_equal(new_root, old_root)
        return
    old, new = _roots_of_consistency(proof if old_size & (old_size - 1) else [old_root, *proof], old_size, new_size)
    _check_equal(old, old_root)
    _check_equal(new, new_root)


def _roots_of_consistency(path: Sequence[bytes], old_size: int, new_size: int) -> tuple[bytes, bytes]:
    """Return the old and the new root that a consistency path leads to; it starts at a subtree that both trees have."""
    if not path:
        raise NotProven("the proof is empty")
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise NotProven("the proof has more hashes than the tree has levels")
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise NotProven("the proof has fewer hashes than the tree has levels")
    return old, new


def _check_hashes(proof: Sequence[bytes], *others: bytes) -> None:
    if len(proof) > LONGEST_PROOF:
        raise ValueError(f"a proof has at most {LONGEST_PROOF} hashes")
    if any(len(one) != HASH_BYTES for one in (*proof, *others)):
        raise ValueError(f"a hash has {HASH_BYTES} bytes")


def _check_equal(found: bytes, wanted: bytes) -> None:
    if not hmac.compare_digest(found, wanted):
        raise NotProven("the proof leads to another root")
