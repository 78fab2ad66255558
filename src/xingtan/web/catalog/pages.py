"""What the templates of the studio's content rooms are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.changes import Line
from xingtan.web.catalog.forms import Errors
from xingtan.web.catalog.product_form import ProductForm
from xingtan.web.catalog.quiz_form import QuestionForm
from xingtan.web.storefront.cards import Price


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the studio's list. `cover` is a path, or empty for a drawn one."""

    card: catalog.ProductCard
    key: str
    cover: str
    price: Price


@dataclass(frozen=True, slots=True)
class ProductsPage:
    """Products of every state, those changed last first. `shown` names what is filtered by."""

    template: ClassVar[str] = "catalog/products.html"
    rows: Sequence[ProductRow]
    total: int
    shown: Mapping[str, str]
    states: Sequence[str]
    kinds: Sequence[str]
    older: str | None
    may_write: bool


@dataclass(frozen=True, slots=True)
class NewProductPage:
    """The three things that a product begins with."""

    template: ClassVar[str] = "catalog/new.html"
    kinds: Sequence[str]
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product in the studio. `others` can be chosen as prerequisites and contents, `editions` as the same work.

    `preview` is safe HTML of the description; `publish_at` is what was typed; `said` names what was just done.
    """

    template: ClassVar[str] = "catalog/product.html"
    draft: catalog.ProductDraft
    key: str
    form: ProductForm
    cover_src: str
    price: Price
    lesson_kinds: Sequence[str]
    topics: Sequence[catalog.TopicView]
    others: Sequence[tuple[str, catalog.ProductCard]]
    editions: Sequence[tuple[str, catalog.ProductCard]]
    zone: str
    upload_limit_mb: int
    may_write: bool
    said: str = ""
    preview: str = ""
    is_previewing: bool = False
    publish_at: str = ""
    new_lesson: Mapping[str, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LessonForm:
    """A lesson as its editor shows it: as it was saved, or as it was typed. `media` is a public id or empty."""

    title: str
    body_md: str
    kind: str
    minutes: str
    is_preview: bool
    released_after_days: str
    media: str
    questions: Sequence[QuestionForm]
    version: str


@dataclass(frozen=True, slots=True)
class Medium:
    """The file of a lesson. `src` opens it for this reader."""

    name: str
    size: int
    media_type: str
    src: str


@dataclass(frozen=True, slots=True)
class LessonEditorPage:
    """The lesson editor. `preview` is safe HTML of what is in the form; `clash` is the version saved meanwhile."""

    template: ClassVar[str] = "catalog/lesson.html"
    draft: catalog.LessonDraft
    form: LessonForm
    medium: Medium | None
    preview: str
    kinds: Sequence[str]
    question_kinds: Sequence[str]
    saved_at: datetime
    upload_limit_mb: int
    may_write: bool
    previous: catalog.LessonLine | None = None
    next: catalog.LessonLine | None = None
    said: str = ""
    clash: int | None = None
    focus: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LessonVersionsPage:
    """A lesson's versions and what changed from `older` to `newer`. `names` leads from a version's saver to a name."""

    template: ClassVar[str] = "catalog/lesson_versions.html"
    draft: catalog.LessonDraft
    names: Mapping[UUID, str]
    older: int
    newer: int
    lines: Sequence[Line]
    may_write: bool


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """One question before something goes: `what` is lesson, section or retire; `name` is its name."""

    template: ClassVar[str] = "catalog/confirm.html"
    what: str
    name: str
    product: catalog.ProductCard
    action: str
    back: str


@dataclass(frozen=True, slots=True)
class TopicsPage:
    """All topics, with their names. `typed` is the row that could not be saved, under its slug."""

    template: ClassVar[str] = "catalog/topics.html"
    topics: Sequence[catalog.TopicView]
    typed: Mapping[str, str]
    may_write: bool
    said: str = ""
    errors: Errors = field(default_factory=dict)
