"""The Merkle tree of RFC 6962, section 2: its hashes, and which stored hashes make a root or a proof.

A `Node` is a complete subtree: (level, number) stands for the `1 << level` leaves from `number << level`. A tree of any
size is a row of nodes, so a plan is a list of spans, each a row of nodes, and the hash of a span is a fold over the
hashes of its nodes. Nothing here reads: callers look the planned nodes up, wherever they keep them, and come back.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
LARGEST_SIZE = (1 << 63) - 1
LONGEST_PROOF = 63  # hashes, as tlog-witness has it: enough for every tree up to 2**62 leaves
EMPTY_ROOT = sha256(b"").digest()


class NotProven(ValueError):
    """A proof or a signature that does not show what it should show."""


class Node(NamedTuple):
    """A complete subtree."""

    level: int
    number: int


class Span(NamedTuple):
    """The leaves from `start` until `end`, where `start` is a multiple of the largest power of two below the length."""

    start: int
    end: int


Hashes = Mapping[Node, bytes]


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds `data` (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def nodes(span: Span) -> list[Node]:
    """Return the complete subtrees that make up `span`, from left to right, each smaller than the one before."""
    found, start = [], span.start
    while start < span.end:
        level = (span.end - start).bit_length() - 1
        if start & ((1 << level) - 1):
            raise ValueError(f"the span from {span.start} until {span.end} is no subtree")
        found.append(Node(level, start >> level))
        start += 1 << level
    return found


def plan(spans: Iterable[Span]) -> list[Node]:
    """Return every node that the hashes of these spans need."""
    return [node for span in spans for node in nodes(span)]


def span_hash(span: Span, hashes: Hashes) -> bytes:
    """Return the hash of the leaves of `span`; those of no leaves have the hash of nothing."""
    return fold(hashes[node] for node in nodes(span))


def fold(row: Iterable[bytes]) -> bytes:
    """Return the hash over subtrees that stand side by side, the largest first (RFC 6962, section 2.1)."""
    hashes = list(row)
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes)) if hashes else EMPTY_ROOT


def complete_hash(row: Sequence[bytes]) -> bytes:
    """Return the hash over a power of two of subtrees of one size."""
    level = list(row)
    while len(level) > 1:
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)]
    return level[0]


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Return what an inclusion proof holds, from the leaf's sibling up (RFC 6962, section 2.1.1)."""
    if not 0 <= index < size <= LARGEST_SIZE:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = start + _half(end - start)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Return what a consistency proof holds, in order (RFC 6962, section 2.1.2); nothing from an empty tree."""
    if not 0 <= old <= new <= LARGEST_SIZE:
        raise ValueError(f"a tree of {new} leaves cannot come after one of {old}")
    spans, start, end = [], 0, new
    while old and old != end:
        middle = start + _half(end - start)
        if old <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    if start:  # the whole of the old tree needs no word: its verifier knows the old root
        spans.append(Span(start, end))
    return spans[::-1]


def prove(spans: Iterable[Span], hashes: Hashes) -> list[bytes]:
    """Return the proof that `spans` planned, from the hashes of its nodes."""
    return [span_hash(span, hashes) for span in spans]


def _half(length: int) -> int:
    """Return the largest power of two below `length`."""
    return 1 << (length - 1).bit_length() - 1
