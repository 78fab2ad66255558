"""Tiles: how a tree and its entries lie in files (C2SP tlog-tiles).

A tile holds up to 256 hashes side by side; those of level 0 are leaves, each of the next level stands for a full tile.
An entry bundle holds the entries under a tile of level 0. Only the rightmost tile of a level may be partial; a tree
grows by adding tiles and by following partial ones with wider ones, so what has been written never changes.

1. A tile has one path, and a path that is not written in this one way is refused.
2. An `Edge` is the partial tiles of a tree, which together are its root: whoever trusts a root can check an edge, and
   whoever has an edge can grow it without the rest of the tree.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xingtan.ledger.encoding import decimal
from xingtan.ledger.tree import HASH_BYTES, LARGEST_SIZE, Node, NotProven, complete_hash, fold

HEIGHT = 8
WIDTH = 1 << HEIGHT
LARGEST_LEVEL = 63
LONGEST_ENTRY = (1 << 16) - 1
CHECKPOINT = "checkpoint"
_LENGTH_BYTES = 2
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)((?:/x[0-9]{3})*/[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

Read = Callable[[str], bytes]
"""path → bytes; `LookupError` where there is nothing."""


class Tile(NamedTuple):
    """The `width` hashes, or entries, of tile `number` of `level`."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def is_full(self) -> bool:
        """Say whether nothing can be added."""
        return self.width == WIDTH

    @property
    def needs_size(self) -> int:
        """Return the size of the smallest tree that has this tile."""
        return (self.number * WIDTH + self.width) << (HEIGHT * self.level)


def tile_path(tile: Tile) -> str:
    """Return where the hashes of `tile` are served."""
    return _path(str(tile.level), tile)


def bundle_path(tile: Tile) -> str:
    """Return where the entries under `tile` of level 0 are served."""
    return _path("entries", tile)


def _path(kind: str, tile: Tile) -> str:
    if not (0 <= tile.level <= LARGEST_LEVEL and tile.number >= 0 and 1 <= tile.width <= WIDTH):
        raise ValueError(f"there is no {tile}")
    rest, last = divmod(tile.number, 1000)
    number = f"{last:03}"
    while rest:
        rest, part = divmod(rest, 1000)
        number = f"x{part:03}/{number}"
    return f"tile/{kind}/{number}{'' if tile.is_full else f'.p/{tile.width}'}"


def parse_path(path: str) -> tuple[Tile, bool]:
    """Return the tile that `path` names, and whether its entries are meant rather than its hashes."""
    if (found := _PATH.fullmatch(path)) is None:
        raise ValueError(f"{path[:80]!r} is no path of a tile")
    kind, number, width = found.groups()
    digits = number.replace("/x", "").replace("/", "")
    tile = Tile(
        0 if kind == "entries" else decimal(kind, largest=LARGEST_LEVEL),
        decimal(digits.lstrip("0") or "0"),
        decimal(width, largest=WIDTH - 1) if width else WIDTH,
    )
    if _path(kind, tile) != path or tile.needs_size > LARGEST_SIZE:
        raise ValueError(f"{path[:80]!r} is no path of a tile")
    return tile, kind == "entries"


