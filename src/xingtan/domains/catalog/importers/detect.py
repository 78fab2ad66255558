"""Choosing the reader: by what is in the tree, or by name."""

from collections.abc import Iterator
from pathlib import Path

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.domains.catalog.importers.course_folder import CourseFolder
from xingtan.domains.catalog.importers.epub import Epub
from xingtan.domains.catalog.importers.ghost import Ghost
from xingtan.domains.catalog.importers.own_folder import OwnFolder
from xingtan.domains.catalog.importers.plan import Importer, ImportOptions, ImportPlan
from xingtan.infra.archives import FolderTree, Tree, ZipTree, open_archive, safe_folder

IMPORTERS: dict[str, Importer] = {each.format: each for each in (Epub(), OwnFolder(), Ghost(), CourseFolder())}
"""The readers by the name of their format, in the order in which a tree is tried."""


def plan_import(tree: Tree, options: ImportOptions, *, format: str | None = None) -> ImportPlan:  # noqa: A002 - the word people use
    """Return what an import of `tree` would make; nothing is written. `Invalid` when no reader knows the tree."""
    if format is not None and format not in IMPORTERS:
        raise Invalid.of("format", say("This format is not known."))
    for importer in [IMPORTERS[format]] if format else IMPORTERS.values():
        if importer.reads(tree):
            return importer.plan(tree, options)
    raise Invalid.of("file", say("There is nothing here that we can import: no Markdown, EPUB or Ghost export."))


class OneFile:
    """A tree of a single file: an export that comes as it is."""

    def __init__(self, name: str, data: bytes) -> None:
        self._name, self._data = name, data

    def names(self) -> list[str]:
        """Return the file's name."""
        return [self._name]

    def size(self, name: str) -> int:
        """Return the size in bytes; `NotFound` for another name."""
        return len(self.read(name))

    def read(self, name: str) -> bytes:
        """Return the bytes; `NotFound` for another name."""
        if name != self._name:
            raise NotFound(say("There is no such file."))
        return self._data

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the bytes; `NotFound` for another name."""
        yield self.read(name)


class Unwrapped:
    """The inside of an archive's only folder: people pack the folder, not what is in it."""

    def __init__(self, archive: ZipTree, folder: str) -> None:
        self._archive, self._folder = archive, folder

    def names(self) -> list[str]:
        """Return every file's name, sorted, without the folder's."""
        return [name.removeprefix(self._folder) for name in self._archive.names()]

    def size(self, name: str) -> int:
        """Return the size in bytes; `NotFound` when there is no such file."""
        return self._archive.size(self._folder + name)

    def read(self, name: str) -> bytes:
        """Return the file, as the archive does."""
        return self._archive.read(self._folder + name)

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the file piece by piece, as the archive does."""
        return self._archive.stream(self._folder + name)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


def open_source(path: Path) -> FolderTree | ZipTree | Unwrapped | OneFile:
    """Return the folder, archive, book or single file at `path` as a tree; `Invalid` when it breaks a rule.

    An archive of a single folder is what is in that folder, unless it is one product of ours, which goes by its
    folder's name.
    """
    if path.is_dir():
        return safe_folder(path)
    if path.suffix.lower() in {".json", ".md"}:
        return OneFile(path.name, path.read_bytes())
    archive = open_archive(path)
    names = archive.names()
    folder = f"{names[0].partition('/')[0]}/" if names else ""
    if names and all(name.startswith(folder) for name in names) and f"{folder}product.yaml" not in names:
        return Unwrapped(archive, folder)
    return archive
