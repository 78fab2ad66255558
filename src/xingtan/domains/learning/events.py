"""What learning tells."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event


@dataclass(frozen=True, slots=True)
class LessonStarted(Event):
    """A person opened a lesson for the first time."""

    kind: ClassVar[str] = "learning.lesson_started"
    person_id: UUID
    product_id: UUID
    lesson_id: UUID


@dataclass(frozen=True, slots=True)
class LessonProgressed(Event):
    """A person got past another quarter of a lesson, for the first time; `quarters` is 1, 2 or 3."""

    kind: ClassVar[str] = "learning.lesson_progressed"
    person_id: UUID
    product_id: UUID
    lesson_id: UUID
    quarters: int


@dataclass(frozen=True, slots=True)
class LessonCompleted(Event):
    """A person finished a lesson, told once."""

    kind: ClassVar[str] = "learning.lesson_completed"
    person_id: UUID
    product_id: UUID
    lesson_id: UUID


@dataclass(frozen=True, slots=True)
class QuizAnswered(Event):
    """A person submitted an attempt at a quiz; `questions` pairs each question's key with whether it was right."""

    kind: ClassVar[str] = "learning.quiz_answered"
    person_id: UUID
    product_id: UUID
    lesson_id: UUID
    attempt_id: UUID
    points: int
    max_points: int
    questions: tuple[tuple[str, bool | None], ...]


@dataclass(frozen=True, slots=True)
class NoteWritten(Event):
    """A person kept a highlight, a note or a bookmark."""

    kind: ClassVar[str] = "learning.note_written"
    person_id: UUID
    product_id: UUID
    lesson_id: UUID
    note_id: UUID
    note_kind: str
