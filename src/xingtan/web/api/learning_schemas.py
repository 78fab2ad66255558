"""A learner's things as programs read and write them."""

from typing import Annotated, Literal

from pydantic import Field

from xingtan.domains.learning import api as learning
from xingtan.web.api.fields import (
    At,
    AttemptId,
    In,
    Instant,
    LessonId,
    Line,
    NoteId,
    Out,
    ProductId,
    VersionId,
    Whole,
)
from xingtan.web.api.product_schemas import Picture

_Part = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_NoteText = Annotated[str, Field(max_length=10_000)]


class Position(In):
    """A place: `seconds` of a recording; or in a text a `block` and how far into it, a heading, a fraction of all."""

    seconds: Annotated[float, Field(ge=0, le=172_800, allow_inf_nan=False)] | None = None
    block: Annotated[Whole, Field(ge=0, le=100_000)] | None = None
    within: _Part | None = None
    anchor: Annotated[str, Field(pattern=r"^\S{1,120}$")] | None = None
    scroll: _Part | None = None

    @classmethod
    def of(cls, position: learning.Position) -> "Position":
        """Return the place as programs read it."""
        return cls(
            seconds=position.seconds, block=position.block, within=position.within, anchor=position.anchor,
            scroll=position.scroll,
        )  # fmt: skip


class Progress(Out):
    """How far somebody is in a lesson."""

    lesson_id: LessonId
    version_id: VersionId
    position: Position
    fraction: float
    started_at: At
    completed_at: At | None
    updated_at: At

    @classmethod
    def of(cls, state: learning.LessonState) -> "Progress":
        """Return the state as programs read it."""
        return cls(
            lesson_id=state.lesson_id, version_id=state.version_id, position=Position.of(state.position),
            fraction=state.fraction, started_at=state.started_at, completed_at=state.completed_at,
            updated_at=state.updated_at,
        )  # fmt: skip


class ProgressIn(In):
    """Where the reader is, at `at` by her own clock; of two reports the later one counts."""

    version: VersionId
    position: Position
    fraction: _Part
    at: Instant


class CompletedIn(In):
    """Which text the reader has finished."""

    version: VersionId


class ShelfItem(Out):
    """Something that one holds, and where one goes on."""

    product_id: ProductId
    slug: str
    kind: str
    language: str
    title: str
    subtitle: str
    author: str
    cover: Picture | None
    starts_at: At | None
    held_since: At
    lessons: int
    lessons_done: int
    resume_lesson_id: LessonId | None
    resume_path: str | None


class NoteIn(In):
    """A highlight (of `quote`), a note (with `text`, perhaps about a quote), or a bookmark."""

    kind: Literal["highlight", "note", "bookmark"]
    quote: Annotated[str, Field(max_length=5_000)] = ""
    text: _NoteText = ""
    near: Annotated[Whole, Field(ge=0)] = 0


class NoteChange(In):
    """New words for a note."""

    text: _NoteText


class Note(Out):
    """A note of one's own. `start` and `end` count characters of the lesson's text; null when its words are gone."""

    id: NoteId
    lesson_id: LessonId
    product_id: ProductId
    kind: str
    quote: str
    text: str
    start: int | None
    end: int | None
    is_orphan: bool
    created_at: At
    updated_at: At

    @classmethod
    def of(cls, note: learning.NoteView) -> "Note":
        """Return the note as programs read it."""
        return cls(
            id=note.id, lesson_id=note.lesson_id, product_id=note.product_id, kind=note.kind, quote=note.quote,
            text=note.text, start=note.anchor.start if note.anchor else None,
            end=note.anchor.end if note.anchor else None, is_orphan=note.is_orphan, created_at=note.created_at,
            updated_at=note.updated_at,
        )  # fmt: skip


class AttemptStarted(Out):
    """A try that was begun."""

    id: AttemptId


class Answers(In):
    """Question id → a choice's id, several of them, or what was typed; `version` is the quiz before the learner."""

    version: VersionId
    answers: Annotated[
        dict[Annotated[str, Field(max_length=20)], Line | Annotated[tuple[Line, ...], Field(max_length=20)]],
        Field(max_length=200),
    ]


class AttemptLine(Out):
    """A submitted try in a list."""

    id: AttemptId
    points: int
    max_points: int
    submitted_at: At


class Answer(Out):
    """One graded answer, with what is told only afterwards."""

    question: str
    kind: str
    choices: list[str]
    text: str
    is_right: bool
    points: int
    max_points: int
    right_choices: list[str]
    right_answer: str
    because: dict[str, str]
    explanation_html: str


class Attempt(AttemptLine):
    """A submitted try, graded by the server."""

    lesson_id: LessonId
    version_id: VersionId
    started_at: At
    answers: list[Answer]

    @classmethod
    def of(cls, attempt: learning.AttemptView) -> "Attempt":
        """Return the try as programs read it."""
        return cls(
            id=attempt.id, points=attempt.points, max_points=attempt.max_points, submitted_at=attempt.submitted_at,
            lesson_id=attempt.lesson_id, version_id=attempt.version_id, started_at=attempt.started_at,
            answers=[_answer(answer) for answer in attempt.answers],
        )  # fmt: skip


def _answer(answer: learning.AnswerView) -> Answer:
    return Answer(
        question=answer.question_id, kind=answer.kind, choices=list(answer.choices), text=answer.text,
        is_right=answer.is_right, points=answer.points, max_points=answer.max_points,
        right_choices=list(answer.right_choices), right_answer=answer.right_answer, because=dict(answer.because),
        explanation_html=answer.explanation_html,
    )  # fmt: skip
