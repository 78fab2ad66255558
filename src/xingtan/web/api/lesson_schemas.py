"""Lessons as programs read and write them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from xingtan.domains.catalog import api as catalog
from xingtan.web.api.fields import (
    AssetId,
    Flag,
    In,
    LessonId,
    Line,
    LongText,
    Out,
    ProductId,
    SectionId,
    VersionId,
    Whole,
)
from xingtan.web.api.product_schemas import LessonLine, Version

LessonKind = Literal["text", "video", "audio", "file", "quiz", "assignment"]
_Finite = Annotated[float, Field(ge=0, le=10**9, allow_inf_nan=False)]
_Minutes = Annotated[Whole, Field(ge=0, le=100_000)]
_Long = Annotated[str, Field(max_length=4_000)]


class ChoiceIn(In):
    """A choice, whether it is right, and what to say about it."""

    text: _Long
    right: Flag = False
    because: _Long = ""


class QuestionIn(In):
    """A question. `choices` for single, multiple and true_false; `answer` (one or several) for number and text."""

    ask: _Long
    kind: Literal["single", "multiple", "true_false", "number", "text"] = "single"
    points: Annotated[Whole, Field(ge=1, le=100)] = 1
    explanation: _Long = ""
    choices: Annotated[tuple[ChoiceIn, ...], Field(max_length=20)] | None = None
    answer: Annotated[tuple[Line, ...], Field(max_length=50)] | Line | None = None
    tolerance: _Finite = 0.0


class LessonText(In):
    """What a lesson says and how it is offered. Without `minutes` it takes as long as it takes to read."""

    title: Line
    body_md: LongText = ""
    questions: Annotated[tuple[QuestionIn, ...], Field(max_length=200)] = ()
    media: AssetId | None = None
    minutes: _Minutes | None = None
    is_preview: Flag = False
    released_after_days: Annotated[Whole, Field(ge=0, le=3650)] = 0

    def raw_questions(self) -> tuple[dict[str, Any], ...]:
        """Return the questions as people write them."""
        return tuple(question.model_dump(exclude_none=True) for question in self.questions)


class LessonIn(LessonText):
    """A new lesson, at the end of its section."""

    kind: LessonKind = "text"
    slug: Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] | None = None


class LessonSave(LessonText):
    """What a lesson says, anew and whole; without `kind` its kind stays."""

    kind: LessonKind | None = None


class Move(In):
    """Where a lesson goes: a section of the same product, and its place there (0: first)."""

    section: SectionId
    place: Annotated[Whole, Field(ge=0)]


class SavedLesson(Out):
    """A lesson after saving; `has_new_version` is false when nothing had changed."""

    id: LessonId
    product_id: ProductId
    slug: str
    has_new_version: bool

    @classmethod
    def of(cls, saved: catalog.SavedLesson) -> "SavedLesson":
        """Return what came of saving."""
        return cls(
            id=saved.lesson_id, product_id=saved.product_id, slug=saved.slug, has_new_version=saved.has_new_version
        )


class Heading(Out):
    """A heading in a lesson's text."""

    level: int
    text: str
    id: str


class ChoiceOut(Out):
    """A choice, before answering."""

    id: str
    text_html: str


class QuestionOut(Out):
    """A question, before answering: nothing tells which choice is right."""

    id: str
    kind: str
    ask_html: str
    points: int
    choices: list[ChoiceOut]

    @classmethod
    def of(cls, question: Mapping[str, Any]) -> "QuestionOut":
        """Return the question as learners see it."""
        choices = [ChoiceOut(id=choice["id"], text_html=choice["text_html"]) for choice in question["choices"]]
        return cls(
            id=question["id"], kind=question["kind"], ask_html=question["ask_html"], points=question["points"],
            choices=choices,
        )  # fmt: skip


class File(Out):
    """A file, and where its bytes are; `url` wants the same credentials as this call."""

    id: AssetId
    name: str
    media_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None
    url: str

    @classmethod
    def of(cls, asset: catalog.AssetView, *, url: str) -> "File":
        """Return the file as programs read it."""
        return cls(
            id=asset.id, name=asset.name, media_type=asset.media_type, size=asset.size, sha256=asset.sha256,
            width=asset.width, height=asset.height, url=url,
        )  # fmt: skip


class Lesson(Out):
    """A lesson as learners read it; `html` is safe to show. `access` says why it is open to this caller."""

    id: LessonId
    product_id: ProductId
    slug: str
    title: str
    kind: str
    number: int
    minutes: int
    is_preview: bool
    version_id: VersionId
    fingerprint: str
    access: str
    html: str
    toc: list[Heading]
    questions: list[QuestionOut]
    media: File | None
    previous: LessonLine | None
    next: LessonLine | None


class LessonDraft(Out):
    """A lesson as its editor sees it, answers included."""

    id: LessonId
    product_id: ProductId
    section_id: SectionId
    slug: str
    kind: str
    number: int
    version_id: VersionId
    title: str
    body_md: str
    questions: list[dict[str, Any]]
    media: File | None
    minutes: int
    is_preview: bool
    released_after_days: int
    is_published: bool
    has_unpublished_changes: bool
    versions: list[Version]


class StatisticOut(Out):
    """How one question does over first attempts: `p_value` is the part who were right, `discrimination` −1 to 1."""

    question: str
    attempts: int
    p_value: float | None
    discrimination: float | None
    choice_counts: dict[str, int]
