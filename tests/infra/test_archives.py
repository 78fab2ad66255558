import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Invalid, NotFound
from xingtan.infra.archives import Tree, TreeLimits, check_name, open_archive, safe_folder

FILES = {"chapter/一.md": "# 一".encode(), "cover.png": b"png" * 1000, "deep/er/est.txt": b""}
SMALL = TreeLimits(files=5, file_bytes=50_000, total_bytes=100_000, ratio=200, free_bytes=1000, depth=4)


def packed(entries: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out


def with_info(change: Callable[[zipfile.ZipInfo], None], data: bytes = b"x") -> io.BytesIO:
    out = io.BytesIO()
    info = zipfile.ZipInfo("a.txt")
    info.create_system = 3
    change(info)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, data)
    return out


def spread(folder: Path, entries: dict[str, bytes]) -> Path:
    for name, data in entries.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("kind", ["archive", "folder"])
def test_a_tree_reads_what_was_put_in(tmp_path: Path, kind: str) -> None:
    left_behind = {".git/config": b"x", "__MACOSX/._a": b"x", "a/.DS_Store": b"x", "Thumbs.db": b"x"}
    everything = {**FILES, **left_behind}
    tree: Tree = (
        open_archive(packed(everything)) if kind == "archive" else safe_folder(spread(tmp_path / "t", everything))
    )
    assert tree.names() == sorted(FILES)
    for name, data in FILES.items():
        assert tree.read(name) == data
        assert b"".join(tree.stream(name)) == data
        assert tree.size(name) == len(data)
    for name in ("none", ".git/config", "../t/cover.png", "chapter", ""):
        for ask in (tree.read, tree.size, lambda name: list(tree.stream(name))):
            with pytest.raises(NotFound):
                ask(name)


