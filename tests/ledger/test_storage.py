"""Storage in files: durable, whole, and in the right order; and kill -9 at every step of an append."""

import errno
import os
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.logs import World, entries, grown
from tests.ledger.test_sequencer import check, data_of
from xingtan.ledger import storage
from xingtan.ledger.sequencer import Places
from xingtan.ledger.storage import FileHead, FileStorage, Head, MemoryHead, MemoryStorage, Storage


@pytest.fixture(params=["memory", "files"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    if request.param == "memory":
        inside = MemoryStorage()
        return Places(inside, MemoryHead(), MemoryHead(), inside)
    return in_folder(tmp_path)


def in_folder(folder: Path) -> Places:
    files = FileStorage(folder / "log")
    return Places(files, FileHead(folder / "signed"), FileHead(folder / "log" / "checkpoint"), files)


def test_a_storage_gives_back_what_it_was_given(places: Places) -> None:
    files: Storage = places.storage
    with pytest.raises(LookupError):
        files.read("tile/0/000")
    files.write("tile/0/000", b"one")
    files.write("tile/0/000.p/5", b"part")
    files.write("tile/0/000", b"two")
    assert (files.read("tile/0/000"), files.read("tile/0/000.p/5")) == (b"two", b"part")
    with pytest.raises(LookupError):
        files.read("tile/0")
    assert places.tidy is not None
    places.tidy.remove("tile/0/000.p")
    places.tidy.remove("tile/0/001.p")
    with pytest.raises(LookupError):
        files.read("tile/0/000.p/5")
    assert files.read("tile/0/000") == b"two"


@pytest.mark.parametrize(
    "path", ["", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".", ".a", "a\0", "A", "a\n", "a\\b"]
)
def test_a_path_stays_inside(places: Places, path: str) -> None:
    with pytest.raises(LookupError):
        places.storage.write(path, b"")
    with pytest.raises(LookupError):
        places.storage.read(path)


def test_a_head_swaps_only_what_it_has(places: Places) -> None:
    head: Head = places.signed
    assert head.load() is None
    assert not head.swap(b"one", b"two")
    assert head.swap(None, b"one")
    assert not head.swap(None, b"two")
    assert head.swap(b"one", b"two")
    assert head.load() == b"two"


def test_one_of_many_swaps_wins(places: Places) -> None:
    won = list[int]()

    def run(number: int) -> None:
        for turn in range(20):
            if places.signed.swap(b"%d" % turn if turn else None, b"%d" % (turn + 1)):
                won.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    value = places.signed.load()
    assert value == b"%d" % len(won)


@pytest.mark.faults
@pytest.mark.parametrize("step", ["fsync", "replace", "write"])
def test_a_write_that_fails_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "a" / "file"
    storage.write_durably(path, b"old")

    def fail(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        if step == "write":
            patch.setattr(Path, "open", fail)
        else:
            patch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[step], fail)
        with pytest.raises(OSError, match="full"):
            storage.write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in path.parent.iterdir()] == ["file"]


@dataclass
class Steps:
    """What is done to files, in order: their names, once synced, and once renamed into place."""

    done: list[tuple[str, str]] = field(default_factory=list)

    def watch(self, patch: pytest.MonkeyPatch, before: Callable[[], None], after: Callable[[], None]) -> None:
        fsync, replace_ = os.fsync, Path.replace

        def synced(handle: int) -> None:
            before()
            fsync(handle)
            self.done.append(("sync", str(Path(f"/proc/self/fd/{handle}").readlink())))
            after()

        def renamed(path: Path, target: Path) -> Path:
            before()
            found = replace_(path, target)
            self.done.append(("rename", str(target)))
            after()
            return found

        patch.setattr(os, "fsync", synced)
        patch.setattr(Path, "replace", renamed)


def nothing() -> None:
    return


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc here")
def test_files_are_synced_before_the_checkpoint_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(places=in_folder(tmp_path))
    world.sequencer().create()
    steps = Steps()
    with monkeypatch.context() as patch:
        steps.watch(patch, nothing, nothing)
        world.sequencer().append(entries(0, 300))
    names = [(what, Path(path).relative_to(tmp_path).as_posix()) for what, path in steps.done]
    renamed = [name for what, name in names if what == "rename"]
    assert renamed[0].startswith("log/staging/")
    assert renamed[1] == "signed"
    assert renamed[-1] == "log/checkpoint"
    assert {"log/tile/0/000", "log/tile/0/001.p/44", "log/tile/1/000.p/1", "log/tile/entries/000"} < set(renamed)
    for at, (what, name) in enumerate(names):
        if what == "rename":  # its bytes just before, its folder just after
            before, after = names[at - 1], names[at + 1]
            assert before[0] == "sync"
            assert Path(before[1]).name.startswith(f".{Path(name).name}.")
            assert after == ("sync", Path(name).parent.as_posix())


def child(folder: Path, at: int, patch: pytest.MonkeyPatch, told: int) -> None:
    """Append in this process, which dies at the `at`-th step; tell what was acknowledged."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    Steps().watch(patch, step, step)
    for start in (250, 255, 260):
        found = World(places=in_folder(folder)).sequencer().append(entries(start, start + 5))
        os.write(told, f"{found[0]} ".encode())


def forked(work: Callable[[int], Any]) -> tuple[bool, str]:
    """Run `work` in a process of its own with a pipe to tell; return whether it was killed, and what it told."""
    reading, writing = os.pipe()
    if (process := os.fork()) == 0:
        try:
            os.close(reading)
            work(writing)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - nothing of pytest may run in the child
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as file:
        told = file.read()
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, told
    return os.WIFSIGNALED(status), told


@pytest.mark.faults
def test_kill_minus_nine_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No acknowledged entry is lost, none is doubled, and the log is whole and goes on after each death.

    What a dead process wrote stays in the kernel's memory, synced or not, so syncing is left out here.
    """
    monkeypatch.setattr(os, "fsync", lambda _handle: None)
    first = World(places=in_folder(tmp_path / "first"))
    before = grown(first, [250])
    was_killed, at = True, 0
    while was_killed:
        at += 1
        world = World(places=in_folder(shutil.copytree(tmp_path / "first", tmp_path / str(at))))
        with monkeypatch.context() as patch:
            was_killed, told = forked(partial(child, tmp_path / str(at), at, patch))
        acknowledged = {b"entry %d" % number for start in told.split() for number in range(int(start), int(start) + 5)}
        assert acknowledged <= set(check(world, older=before))
        assert world.sequencer().append(entries(250, 265)) == list(range(250, 265))
        check(world, data_of(entries(0, 265)), older=before)
    assert at > 60
