"""Batches: what one step of a log adds, planned and checked without reading or writing anything.

A batch is a list of files: entry bundles, the digests of the entries' keys beside them, and tiles. It is one run of
bytes while it is staged, so that it can be named by its hash, and it is checked from those bytes before anything is
signed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from xingtan.core.errors import Broken
from xingtan.ledger import tiles
from xingtan.ledger.tiles import WIDTH, Edge, Tile
from xingtan.ledger.tree import leaf_hash

KEY_DIGEST_BYTES = 16
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be logged. The log holds `data` of one `key` once, however often it is given."""

    key: bytes
    data: bytes

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("an entry has a key")
        if len(self.data) > tiles.LONGEST_ENTRY:
            raise ValueError(f"an entry has at most {tiles.LONGEST_ENTRY} bytes, not {len(self.data)}")

    @property
    def digest(self) -> bytes:
        """Return what stands for the key in the files of the log, which are kept and not served."""
        return sha256(self.key).digest()[:KEY_DIGEST_BYTES]


@dataclass(frozen=True, slots=True)
class Batch:
    """Files by path, in the order in which they are written."""

    files: dict[str, bytes]

    def __bytes__(self) -> bytes:
        """Return the batch in one piece: each path and each content behind its length."""
        return b"".join(
            len(part).to_bytes(_LENGTH_BYTES) + part
            for path, data in self.files.items()
            for part in (path.encode(), data)
        )


def parse(data: bytes) -> Batch:
    """Return the batch that `data` writes."""
    parts = list(_parts(data))
    if len(parts) % 2:
        raise ValueError("the batch ends in a path")
    return Batch({path.decode("ascii"): content for path, content in zip(parts[::2], parts[1::2], strict=True)})


def _parts(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start])
        if at > len(data):
            raise ValueError("the batch is cut off")
        yield data[start:at]


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a log: its edge, and entries and key digests of the last bundle while that is partial."""

    edge: Edge
    entries: Sequence[bytes] = ()
    digests: Sequence[bytes] = ()

    @property
    def first_bundle(self) -> int:
        """Return the number of the bundle that the next entry goes to."""
        return self.edge.size // WIDTH


def batch_of(tail: Tail, entries: Sequence[Entry]) -> Batch:
    """Return what `entries` add after `tail`."""
    data = [*tail.entries, *(entry.data for entry in entries)]
    digests = [*tail.digests, *(entry.digest for entry in entries)]
    files = {}
    for number, start in enumerate(range(0, len(data), WIDTH), tail.first_bundle):
        row = data[start : start + WIDTH]
        tile = Tile(0, number, len(row))
        files[tiles.bundle_path(tile)] = tiles.to_bundle(row)
        files[keys_path(tile)] = _to_keys(digests[start : start + WIDTH])
    grown = tail.edge.grown(leaf_hash(entry.data) for entry in entries)[1]
    return Batch(files | {tiles.tile_path(tile): b"".join(row) for tile, row in grown.items()})


def checked(batch: Batch, tail: Tail, *, size: int) -> Edge:
    """Return the edge of the tree of `size` leaves that the *entries* in `batch` give after `tail`.

    `Broken` where the old entries have changed, or a tile is not what the entries give: what was staged is not what was
    planned, and must not be signed.
    """
    start, leaves = tail.first_bundle * WIDTH, list[bytes]()
    while start + len(leaves) < size:
        at = start + len(leaves)
        tile = Tile(0, at // WIDTH, min(WIDTH, size - at))
        bundle = _needed(batch, tiles.bundle_path(tile))
        leaves += [leaf_hash(entry) for entry in tiles.parse_bundle(bundle, tile)]
    known = tail.edge.rows[0] if tail.edge.rows else ()
    edge, grown = tail.edge.grown(leaves[len(known) :])
    if tuple(leaves[: len(known)]) != known or edge.size != size:
        raise Broken("the entries that were staged do not continue the log")
    for tile, row in grown.items():
        if _needed(batch, tiles.tile_path(tile)) != b"".join(row):
            raise Broken(f"{tiles.tile_path(tile)} was staged with other hashes than its entries have")
    return edge


def _needed(batch: Batch, path: str) -> bytes:
    if path not in batch.files:
        raise Broken(f"{path} was not staged")
    return batch.files[path]


def keys_path(tile: Tile) -> str:
    """Return where the digests of the keys of a bundle are kept."""
    return tiles.bundle_path(tile).replace("tile/entries/", "keys/")


def _to_keys(digests: Sequence[bytes]) -> bytes:
    """Return the digests with a checksum behind them, for no signature covers them."""
    data = b"".join(digests)
    return data + sha256(data).digest()[:KEY_DIGEST_BYTES]


def parse_keys(data: bytes, tile: Tile) -> list[bytes]:
    """Return the digests that `data` holds."""
    digests = [data[at : at + KEY_DIGEST_BYTES] for at in range(0, len(data), KEY_DIGEST_BYTES)][:-1]
    if len(digests) != tile.width or _to_keys(digests) != data:
        raise Broken(f"{keys_path(tile)} does not hold the keys of {tile.width} entries")
    return digests


def superseded(paths: Iterable[str]) -> list[str]:
    """Return the folders of partial files that the full ones among `paths` replace."""
    return [f"{path}.p" for path in paths if ".p/" not in path]
