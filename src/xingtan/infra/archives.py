"""Trees of files that people bring, in a ZIP archive or in a folder, read without trusting either.

1. A name is relative, printable and stays inside; links, devices, encrypted and doubled entries are refused.
2. An archive that unpacks to too much is refused by what it declares, and again by what really comes out.
3. Hidden files and what systems leave behind (`.git`, `.DS_Store`, `__MACOSX`) are passed over.

A tree is only read; nothing is ever unpacked to disk.
"""

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from xingtan.core.errors import Invalid, NotFound, Sentence, say

MEGABYTE = 10**6
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_NAME = 400
_LEFT_BEHIND = {"__MACOSX", "Thumbs.db", "desktop.ini"}
_STORED_OR_DEFLATED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED, _UTF8 = 0x1, 0x800
_PIECE = 1 << 16
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises on damaged input, ``negative seek value`` and the like included."""


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """How much a tree may hold. The ratio counts for files larger than `free_bytes`: small ones may be all blanks."""

    files: int = 20_000
    file_bytes: int = 200 * MEGABYTE
    total_bytes: int = 5_000 * MEGABYTE
    ratio: int = 200
    free_bytes: int = 1 * MEGABYTE
    depth: int = 16


LIMITS = TreeLimits()


class Tree(Protocol):
    """Files by name (``chapter/1.md``); the names are safe to join to a folder."""

    def names(self) -> list[str]:
        """Return every file's name, sorted."""
        ...

    def size(self, name: str) -> int:
        """Return the size in bytes; `NotFound` when there is no such file."""
        ...

    def read(self, name: str) -> bytes:
        """Return the file; `NotFound` when there is none, `Invalid` when it is too large or damaged."""
        ...

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the file piece by piece; raises as `read` does."""
        ...


def open_archive(source: Path | IO[bytes], *, limits: TreeLimits = LIMITS) -> "ZipTree":
    """Return the ZIP archive at `source`, checked; `Invalid` when it is none or breaks a rule. Close it after use."""
    try:
        archive = zipfile.ZipFile(source)
    except FileNotFoundError as error:
        raise NotFound(say("There is no such file.")) from error
    except _DAMAGED as error:
        raise _invalid(say("This is not a ZIP archive, or it is damaged.")) from error
    try:
        return ZipTree(archive, limits)
    except BaseException:
        archive.close()
        raise


class ZipTree:
    """A `Tree` in a ZIP archive; use it as a context manager."""

    def __init__(self, archive: zipfile.ZipFile, limits: TreeLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._entries = _checked_entries(archive, limits)
        self._unpacked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def names(self) -> list[str]:
        """Return every file's name, sorted."""
        return sorted(self._entries)

    def size(self, name: str) -> int:
        """Return the size in bytes that the archive declares; `NotFound` when there is no such file."""
        return self._entry(name).file_size

    def read(self, name: str) -> bytes:
        """Return the file; `NotFound` when there is none, `Invalid` when it is too large or damaged."""
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the file piece by piece; the limits hold for what really comes out, over all reads together."""
        entry, size = self._entry(name), 0
        try:
            with self._archive.open(entry) as file:
                while piece := file.read(_PIECE):
                    size += len(piece)
                    self._unpacked += len(piece)
                    _check_amount(size, entry.compress_size, self._limits)
                    if self._unpacked > 2 * self._limits.total_bytes:  # an importer may read each file twice
                        raise _invalid(say("This archive unpacks to too much."))
                    yield piece
        except _DAMAGED as error:
            raise _invalid(say("The file %(name)s in this archive is damaged.", name=name)) from error

    def _entry(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._entries[name]
        except KeyError:
            raise NotFound(say("There is no %(name)s in this archive.", name=name)) from None


def _checked_entries(archive: zipfile.ZipFile, limits: TreeLimits) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    infos = archive.infolist()
    if len(infos) > 2 * limits.files:
        raise _too_many(limits)
    total = 0
    for info in infos:
        name = check_name(_name(info), limits=limits)
        _check_kind(info)
        if info.is_dir() or _is_left_behind(name):
            continue
        if name in entries:
            raise _invalid(say("This archive holds %(name)s twice.", name=name))
        _check_amount(info.file_size, info.compress_size, limits)
        entries[name] = info
        total += info.file_size
    if len(entries) > limits.files:
        raise _too_many(limits)
    if total > limits.total_bytes:
        raise _invalid(say("This archive unpacks to too much."))
    return entries


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name as it was written: Chinese Windows writes GB 18030 and does not say so."""
    name = info.orig_filename
    if info.flag_bits & _UTF8 or name.isascii():
        return name
    raw = name.encode("cp437")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _check_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise _invalid(say("This archive holds a link or a device: %(name)s.", name=info.filename))
    if info.flag_bits & _ENCRYPTED:
        raise _invalid(say("This archive is encrypted."))
    if info.compress_type not in _STORED_OR_DEFLATED:
        raise _invalid(say("This archive is compressed in a way that we do not read. Pack it as an ordinary ZIP."))


