"""Reading a served log: every tile is checked against a root before a hash of it is used.

1. The partial tiles of a tree are its root, so they are checked together; a full tile is checked against the hash that
   stands for it in the tile above, up to a partial one. No hash leaves `TileReader` unchecked, and there is no short
   cut: one let a changed tile pass elsewhere (CVE-2026-56865).
2. What to read is planned from numbers alone, then read once. A tile that was checked is not read again.
3. What does not fit raises `NotProven`; the caller knows whose fault that is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from xingtan.ledger import tiles
from xingtan.ledger.checkpoints import Checkpoint
from xingtan.ledger.tiles import WIDTH, Edge, Read, Tile
from xingtan.ledger.tree import (
    HASH_BYTES,
    Node,
    NotProven,
    Span,
    complete_hash,
    consistency_spans,
    inclusion_spans,
    leaf_hash,
    plan,
    prove,
    span_hash,
)


class TileReader:
    """The tree of one checkpoint that its reader trusts, read tile by tile from anywhere."""

    def __init__(self, read: Read, checkpoint: Checkpoint) -> None:
        self._read = read
        self._checkpoint = checkpoint
        self._rows: dict[Tile, list[bytes]] = {}
        self._edge: Edge | None = None

    @property
    def size(self) -> int:
        """Return the number of leaves."""
        return self._checkpoint.size

    def edge(self) -> Edge:
        """Return the partial tiles, which make up the root."""
        if self._edge is None:
            rows = {tile: self._fetch(tile) for tile in tiles.edge_tiles(self.size)}
            edge = tiles.edge_of(self.size, rows.items())
            if edge.root != self._checkpoint.root:
                raise NotProven(f"the partial tiles of the tree of {self.size} leaves have another root")
            self._rows |= rows
            self._edge = edge
        return self._edge

    def hashes(self, nodes: Iterable[Node]) -> dict[Node, bytes]:
        """Return the hashes of these subtrees."""
        wanted = {node: tiles.tile_of(node, self.size) for node in nodes}
        return {node: tiles.hash_in(node, self.row(tile)) for node, tile in wanted.items()}

    def row(self, tile: Tile) -> list[bytes]:
        """Return the hashes of a tile of this tree."""
        self.edge()
        missing = []
        while tile not in self._rows:  # from below upwards, until a tile that is known
            missing.append(tile)
            tile = tiles.tile_of(tiles.parent(tile), self.size)
        known = self._rows[tile]
        for one in reversed(missing):
            row = self._fetch(one)
            if complete_hash(row) != known[one.number % WIDTH]:
                raise NotProven(f"{tiles.tile_path(one)} is not what the tile above it stands for")
            known = self._rows[one] = row
        return self._rows[missing[0]] if missing else known

    def entries(self, number: int) -> list[bytes]:
        """Return the entries of one bundle, each of which is the leaf in the tree."""
        tile = self.leaf_tile(number)
        entries = tiles.parse_bundle(fetch_bundle(self._read, tile), tile)
        if [leaf_hash(entry) for entry in entries] != self.row(tile):
            raise NotProven(f"{tiles.bundle_path(tile)} holds other entries than the tree has leaves")
        return entries

    def leaf_tile(self, number: int) -> Tile:
        """Return the tile of level 0 with this number, as wide as it is in this tree."""
        return Tile(0, number, min(WIDTH, self.size - number * WIDTH))

    def entry(self, index: int) -> bytes:
        """Return the entry at `index`."""
        if not 0 <= index < self.size:
            raise ValueError(f"a tree of {self.size} leaves has no leaf {index}")
        return self.entries(index // WIDTH)[index % WIDTH]

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the proof that the leaf at `index` is in this tree."""
        spans = inclusion_spans(index, self.size)
        return prove(spans, self.hashes(plan(spans)))

    def consistency_proof(self, old: int) -> list[bytes]:
        """Return the proof that this tree begins with its first `old` leaves."""
        spans = consistency_spans(old, self.size)
        return prove(spans, self.hashes(plan(spans)))

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` leaves."""
        if not 0 <= size <= self.size:
            raise ValueError(f"a tree of {self.size} leaves had no size of {size}")
        span = Span(0, size)
        return span_hash(span, self.hashes(plan([span])))

    def _fetch(self, tile: Tile) -> list[bytes]:
        return tiles.parse_tile(fetch_tile(self._read, tile), tile)


def fetch_tile(read: Read, tile: Tile) -> bytes:
    """Return the hashes of `tile`, unchecked: from the full one where the partial one is gone; else `NotProven`."""
    if (data := _first(read, tiles.tile_path(tile))) is not None:
        return data
    full = tile._replace(width=WIDTH)
    return _full(read, tiles.tile_path(tile), tiles.tile_path(full))[: tile.width * HASH_BYTES]


def fetch_bundle(read: Read, tile: Tile) -> bytes:
    """Return the entries under `tile`, unchecked: from a full one where the partial one is gone."""
    if (data := _first(read, tiles.bundle_path(tile))) is not None:
        return data
    full = tile._replace(width=WIDTH)
    entries = tiles.parse_bundle(_full(read, tiles.bundle_path(tile), tiles.bundle_path(full)), full)
    return tiles.to_bundle(entries[: tile.width])


def _first(read: Read, path: str) -> bytes | None:
    try:
        return read(path)
    except LookupError:
        return None


def _full(read: Read, path: str, wider: str) -> bytes:
    if path == wider or (data := _first(read, wider)) is None:
        raise NotProven(f"{path} is not there")
    return data


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of a whole log went through."""

    size: int
    bundles: int
    tiles: int
    bytes_read: int


def audit(
    read: Read,
    checkpoint: Checkpoint,
    *,
    older: Iterable[Checkpoint] = (),
    each: Callable[[int, bytes], None] = lambda _index, _entry: None,
) -> Audit:
    """Recompute the whole log from its entries: every tile, the root, and the root of each `older` checkpoint.

    `each` is given every entry with its index. It needs memory for one bundle and the edge, whatever the size.
    """
    wanted = sorted([*older, checkpoint], key=lambda one: one.size)
    if wanted[-1].size > checkpoint.size:
        raise NotProven(f"the log has {checkpoint.size} leaves, and had {wanted[-1].size} before")
    walk = _Walk(read)
    for number in range((checkpoint.size + WIDTH - 1) // WIDTH):
        start, end = number * WIDTH, min((number + 1) * WIDTH, checkpoint.size)
        entries = walk.bundle(Tile(0, number, end - start))
        for index, entry in enumerate(entries, start):
            each(index, entry)
        for one in wanted:
            if start < one.size <= end:
                walk.compare(entries[: one.size - start], one)
        walk.grow(entries)
    walk.finish()
    return Audit(checkpoint.size, walk.bundles, walk.tiles, walk.bytes_read)


class _Walk:
    """An edge that grows bundle by bundle, and the tiles that it passed."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._edge = Edge()
        self.bundles = self.tiles = self.bytes_read = 0

    def bundle(self, tile: Tile) -> list[bytes]:
        data = fetch_bundle(self._read, tile)
        self.bundles += 1
        self.bytes_read += len(data)
        return tiles.parse_bundle(data, tile)

    def grow(self, entries: list[bytes]) -> None:
        self._edge, grown = self._edge.grown(map(leaf_hash, entries))
        for tile, row in grown.items():
            if tile.is_full:
                self._check(tile, row)

    def finish(self) -> None:
        for tile in tiles.edge_tiles(self._edge.size):
            self._check(tile, self._edge.rows[tile.level])

    def compare(self, more: list[bytes], wanted: Checkpoint) -> None:
        edge = self._edge.grown(map(leaf_hash, more))[0]
        if (edge.size, edge.root) != (wanted.size, wanted.root):
            raise NotProven(f"the entries give another root for {wanted.size} leaves than the checkpoint has")

    def _check(self, tile: Tile, row: Iterable[bytes]) -> None:
        data = fetch_tile(self._read, tile)
        if data != b"".join(row):
            raise NotProven(f"{tiles.tile_path(tile)} is not what the entries under it give")
        self.tiles += 1
        self.bytes_read += len(data)
