"""Tiles, bundles and paths; and the reader, which checks each tile before it uses a hash of it."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.logs import World, grown
from xingtan.ledger import serving, tiles
from xingtan.ledger.checkpoints import Checkpoint
from xingtan.ledger.proofs import verify_consistency, verify_inclusion
from xingtan.ledger.reading import TileReader, audit
from xingtan.ledger.tiles import Edge, Tile
from xingtan.ledger.tree import EMPTY_ROOT, Node, NotProven, leaf_hash

SIZES = (1, 2, 255, 256, 257, 300, 511, 512, 700)
PATHS = {
    "tile/0/000": Tile(0, 0),
    "tile/0/001.p/7": Tile(0, 1, 7),
    "tile/5/999": Tile(5, 999),
    "tile/1/x001/x234/067": Tile(1, 1234067),
    "tile/1/x001/000.p/255": Tile(1, 1000, 255),
}


@cache
def world() -> World:
    made = World()
    grown(made, SIZES)
    return made


@pytest.mark.parametrize(("path", "tile"), PATHS.items())
def test_paths(path: str, tile: Tile) -> None:
    assert tiles.tile_path(tile) == path
    assert tiles.parse_path(path) == (tile, False)


def test_the_documents_example_of_a_path() -> None:
    assert tiles.bundle_path(Tile(0, 1234067)) == "tile/entries/x001/x234/067"
    assert tiles.parse_path("tile/entries/x001/x234/067") == (Tile(0, 1234067), True)


def test_the_documents_example_of_70000_leaves() -> None:
    assert tiles.edge_tiles(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert tiles.edge_tiles(256) == [Tile(1, 0, 1)]
    assert tiles.edge_tiles(0) == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/00/000",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/0/0000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../0/000",
        "tile/0/000%2e",
        "tile/0/000\n",
        "tile/x/000",
        "tile/Entries/000",
        "tile/entries/0",
        "tile/0/００0",
        "tile/63/000",
        "tile/7/999",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_malformed_paths(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|number"):
        tiles.parse_path(path)
    assert not serving.is_served(path, size=1 << 62)


@given(st.builds(Tile, st.integers(0, 4), st.integers(0, 10**6), st.integers(1, 256)), st.booleans())
def test_every_tile_has_one_path(tile: Tile, is_bundle: bool) -> None:  # noqa: FBT001 - drawn
    tile = tile._replace(level=0) if is_bundle else tile
    path = tiles.bundle_path(tile) if is_bundle else tiles.tile_path(tile)
    assert tiles.parse_path(path) == (tile, is_bundle)


@given(st.text("tilenrs/0123456789.px", max_size=40))
def test_a_path_that_is_read_is_the_path_that_is_written(text: str) -> None:
    try:
        tile, is_bundle = tiles.parse_path(text)
    except ValueError:
        return
    assert text == (tiles.bundle_path(tile) if is_bundle else tiles.tile_path(tile))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
def test_bundles(entries: list[bytes]) -> None:
    tile = Tile(0, 0, len(entries))
    data = tiles.to_bundle(entries)
    assert tiles.parse_bundle(data, tile) == entries
    for wrong in (data[:-1], data + b"\0", data + b"\0\0", data[1:]):
        try:
            assert tiles.parse_bundle(wrong, tile) != entries  # one that is cut elsewhere has other entries
        except ValueError:
            continue


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\0\2a", b"\0\1ab", b"\0\1a\0\1b"])
def test_a_bundle_of_another_number_of_entries(data: bytes) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        tiles.parse_bundle(data, Tile(0, 0, 1))


def test_the_longest_entry() -> None:
    assert tiles.parse_bundle(tiles.to_bundle([bytes(65_535)]), Tile(0, 0, 1)) == [bytes(65_535)]
    with pytest.raises(ValueError, match="at most"):
        tiles.to_bundle([bytes(65_536)])


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_tile_of_another_width(length: int) -> None:
    with pytest.raises(ValueError, match="bytes"):
        tiles.parse_tile(bytes(length), Tile(0, 0, 1))


@given(st.lists(st.integers(0, 600), max_size=6))
@settings(deadline=None, max_examples=25)
def test_an_edge_grows_alike_in_any_steps(steps: list[int]) -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(sum(steps))]
    whole, all_tiles = Edge().grown(leaves)
    edge, seen, start = Edge(), {}, 0
    for step in steps:
        edge, grown_tiles = edge.grown(leaves[start : start + step])
        seen |= grown_tiles
        start += step
    assert (edge.size, edge.root) == (len(leaves), whole.root)
    assert all_tiles.items() <= seen.items()


def test_an_edge_of_the_wrong_tiles() -> None:
    with pytest.raises(ValueError, match="partial tiles"):
        tiles.edge_of(2, [(Tile(0, 0, 1), [bytes(32)])])


def test_a_subtree_that_a_tree_does_not_have() -> None:
    assert tiles.tile_of(Node(0, 4), 5) == Tile(0, 0, 5)
    with pytest.raises(ValueError, match="has no"):
        tiles.tile_of(Node(0, 5), 5)
    with pytest.raises(ValueError, match="has no"):
        tiles.tile_of(Node(8, 1), 511)


def test_proofs_from_tiles() -> None:
    log = world()
    for size in SIZES:
        checkpoint = Checkpoint(log.checkpoint.origin, size, log.tree.root_at(size))
        tree = TileReader(log.places.storage.read, checkpoint)
        for index in {0, 1, 254, 255, 256, 299, size - 1} & set(range(size)):
            verify_inclusion(
                tree.inclusion_proof(index),
                leaf=leaf_hash(b"entry %d" % index),
                index=index,
                size=size,
                root=checkpoint.root,
            )
            assert tree.entry(index) == b"entry %d" % index
        for old in SIZES:
            if old <= size:
                verify_consistency(
                    tree.consistency_proof(old),
                    old_size=old,
                    old_root=tree.root_at(old),
                    new_size=size,
                    new_root=checkpoint.root,
                )


@pytest.mark.parametrize("index", [-1, 700, 1 << 63])
def test_no_such_entry(index: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        world().tree.entry(index)


def test_the_empty_log() -> None:
    tree = TileReader(dict[str, bytes]().__getitem__, Checkpoint("a", 0, EMPTY_ROOT))
    assert tree.edge().root == EMPTY_ROOT
    assert audit(dict[str, bytes]().__getitem__, Checkpoint("a", 0, EMPTY_ROOT)).bundles == 0


def files() -> dict[str, bytes]:
    """Return what the log serves."""
    found = world().places.storage.files  # type: ignore[attr-defined]
    return {path: data for path, data in found.items() if serving.is_served(path, size=700)}


def needed_files() -> list[str]:
    """Return the files that the published tree needs; older partial ones may lie about."""
    seen = set[str]()

    def read(path: str) -> bytes:
        data = files()[path]
        seen.add(path)
        return data

    audit(read, world().checkpoint)
    return sorted(seen)


def test_an_audit_goes_through_everything() -> None:
    indexes = []
    result = audit(files().__getitem__, world().checkpoint, each=lambda index, _entry: indexes.append(index))
    assert (result.size, result.bundles, result.tiles) == (700, 3, 4)
    assert indexes == list(range(700))
    assert needed_files() == [
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/188",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/188",
    ]


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_no_flipped_bit_passes_an_audit(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(needed_files()))
    changed = files()
    bit = data.draw(st.integers(0, 8 * len(changed[path]) - 1))
    changed[path] = flip(changed[path], bit)
    with pytest.raises(ValueError, match=r"."):
        audit(changed.__getitem__, world().checkpoint)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_no_flipped_bit_of_a_tile_passes_a_reader(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(needed_files()))
    tile, is_bundle = tiles.parse_path(path)
    changed = files()
    changed[path] = flip(changed[path], data.draw(st.integers(0, 8 * len(changed[path]) - 1)))
    tree = TileReader(changed.__getitem__, world().checkpoint)
    with pytest.raises(ValueError, match=r"."):
        tree.entries(tile.number) if is_bundle else tree.row(tile)


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("cut", [slice(0, -32), slice(32, None), slice(0, 0)])
def test_a_torn_tile(cut: slice) -> None:
    for path in needed_files():
        torn = files() | {path: files()[path][cut]}
        with pytest.raises(ValueError, match=r"."):
            audit(torn.__getitem__, world().checkpoint)


def test_a_file_that_is_gone() -> None:
    for path in needed_files():
        fewer = files()
        del fewer[path]
        with pytest.raises(NotProven, match="is not there"):
            audit(fewer.__getitem__, world().checkpoint)


def test_an_old_checkpoint_is_read_from_full_tiles() -> None:
    old = Checkpoint(world().checkpoint.origin, 300, world().tree.root_at(300))
    assert "tile/0/001.p/44" not in files()
    tree = TileReader(files().__getitem__, old)
    assert tree.entry(299) == b"entry 299"
    assert audit(files().__getitem__, old).size == 300


def test_an_audit_compares_older_checkpoints() -> None:
    log = world()
    good = [Checkpoint(log.checkpoint.origin, size, log.tree.root_at(size)) for size in (0, *SIZES)]
    audit(files().__getitem__, log.checkpoint, older=good)
    for one in good[1:]:
        forked = Checkpoint(one.origin, one.size, bytes(32))
        with pytest.raises(NotProven, match="another root"):
            audit(files().__getitem__, log.checkpoint, older=[*good, forked])
    with pytest.raises(NotProven, match="before"):
        audit(files().__getitem__, log.checkpoint, older=[Checkpoint("a", 701, bytes(32))])


def test_what_is_served() -> None:
    log = world()
    read, published = log.places.storage.read, log.published
    assert serving.answer("checkpoint", read, published=published).body == published
    assert serving.answer("checkpoint", read, published=published).content_type == "text/plain; charset=utf-8"
    tile = serving.answer("tile/0/000", read, published=published)
    assert (tile.status, tile.content_type, len(tile.body)) == (200, "application/octet-stream", 8192)
    assert serving.caching("tile/0/000", tile) == serving.IMMUTABLE
    assert serving.caching("checkpoint", tile) == serving.FRESH
    for path in (
        "keys/000",
        "staging/00",
        "tile/0/003",
        "tile/0/002.p/189",
        "signed",
        "tile/0/0",
        "../etc/passwd",
        "checkpoint/",
    ):
        assert serving.answer(path, read, published=published).status == 404
    assert serving.answer("checkpoint", read, published=None).status == 404


def test_a_partial_tile_of_an_unpublished_size() -> None:
    log = World()
    grown(log, [3])
    log.places.storage.write("tile/0/000.p/5", bytes(5 * 32))  # applied, and not published yet
    assert serving.answer("tile/0/000.p/3", log.places.storage.read, published=log.published).status == 200
    assert serving.answer("tile/0/000.p/5", log.places.storage.read, published=log.published).status == 404
