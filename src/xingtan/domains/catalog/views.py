"""What the catalogue tells: frozen rows, never ORM objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic and how many published products are about it. `names` maps a language to the topic's name."""

    id: UUID
    slug: str
    names: Mapping[str, str]
    products: int = 0

    def name(self, language: str) -> str:
        """Return the name in `language`, else in any."""
        return self.names.get(language) or next(iter(self.names.values()), self.slug)


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product as lists show it."""

    id: UUID
    slug: str
    kind: str
    language: str
    state: str
    title: str
    subtitle: str
    summary: str
    author: str
    difficulty: str
    minutes: int
    lesson_count: int
    cover_asset_id: UUID | None
    starts_at: datetime | None
    published_at: datetime | None
    publish_at: datetime | None
    updated_at: datetime
    work_key: str | None
    revision: int
    topics: tuple[TopicView, ...] = ()


@dataclass(frozen=True, slots=True)
class CardFilters:
    """Which products a list wants; None: any. `topic` is a slug; `state` counts only for staff."""

    kind: str | None = None
    topic: str | None = None
    language: str | None = None
    difficulty: str | None = None
    author: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class CardPage:
    """A page of cards, how many there are in all, and where the next page starts (None: this is the last)."""

    cards: tuple[ProductCard, ...]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Live:
    """A lecture at an instant: `minutes` long, at `link` (for buyers), later replayed in the lesson `replay_lesson`."""

    starts_at: datetime
    minutes: int
    link: str = ""
    replay_lesson: str = ""


@dataclass(frozen=True, slots=True)
class Consulting:
    """An hour (or `minutes`) of somebody's time, and `how` it comes about."""

    minutes: int
    how: str


@dataclass(frozen=True, slots=True)
class ProductContent:
    """Everything that is written about a product; what a product version holds."""

    title: str
    subtitle: str = ""
    summary: str = ""
    description_md: str = ""
    description_html: str = ""
    audience: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    author: str = ""
    difficulty: str = "beginner"
    cover_asset_id: UUID | None = None
    live: Live | None = None
    consulting: Consulting | None = None


@dataclass(frozen=True, slots=True)
class LessonLine:
    """A lesson in the contents. `released_after_days` counts from the day of buying; 0: at once."""

    id: UUID
    slug: str
    section_id: UUID
    title: str
    kind: str
    minutes: int
    is_preview: bool
    released_after_days: int
    is_published: bool
    number: int  # 1, 2, 3 … through the whole product, in reading order
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A part of a product and its lessons; `title` may be empty."""

    id: UUID
    title: str
    lessons: tuple[LessonLine, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """What is inside a product, in reading order."""

    product_id: UUID
    revision: int
    sections: tuple[SectionLine, ...]

    @property
    def lessons(self) -> tuple[LessonLine, ...]:
        """Return all lessons in reading order."""
        return tuple(lesson for section in self.sections for lesson in section.lessons)

    @property
    def minutes(self) -> int:
        """Return how long all lessons take together."""
        return sum(lesson.minutes for lesson in self.lessons)

    @property
    def previews(self) -> tuple[LessonLine, ...]:
        """Return the lessons that anyone may read."""
        return tuple(lesson for lesson in self.lessons if lesson.is_preview)


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Everything that a product's page shows, of the published version."""

    card: ProductCard
    content: ProductContent
    version_id: UUID
    contents: Contents
    topics: tuple[TopicView, ...]
    requirements: tuple[ProductCard, ...]
    editions: tuple[ProductCard, ...]  # the same work in other languages
    contains: tuple[ProductCard, ...]  # a bundle's products
    bundles: tuple[ProductCard, ...]  # the bundles that contain this
    cover: "AssetView | None" = None


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A heading of a lesson: level 1 to 6, its words, and the id to link to."""

    level: int
    text: str
    id: str


@dataclass(frozen=True, slots=True)
class LessonPage:
    """A lesson as learners see it. Whether this learner may is for the caller to decide, unless `is_preview`.

    `html` is sanitised; its ``asset:`` and ``lesson:`` addresses are put in place by `api.place`. `questions` carry no
    answers (see `api.public_questions`).
    """

    product: ProductCard
    id: UUID
    slug: str
    title: str
    kind: str
    minutes: int
    is_preview: bool
    released_after_days: int
    version_id: UUID
    number: int
    html: str
    toc: tuple[TocEntry, ...]
    questions: tuple[Mapping[str, Any], ...]
    media: "AssetView | None"
    previous: LessonLine | None
    next: LessonLine | None
    contents: Contents
    fingerprint: str


@dataclass(frozen=True, slots=True)
class AssetView:
    """A file. `variants` maps a width in pixels, as a word, to the key of a smaller picture."""

    id: UUID
    key: str
    sha256: str
    size: int
    media_type: str
    name: str
    is_public: bool
    product_id: UUID | None
    width: int | None
    height: int | None
    variants: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_image(self) -> bool:
        """Say whether this is a picture."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A saved version in a list of versions."""

    id: UUID
    number: int
    title: str
    saved_at: datetime
    saved_by_id: UUID | None
    is_published: bool
    is_draft: bool


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product as its editor shows it: the newest saved version, published or not."""

    card: ProductCard
    content: ProductContent
    version_id: UUID
    number: int
    has_unpublished_changes: bool
    topics: tuple[TopicView, ...]
    requirement_ids: tuple[UUID, ...]
    contains_ids: tuple[UUID, ...]
    contents: Contents
    versions: tuple[VersionLine, ...]
    source_key: str | None


@dataclass(frozen=True, slots=True)
class LessonDraft:
    """A lesson as its editor shows it, with the answers."""

    product: ProductCard
    id: UUID
    section_id: UUID
    slug: str
    kind: str
    is_preview: bool
    released_after_days: int
    version_id: UUID
    number: int
    title: str
    body_md: str
    body_html: str
    questions: tuple[Mapping[str, Any], ...]
    media: AssetView | None
    minutes: int
    is_published: bool
    has_unpublished_changes: bool
    versions: tuple[VersionLine, ...]


Marked = tuple[tuple[str, bool], ...]
"""Pieces of plain text, and whether each matched what was looked for."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """Something found: a product, or one of its lessons (`lesson_slug`)."""

    product: ProductCard
    lesson_slug: str | None
    title: Marked
    snippet: Marked


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found, best first, and how many in all."""

    hits: tuple[SearchHit, ...]
    total: int


@dataclass(frozen=True, slots=True)
class LessonForecast:
    """What an import would do to a lesson: `what` is added, changed, removed or unchanged."""

    title: str
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class ProductForecast:
    """What an import would do to a product. `slug` is None when it would be a new one."""

    title: str
    kind: str
    language: str
    sections: int
    slug: str | None
    is_changed: bool
    lessons: tuple[LessonForecast, ...]

    def count(self, what: str) -> int:
        """Return how many lessons would be ``added``, ``changed``, ``removed`` or ``unchanged``."""
        return sum(lesson.what == what for lesson in self.lessons)
