"""Rows of learning. `version_id` is the lesson version that the person had before her.

1. One row of progress for each person and lesson; `completed_at` is never taken back.
2. Quotes, notes and free answers are sealed for the person who wrote them.
3. A submitted attempt never changes; an answer belongs to one question of one attempt.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ()}
"""Learning keeps its promises by constraints alone."""


class LessonProgress(Base):
    """How far a person is in a lesson: where (`position`), how much (`fraction`, 0 to 1), since when."""

    __tablename__ = "lesson_progress"
    __table_args__ = (
        CheckConstraint("fraction >= 0 AND fraction <= 1", name="fraction"),
        Index("ix_lesson_progress_product", "product_id", "person_id", "updated_at"),
        Index("ix_lesson_progress_recent", "person_id", "updated_at"),
        Index("ix_lesson_progress_lesson", "lesson_id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lesson.id"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    version_id: Mapped[UUID]
    position: Mapped[dict[str, Any]]
    position_at: Mapped[datetime]
    """The moment at which the reader was at `position`, by her own clock and never later than ours."""
    fraction: Mapped[float]
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Note(Base):
    """A highlight, a note or a bookmark, kept to the text by its `anchor`."""

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint("kind IN ('highlight', 'note', 'bookmark')", name="kind"),
        Index("ix_note_person_lesson", "person_id", "lesson_id"),
        Index("ix_note_lesson", "lesson_id"),
        Index("ix_note_product", "product_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lesson.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    version_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(12))
    anchor: Mapped[dict[str, Any]]
    quote_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class QuizAttempt(Base):
    """One try at a quiz, kept as it was graded."""

    __tablename__ = "quiz_attempt"
    __table_args__ = (
        CheckConstraint("points >= 0 AND points <= max_points", name="points"),
        CheckConstraint("(submitted_at IS NULL) OR (max_points > 0)", name="graded"),
        Index("ix_quiz_attempt_person_lesson", "person_id", "lesson_id"),
        Index("ix_quiz_attempt_lesson", "lesson_id", "submitted_at"),
        Index("ix_quiz_attempt_product", "product_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lesson.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    version_id: Mapped[UUID]
    points: Mapped[int]
    max_points: Mapped[int]
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class QuizAnswer(Base):
    """What was answered to one question; `is_correct` is null where no machine can grade."""

    __tablename__ = "quiz_answer"
    __table_args__ = (Index("ix_quiz_answer_question", "question_key"),)

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("quiz_attempt.id", ondelete="CASCADE"), primary_key=True)
    question_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    choices: Mapped[list[Any]]
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_correct: Mapped[bool | None]
    points: Mapped[int]


class FeedToken(Base):
    """The secret in the address of one person's feed of one podcast. Only its hash is kept; a new one ends the old."""

    __tablename__ = "feed_token"
    __table_args__ = (
        Index("uq_feed_token_hash", "token_hash", unique=True),
        Index("ix_feed_token_product", "product_id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
