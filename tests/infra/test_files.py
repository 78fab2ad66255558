"""The file store, on a folder and against a real S3 server on loopback."""

import errno
import os
import random
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from tests.fixtures.ports import free_port
from xingtan.core.errors import Invalid, NotFound, Unavailable
from xingtan.infra import files
from xingtan.infra.files import FileStore, S3Options, check_key, open_store

MIB = 1 << 20


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="id", aws_secret_access_key="secret", region_name="us-east-1"
    )
    client.create_bucket(Bucket="academy")
    yield endpoint
    client.close()
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return open_store(folder=tmp_path / "files")
    endpoint = request.getfixturevalue("s3_endpoint")
    return open_store(s3=S3Options("academy", endpoint=endpoint, key_id="id", secret="secret"))


def test_what_is_put_is_read(store: FileStore) -> None:
    stored = store.put("covers/数据.bin", b"first")
    assert (stored.key, stored.size, len(stored.sha256)) == ("covers/数据.bin", 5, 64)
    assert store.read_bytes("covers/数据.bin") == b"first"
    assert store.size("covers/数据.bin") == 5
    assert store.has("covers/数据.bin")
    assert store.put("covers/数据.bin", b"second!").sha256 != stored.sha256
    assert store.read_bytes("covers/数据.bin") == b"second!"


def test_a_stream_larger_than_a_part_is_read_in_ranges(store: FileStore) -> None:
    whole = random.Random(1).randbytes(9 * MIB + 17)
    stored = store.put("big/recording.bin", (whole[at : at + 100_000] for at in range(0, len(whole), 100_000)))
    assert stored.size == len(whole)
    pieces = list(store.read("big/recording.bin"))
    assert b"".join(pieces) == whole
    assert all(len(piece) >= 64 * 1024 for piece in pieces[:-1])
    assert b"".join(store.read("big/recording.bin", 5, 5 + 2 * MIB)) == whole[5 : 5 + 2 * MIB]
    assert b"".join(store.read("big/recording.bin", len(whole) - 3)) == whole[-3:]
    assert b"".join(store.read("big/recording.bin", 7, 7)) == b""
    assert b"".join(store.read("big/recording.bin", 0, 10**12)) == whole
    assert b"".join(store.read("big/recording.bin", 10**12)) == b""
    with pytest.raises(ValueError, match="negative"):
        store.read("big/recording.bin", -1)


@pytest.mark.parametrize("size", [0, 11, 9 * MIB])
def test_content_is_stored_once(store: FileStore, size: int) -> None:
    data = random.Random(size).randbytes(size)
    first = store.put_content(data, ".webp")
    assert store.put_content(iter([data[:3], data[3:]]), ".webp") == first
    assert first.key == f"{first.sha256[:2]}/{first.sha256}.webp"
    assert store.read_bytes(first.key) == data
    assert list(store.keys(first.sha256[:2])).count(first.key) == 1


def test_a_file_is_deleted_once_and_for_all(store: FileStore) -> None:
    store.put("gone/a.txt", b"a")
    store.delete("gone/a.txt")
    store.delete("gone/a.txt")
    assert not store.has("gone/a.txt")
    for ask in (store.read, store.read_bytes, store.size):
        with pytest.raises(NotFound):
            ask("gone/a.txt")


def test_keys_lists_a_folder_and_not_its_namesakes(store: FileStore) -> None:
    names = {"list/a/1.txt", "list/a/b/2.txt", "list/ab/3.txt"}
    for key in names:
        store.put(key, b"x")
    assert set(store.keys("list")) == names
    assert set(store.keys("list/a")) == {"list/a/1.txt", "list/a/b/2.txt"}
    assert set(store.keys("list/none")) == set()
    assert names <= set(store.keys())


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", "a\\b", "a\0b", "a\nb", "a#1", "x" * 513, "y" * 201,
     "\ud800", "数" * 67],
)  # fmt: skip
def test_a_bad_key_is_refused(store: FileStore, key: str) -> None:
    for ask in (store.read, store.read_bytes, store.size, store.has, store.delete):
        with pytest.raises(Invalid):
            ask(key)
    with pytest.raises(Invalid):
        store.put(key, b"x")
    if key:
        with pytest.raises(Invalid):
            list(store.keys(key))


@pytest.mark.parametrize("suffix", ["webp", "./x", ".WEBP", ".a/b", ".a.b.c", "."])
def test_a_bad_suffix_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(Invalid):
        open_store(folder=tmp_path).put_content(b"x", suffix)


@given(st.text(max_size=40))
def test_a_key_that_passes_stays_below_its_folder(key: str) -> None:
    try:
        check_key(key)
    except Invalid:
        return
    root = Path("root").resolve()
    assert (root / key).resolve().is_relative_to(root)
    assert os.fspath(root / key) == f"{root}/{key}"


def test_a_local_put_syncs_the_file_and_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        files.os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))
    )
    store = open_store(folder=tmp_path / "files")
    store.put("a/b/c.txt", b"x")
    root = str((tmp_path / "files").resolve())
    assert synced == [f"{root}/a/b/c.txt", f"{root}/a/b", f"{root}/a", root]


@pytest.mark.faults
@pytest.mark.parametrize("torn", [b"", b"who", b"\0" * 9])
def test_a_torn_file_under_a_content_name_is_replaced(tmp_path: Path, torn: bytes) -> None:
    store = open_store(folder=tmp_path)
    stored = store.put_content(b"the whole")
    (tmp_path / stored.key).write_bytes(torn)
    assert store.put_content(b"the whole") == stored
    assert store.read_bytes(stored.key) == b"the whole"


@pytest.mark.faults
def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise ConnectionResetError

    store = open_store(folder=tmp_path)
    with pytest.raises(ConnectionResetError):
        store.put("a.txt", broken())
    assert list(store.keys()) == []
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.faults
def test_a_full_disk_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: object, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = open_store(folder=tmp_path)
    monkeypatch.setattr(files.tempfile.SpooledTemporaryFile, "write", full)
    with pytest.raises(Unavailable):
        store.put("a.txt", b"x")
    with pytest.raises(Unavailable):
        store.put_content(b"x")


@pytest.mark.faults
def test_a_silent_bucket_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_TRIES", 0)
    options = S3Options("academy", endpoint=f"http://127.0.0.1:{free_port()}", key_id="id", secret="secret")
    store = open_store(s3=options)
    for ask in (store.read, store.read_bytes, store.size, store.has, store.delete):
        with pytest.raises(Unavailable):
            ask("a.txt")
    with pytest.raises(Unavailable):
        store.put("a.txt", b"x")
    with pytest.raises(Unavailable):
        list(store.keys())


def test_a_missing_bucket_is_unavailable_for_a_put(s3_endpoint: str) -> None:
    store = open_store(s3=S3Options("nowhere", endpoint=s3_endpoint, key_id="id", secret="secret"))
    with pytest.raises(Unavailable):
        store.put("a.txt", b"x")
    with pytest.raises(Unavailable):
        store.put_content(b"x")


def test_a_store_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        open_store()
    with pytest.raises(ValueError, match="one of the two"):
        open_store(folder=Path("x"), s3=S3Options("academy"))