def edge_tiles(size: int) -> list[Tile]:
    """Return the partial tiles of a tree, from level 0 up: those that its root is made of."""
    levels = range((size.bit_length() + HEIGHT - 1) // HEIGHT)
    widths = ((level, size >> HEIGHT * level) for level in levels)
    return [Tile(level, count // WIDTH, count % WIDTH) for level, count in widths if count % WIDTH]


def tile_of(node: Node, size: int) -> Tile:
    """Return the tile of the lowest level that holds the subtree `node` in a tree of `size` leaves."""
    level, height = divmod(node.level, HEIGHT)
    number = (node.number << height) >> HEIGHT
    width = min(WIDTH, (size >> HEIGHT * level) - number * WIDTH)
    if width < ((node.number + 1) << height) - number * WIDTH:
        raise ValueError(f"a tree of {size} leaves has no {node}")
    return Tile(level, number, width)


def hash_in(node: Node, row: Sequence[bytes]) -> bytes:
    """Return the hash of `node` from the hashes of its tile."""
    height = node.level % HEIGHT
    start = (node.number << height) % WIDTH
    return complete_hash(row[start : start + (1 << height)])


def parent(tile: Tile) -> Node:
    """Return the hash in the level above that stands for a full tile."""
    return Node(HEIGHT * (tile.level + 1), tile.number)


def parse_tile(data: bytes, tile: Tile) -> list[bytes]:
    """Return the hashes that `data` holds."""
    if len(data) != tile.width * HASH_BYTES:
        raise NotProven(f"{tile_path(tile)} has {len(data)} bytes, not {tile.width * HASH_BYTES}")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def to_bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries one after the other, each behind its length."""
    return b"".join(_lengthened(entry) for entry in entries)


def _lengthened(entry: bytes) -> bytes:
    if len(entry) > LONGEST_ENTRY:
        raise ValueError(f"an entry has at most {LONGEST_ENTRY} bytes, not {len(entry)}")
    return len(entry).to_bytes(_LENGTH_BYTES) + entry


def parse_bundle(data: bytes, tile: Tile) -> list[bytes]:
    """Return the entries that `data` holds: as many as the tile is wide, and nothing after them."""
    entries, at = list[bytes](), 0
    while at < len(data) and len(entries) < tile.width:
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start])
        entries.append(data[start:at])
    if at != len(data) or len(entries) != tile.width:
        raise NotProven(f"{bundle_path(tile)} does not hold {tile.width} entries")
    return entries


@dataclass(frozen=True, slots=True)
class Edge:
    """The hashes of the partial tiles, one row for each level from 0 up, each of at most 255; a row may be empty."""

    rows: tuple[tuple[bytes, ...], ...] = ()

    @property
    def size(self) -> int:
        """Return the number of leaves."""
        return sum(len(row) << HEIGHT * level for level, row in enumerate(self.rows))

    @property
    def root(self) -> bytes:
        """Return the root of the tree."""
        return fold(one for row in reversed(self.rows) for one in _subtrees(row))

    def grown(self, leaves: Iterable[bytes]) -> tuple["Edge", dict[Tile, list[bytes]]]:
        """Return the edge after these leaf hashes, and every tile of the new tree that the old one did not have."""
        rows, tiles, added, level = list(self.rows), dict[Tile, list[bytes]](), list(leaves), 0
        size = self.size
        while added:
            hashes = [*(rows[level] if level < len(rows) else ()), *added]
            tiles.update(_cut(hashes, level=level, first=(size >> HEIGHT * level) // WIDTH))
            full = len(hashes) - len(hashes) % WIDTH
            rows[level : level + 1] = [tuple(hashes[full:])]
            added = [complete_hash(hashes[at : at + WIDTH]) for at in range(0, full, WIDTH)]
            level += 1
        return Edge(tuple(rows)), tiles


def _cut(hashes: Sequence[bytes], *, level: int, first: int) -> Iterator[tuple[Tile, list[bytes]]]:
    for number, start in enumerate(range(0, len(hashes), WIDTH), first):
        row = list(hashes[start : start + WIDTH])
        yield Tile(level, number, len(row)), row


def _subtrees(row: Sequence[bytes]) -> Iterator[bytes]:
    """Give the hashes of the complete subtrees that a partial tile is made of, the largest first."""
    start = 0
    for height in reversed(range(HEIGHT)):
        if len(row) >> height & 1:
            yield complete_hash(row[start : start + (1 << height)])
            start += 1 << height


def edge_of(size: int, rows: Iterable[tuple[Tile, Sequence[bytes]]]) -> Edge:
    """Return the edge of a tree of `size` leaves from its partial tiles."""
    found = {tile.level: tuple(row) for tile, row in rows}
    edge = Edge(tuple(found.get(level, ()) for level in range(max(found, default=-1) + 1)))
    if edge.size != size:
        raise NotProven(f"these are not the partial tiles of a tree of {size} leaves")
    return edge
