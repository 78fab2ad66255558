"""A plan: what an import would make, as plain data. Making one reads files and writes nothing.

In bodies, a picture or file of the tree is ``file:PATH`` and another lesson of the product is ``lesson:SLUG``.
`source_key` says what a thing was read from, and is the same whenever the same source is read; `source_hash` changes
when anything about it changes, the bytes of its pictures included.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from xingtan.core.errors import Sentence
from xingtan.infra.archives import Tree


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read: in which file, what, and why. `what` is the address or field, if any."""

    path: str
    reason: Sentence
    what: str = ""


@dataclass(frozen=True, slots=True)
class PlannedLesson:
    """A lesson to be. `questions` are as people write them; `media` and `files` are paths in the tree."""

    source_key: str
    slug: str
    title: str
    kind: str = "text"
    body_md: str = ""
    questions: tuple[Mapping[str, Any], ...] = ()
    media: str | None = None
    files: tuple[str, ...] = ()
    minutes: int | None = None
    is_preview: bool = False
    released_after_days: int = 0
    source_hash: str = ""


@dataclass(frozen=True, slots=True)
class PlannedSection:
    """A section to be."""

    source_key: str
    title: str
    lessons: tuple[PlannedLesson, ...]


@dataclass(frozen=True, slots=True)
class PlannedProduct:
    """A product to be. `requires` and `contains` are source keys; `price` is handed to whoever sells."""

    source_key: str
    kind: str
    language: str
    title: str
    slug: str = ""
    subtitle: str = ""
    summary: str = ""
    description_md: str = ""
    audience: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    author: str = ""
    difficulty: str = "beginner"
    cover: str | None = None
    files: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    work_key: str | None = None
    live: Mapping[str, Any] | None = None
    consulting: Mapping[str, Any] | None = None
    price: Mapping[str, Any] | None = None
    is_published: bool = False
    published_days_ago: float | None = None
    published_at: str | None = None
    sections: tuple[PlannedSection, ...] = ()
    source_hash: str = ""

    @property
    def lessons(self) -> tuple[PlannedLesson, ...]:
        """Return all lessons, in order."""
        return tuple(lesson for section in self.sections for lesson in section.lessons)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What would be made, and the report of what could not be read."""

    format: str
    products: tuple[PlannedProduct, ...]
    problems: tuple[Problem, ...] = ()
    topics: tuple[Mapping[str, Any], ...] = ()  # {slug, names}

    @property
    def steps(self) -> int:
        """Return how many steps applying it takes: one per product and one per lesson."""
        return sum(1 + len(product.lessons) for product in self.products)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the creator decides: the source's `name`, the language where it does not say, and more.

    `shape` says what a blog becomes: each post an article, or all of them one column.
    """

    name: str = "import"
    language: str | None = None
    is_published: bool = False
    shape: str = "articles"


class Importer(Protocol):
    """A reader of one format."""

    @property
    def format(self) -> str:
        """Return the format's name."""
        ...

    def reads(self, tree: Tree) -> bool:
        """Say whether `tree` looks like this format."""
        ...

    def plan(self, tree: Tree, options: ImportOptions) -> ImportPlan:
        """Return what would be made of `tree`. Never raises for a damaged file: that is a `Problem`."""
        ...


@dataclass(slots=True)
class Sources:
    """The tree while it is being read: texts and hashes, each read once, and the problems met."""

    tree: Tree
    problems: list[Problem] = field(default_factory=list)
    names: frozenset[str] = frozenset()
    _hashes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = frozenset(self.tree.names())

    def problem(self, path: str, reason: Sentence, what: str = "") -> None:
        """Note what could not be read, once."""
        found = Problem(path, reason, what[:300])
        if found not in self.problems:
            self.problems.append(found)

    def hash_of(self, path: str) -> str:
        """Return the SHA-256 of a file of the tree, in hex."""
        if path not in self._hashes:
            digest = hashlib.sha256()
            for piece in self.tree.stream(path):
                digest.update(piece)
            self._hashes[path] = digest.hexdigest()
        return self._hashes[path]

    def source_hash(self, data: object, files: tuple[str, ...] = ()) -> str:
        """Return the hash of plain data and of the files that it needs."""
        text = json.dumps(
            [data, [self.hash_of(path) for path in files]], ensure_ascii=False, sort_keys=True, default=str
        )
        return hashlib.sha256(text.encode()).hexdigest()