def test_an_archive_on_disk_is_closed_after_use(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(packed(FILES).getvalue())
    with open_archive(path) as tree:
        assert tree.read("cover.png") == FILES["cover.png"]
    with pytest.raises(Invalid):
        tree.read("cover.png")
    with pytest.raises(NotFound):
        open_archive(tmp_path / "none.zip")


BAD_NAMES = [
    "../x", "a/../../x", "a/..", "./x", "a/./b", "/etc/passwd", "//host/x", "a//b", "C:\\x", "C:x", "c:/x", "a\\b",
    "..\\x", "a\nb", "a\x7fb", "a\u202egpj.exe", "x" * 401, "a/b/c/d/e",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        check_name(name, limits=SMALL)
    with pytest.raises(Invalid):
        open_archive(packed({name: b"x"}), limits=SMALL)


def test_a_name_with_nul_is_refused() -> None:
    raw = packed({"a_b.txt": b"x"}).getvalue().replace(b"a_b.txt", b"a\0b.txt")
    with pytest.raises(Invalid):
        open_archive(io.BytesIO(raw))


@given(st.text(max_size=30))
def test_a_name_that_passes_stays_inside(name: str) -> None:
    try:
        bare = check_name(name)
    except Invalid:
        return
    root = Path("root").resolve()
    assert Path(os.path.normpath(root / bare)).is_relative_to(root)
    assert os.path.normpath(root / bare) == f"{root}/{bare}"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_link_or_device_in_an_archive_is_refused(kind: int) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    with pytest.raises(Invalid) as caught:
        open_archive(with_info(change, b"/etc/passwd"))
    assert "link" in str(caught.value.fields["file"])


def test_an_encrypted_archive_is_refused() -> None:
    raw = bytearray(packed({"a.txt": b"x"}).getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    with pytest.raises(Invalid) as caught:
        open_archive(io.BytesIO(bytes(raw)))
    assert "encrypted" in str(caught.value.fields["file"])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method: int) -> None:
    with pytest.raises(Invalid):
        open_archive(packed({"a.txt": b"x" * 100}, method=method))


def test_a_name_that_comes_twice_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", b"two")
    with pytest.raises(Invalid):
        open_archive(out)


@pytest.mark.parametrize(
    "entries",
    [
        {f"{number}.txt": b"x" for number in range(6)},
        {f"{number}/": b"" for number in range(11)},
        {"large": os.urandom(50_001)},
        {f"{number}": os.urandom(40_000) for number in range(3)},
        {"blank": b"\0" * 49_000},
    ],
    ids=["files", "entries", "file", "total", "ratio"],
)
def test_too_much_is_refused_by_what_it_declares(entries: dict[str, bytes]) -> None:
    with pytest.raises(Invalid):
        open_archive(packed(entries), limits=SMALL)


def test_small_blanks_are_harmless() -> None:
    with open_archive(packed({"blank": b"\0" * 1000}), limits=SMALL) as tree:
        assert tree.read("blank") == b"\0" * 1000


@pytest.mark.faults
@pytest.mark.parametrize("declared", [10, 900, 49_999])
def test_an_archive_that_lies_about_sizes_is_refused_while_it_is_read(declared: int) -> None:
    raw = bytearray(packed({"a": b"\0" * 60_000}).getvalue())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.index(mark) + offset, declared)
    limits = TreeLimits(files=5, file_bytes=50_000, total_bytes=100_000, ratio=10**6)
    with open_archive(io.BytesIO(bytes(raw)), limits=limits) as tree, pytest.raises(Invalid):
        tree.read("a")


@pytest.mark.faults
def test_reading_the_same_file_again_and_again_has_an_end() -> None:
    data = os.urandom(45_000)
    with open_archive(packed({"a": data}), limits=SMALL) as tree:
        for _ in range(4):
            assert tree.read("a") == data
        with pytest.raises(Invalid):
            tree.read("a")


@pytest.mark.faults
@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04", b"%PDF-1.7" * 100])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        open_archive(io.BytesIO(data))


@pytest.mark.faults
@given(st.data())
def test_a_changed_byte_is_a_tree_or_a_sentence(data: st.DataObject) -> None:
    raw = bytearray(packed(FILES).getvalue())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        with open_archive(io.BytesIO(bytes(raw))) as tree:
            for name in tree.names():
                tree.read(name)
    except Invalid:
        return


def test_the_names_of_a_chinese_windows_are_read() -> None:
    raw = packed({"abcdefgh.txt": b"x"}).getvalue().replace(b"abcdefgh", "第一章节".encode("gb18030"))
    with open_archive(io.BytesIO(raw)) as tree:
        assert tree.names() == ["第一章节.txt"]
        assert tree.read("第一章节.txt") == b"x"


def test_a_folder_follows_no_link(tmp_path: Path) -> None:
    spread(tmp_path, {"outside/secret.txt": b"secret"})
    for name, target in (
        ("file", "outside/secret.txt"),
        ("folder", "outside"),
        ("broken", "none"),
        ("inside", "inside/a.txt"),
    ):
        root = spread(tmp_path / name, {"a.txt": b"x"})
        (root / "link").symlink_to(tmp_path / target)
        with pytest.raises(Invalid):
            safe_folder(root)
        (root / "link").rename(root / ".link")
        assert safe_folder(root).names() == ["a.txt"]


def test_a_file_that_becomes_a_link_or_goes_is_not_read(tmp_path: Path) -> None:
    spread(tmp_path, {"secret.txt": b"secret", "root/a.txt": b"x", "root/b.txt": b"x"})
    tree = safe_folder(tmp_path / "root")
    (tmp_path / "root/a.txt").unlink()
    (tmp_path / "root/a.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "root/b.txt").unlink()
    for name in ("a.txt", "b.txt"):
        with pytest.raises(NotFound):
            tree.read(name)


def test_a_file_that_grows_is_cut_off(tmp_path: Path) -> None:
    tree = safe_folder(spread(tmp_path, {"a": b"x"}), limits=SMALL)
    (tmp_path / "a").write_bytes(b"x" * 50_001)
    with pytest.raises(Invalid):
        tree.read("a")


def test_a_folder_with_too_many_files_or_a_device_is_refused(tmp_path: Path) -> None:
    spread(tmp_path / "many", {f"{number}": b"x" for number in range(6)})
    spread(tmp_path / "deep", {"a/b/c/d/e": b"x"})
    spread(tmp_path / "pipe", {"a": b"x"})
    os.mkfifo(tmp_path / "pipe" / "b")
    for name in ("many", "deep", "pipe"):
        with pytest.raises(Invalid):
            safe_folder(tmp_path / name, limits=SMALL)
    for missing in ("none", "many/1"):
        with pytest.raises(NotFound):
            safe_folder(tmp_path / missing)
