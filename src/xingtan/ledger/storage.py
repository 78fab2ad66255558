"""Where a log lies: two methods for what never changes, and a compare-and-swap for what does.

1. `write` returns when the bytes are durable, and a reader sees all of them or none.
2. A `Head` is one small value that only one writer can take from one value to the next. It lies outside whatever may be
   restored from a backup, for it is what keeps a log from saying two things.
3. A storage may also `remove`, which only tidies: nothing depends on it.
"""

import fcntl
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

_PATH = re.compile(r"[a-z0-9]+(?:[/.][a-z0-9]+)*")


class Storage(Protocol):
    """Bytes by path."""

    def read(self, path: str) -> bytes:
        """Return what lies at `path`; `LookupError` where there is nothing."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Put `data` at `path`, durably, in place of what was there; `OSError` when that failed or may have failed."""
        ...


class Tidy(Protocol):
    """A storage that can forget."""

    def remove(self, path: str) -> None:
        """Remove what lies at `path` and under it."""
        ...


class Head(Protocol):
    """One value with compare-and-swap."""

    def load(self) -> bytes | None:
        """Return the value, None before there is one."""
        ...

    def swap(self, old: bytes | None, new: bytes) -> bool:
        """Put `new` in place of `old`, durably; return False, and change nothing, where the value is not `old`."""
        ...


class MemoryStorage:
    """Bytes by path in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        """Return what lies at `path`."""
        return self.files[path]

    def write(self, path: str, data: bytes) -> None:
        """Put `data` at `path`."""
        self.files[_checked(path)] = data

    def remove(self, path: str) -> None:
        """Remove what lies at `path` and under it."""
        for one in [one for one in self.files if one == path or one.startswith(f"{path}/")]:
            self.files.pop(one, None)


class MemoryHead:
    """One value in memory."""

    def __init__(self, value: bytes | None = None) -> None:
        self._value = value
        self._lock = threading.Lock()

    def load(self) -> bytes | None:
        """Return the value."""
        return self._value

    def swap(self, old: bytes | None, new: bytes) -> bool:
        """Put `new` in place of `old`."""
        with self._lock:
            if self._value != old:
                return False
            self._value = new
            return True


class FileStorage:
    """Bytes by path in a folder: written beside, synced, renamed, and the folder synced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes:
        """Return what lies at `path`."""
        try:
            return (self._folder / _checked(path)).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise LookupError(path) from None

    def write(self, path: str, data: bytes) -> None:
        """Put `data` at `path`."""
        write_durably(self._folder / _checked(path), data)

    def remove(self, path: str) -> None:
        """Remove what lies at `path` and under it."""
        target = self._folder / _checked(path)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)


class FileHead:
    """One value in a file, guarded by a lock between processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> bytes | None:
        """Return the value."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def swap(self, old: bytes | None, new: bytes) -> bool:
        """Put `new` in place of `old`."""
        with self._locked():
            if self.load() != old:
                return False
            write_durably(self._path, new)
            return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # the kernel lets go of it when the process dies
            yield


def write_durably(path: Path, data: bytes) -> None:
    """Put `data` at `path` so that a crash leaves the old bytes or the new ones, and a return leaves the new ones."""
    _make_folders(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _make_folders(folder: Path) -> None:
    if not folder.is_dir():
        _make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checked(path: str) -> str:
    if _PATH.fullmatch(path) is None:
        raise LookupError(f"{path[:80]!r} is no path of a log")
    return path