def _check_amount(size: int, packed: int, limits: TreeLimits) -> None:
    if size > limits.file_bytes:
        raise _invalid(say("A file is larger than %(megabytes)s MB.", megabytes=limits.file_bytes // MEGABYTE))
    if size > limits.free_bytes and size > limits.ratio * packed:
        raise _invalid(say("This archive unpacks to too much."))


def check_name(name: str, *, limits: TreeLimits = LIMITS) -> str:
    """Return `name` without a trailing slash; `Invalid` unless it is relative and stays inside, on any system."""
    bare = name.removesuffix("/")
    parts = bare.split("/")
    is_bad = (
        len(bare) > _LONGEST_NAME
        or len(parts) > limits.depth
        or "\\" in bare
        or _CONTROL.search(bare) is not None
        or _DRIVE.match(bare) is not None
        or any(part in {"", ".", ".."} for part in parts)
    )
    if is_bad:
        raise _invalid(say("The name %(name)s cannot be used here.", name=ascii(name[:80])))
    return bare


def _is_left_behind(name: str) -> bool:
    return any(part.startswith(".") or part in _LEFT_BEHIND for part in name.split("/"))


def safe_folder(path: Path, *, limits: TreeLimits = LIMITS) -> "FolderTree":
    """Return the folder at `path` as a tree; `NotFound` when it is none, `Invalid` when it breaks a rule."""
    root = path.resolve()
    if not root.is_dir():
        raise NotFound(say("There is no such folder."))
    return FolderTree(root, limits)


class FolderTree:
    """A `Tree` in a folder; its files are listed once, when it is opened."""

    def __init__(self, root: Path, limits: TreeLimits) -> None:
        self._root = root
        self._limits = limits
        self._sizes = dict(self._walk(root, ""))

    def names(self) -> list[str]:
        """Return every file's name, sorted."""
        return sorted(self._sizes)

    def size(self, name: str) -> int:
        """Return the size in bytes; `NotFound` when there is no such file."""
        try:
            return self._sizes[name]
        except KeyError:
            raise NotFound(say("There is no %(name)s in this folder.", name=name)) from None

    def read(self, name: str) -> bytes:
        """Return the file; `NotFound` when there is none, `Invalid` when it is too large."""
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the file piece by piece, as large as it really is."""
        self.size(name)
        size = 0
        try:
            descriptor = os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise NotFound(say("There is no %(name)s in this folder.", name=name)) from error
        with os.fdopen(descriptor, "rb") as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                _check_amount(size, size, self._limits)
                yield piece

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
        count = 0
        pending = [(folder, prefix)]
        while pending:
            here, above = pending.pop()
            with os.scandir(here) as entries:
                found = [entry for entry in entries if not _is_left_behind(entry.name)]
            for entry in found:
                name = check_name(above + entry.name, limits=self._limits)
                if entry.is_dir(follow_symlinks=False):
                    pending.append((Path(entry.path), name + "/"))
                    continue
                if not entry.is_file(follow_symlinks=False):
                    raise _invalid(say("%(name)s is a link or a device. Put the file itself there.", name=name))
                count += 1
                if count > self._limits.files:
                    raise _too_many(self._limits)
                yield name, entry.stat(follow_symlinks=False).st_size


def _too_many(limits: TreeLimits) -> Invalid:
    return _invalid(say("There are more than %(files)s files.", files=limits.files))


def _invalid(sentence: Sentence) -> Invalid:
    return Invalid.of("file", sentence)
