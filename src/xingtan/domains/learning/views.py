"""What learning hands out: frozen rows, never ORM objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

NOTE_KINDS = ("highlight", "note", "bookmark")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a lesson: seconds of a recording, or a place in a text.

    A text's place is a block (the number of the paragraph in the body, from 0) and how far into it (0 to 1), so that it
    is the same on every width of screen. `anchor` is the id of the nearest heading above, for readers without
    JavaScript; `scroll` is the fraction of the whole text, the last resort when the text has changed.
    """

    seconds: float | None = None
    block: int | None = None
    within: float | None = None
    anchor: str | None = None
    scroll: float | None = None


@dataclass(frozen=True, slots=True)
class LessonState:
    """How far one person is in one lesson."""

    lesson_id: UUID
    product_id: UUID
    version_id: UUID
    position: Position
    fraction: float
    started_at: datetime
    completed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProductProgress:
    """How far one person is in one product, counted in today's lessons; `fraction` is those done, 0 to 1."""

    product_id: UUID
    lesson_count: int
    done_count: int
    started_count: int
    last_lesson_id: UUID | None
    last_at: datetime | None

    @property
    def fraction(self) -> float:
        """Return the part that is done, 0 to 1."""
        return self.done_count / self.lesson_count if self.lesson_count else 0.0

    @property
    def is_done(self) -> bool:
        """Say whether every lesson of today's contents is done."""
        return 0 < self.lesson_count <= self.done_count


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where a person goes on: the lesson that she was in, or the next one that is not done, or the first."""

    lesson_id: UUID
    lesson_slug: str
    lesson_title: str
    position: Position
    is_start: bool


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """Something on a person's shelf, and where she goes on."""

    product_id: UUID
    slug: str
    kind: str
    language: str
    title: str
    subtitle: str
    author: str
    cover_asset_id: UUID | None
    starts_at: datetime | None
    held_since: datetime
    progress: ProductProgress
    resume: ResumePoint | None


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a lesson is open and why: ``preview``, ``held``, ``staff``; ``later`` or ``none`` when not."""

    reason: Literal["preview", "held", "staff", "later", "none"]
    opens_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Say whether the lesson may be read."""
        return self.reason in {"preview", "held", "staff"}


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a quote stands in a lesson's text: W3C TextPositionSelector (characters) with a hash of what goes before.

    The quote itself (TextQuoteSelector's ``exact``) is personal and kept sealed beside it.
    """

    start: int
    end: int
    prefix_hash: str = ""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note of the viewer's own. `anchor` is None when it has no words, or they are no longer in the text."""

    id: UUID
    lesson_id: UUID
    product_id: UUID
    kind: str
    quote: str
    text: str
    anchor: Anchor | None
    is_orphan: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NoteOfLesson:
    """A note with the names of where it was written, for the page of all notes."""

    note: NoteView
    product_slug: str
    product_title: str
    lesson_slug: str
    lesson_title: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One graded answer with everything that is told only after submitting. All `_html` is safe.

    `options` are (choice id, text); `choices` what was chosen, `text` what was typed; `because` says of chosen and of
    right choices why.
    """

    question_id: str
    kind: str
    ask_html: str
    options: tuple[tuple[str, str], ...]
    choices: tuple[str, ...]
    text: str
    is_right: bool
    points: int
    max_points: int
    right_choices: tuple[str, ...]
    right_answer: str
    because: Mapping[str, str]
    explanation_html: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """A submitted try at a quiz."""

    id: UUID
    lesson_id: UUID
    product_id: UUID
    version_id: UUID
    points: int
    max_points: int
    started_at: datetime
    submitted_at: datetime
    answers: tuple[AnswerView, ...]


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """A submitted try in a list."""

    id: UUID
    points: int
    max_points: int
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class ItemStatistic:
    """How one question does, over each person's first submitted attempt.

    `p_value` is the part who were right (difficulty); `discrimination` is the correlation of being right with the score
    on the *other* questions (corrected item-total, −1 to 1), None when it is not defined.
    """

    question_key: str
    attempts: int
    p_value: float | None
    discrimination: float | None
    choice_counts: Mapping[str, int]
