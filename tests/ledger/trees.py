"""The tree as RFC 6962 defines it, word for word: slow, recursive, and independent of the library."""

from hashlib import sha256


def tree_hash(leaves: list[bytes]) -> bytes:
    """Return MTH(D[n]) of section 2.1."""
    if len(leaves) <= 1:
        return sha256(b"\x00" + leaves[0] if leaves else b"").digest()
    half = split(len(leaves))
    return sha256(b"\x01" + tree_hash(leaves[:half]) + tree_hash(leaves[half:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]) of section 2.1.1."""
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return [*path(index, leaves[:half]), tree_hash(leaves[half:])]
    return [*path(index - half, leaves[half:]), tree_hash(leaves[:half])]


def proof(old: int, leaves: list[bytes], *, is_known: bool = True) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b) of section 2.1.2."""
    if old == len(leaves):
        return [] if is_known else [tree_hash(leaves)]
    half = split(len(leaves))
    if old <= half:
        return [*proof(old, leaves[:half], is_known=is_known), tree_hash(leaves[half:])]
    return [*proof(old - half, leaves[half:], is_known=False), tree_hash(leaves[:half])]


def split(length: int) -> int:
    """Return the largest power of two below `length`."""
    half = 1
    while half * 2 < length:
        half *= 2
    return half
