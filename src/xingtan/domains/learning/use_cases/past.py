"""What was learnt before: progress, attempts and notes that are moved in from elsewhere, many at once.

History is no news: no event tells of it. What the learner has here already stays as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning.models import LessonProgress, Note, QuizAnswer, QuizAttempt
from xingtan.domains.learning.rules.anchors import anchored, flattened, text_of
from xingtan.domains.learning.rules.answers import Given, given_answer
from xingtan.domains.learning.rules.positions import stored
from xingtan.domains.learning.sealing import ANSWER, QUOTE, TEXT
from xingtan.domains.learning.views import Position
from xingtan.infra.db import new_id
from xingtan.infra.vault import Vault


@dataclass(frozen=True, slots=True)
class PastProgress:
    """How far somebody was in a lesson. `completed_at` None: not done."""

    person_id: UUID
    product_id: UUID
    lesson_id: UUID
    version_id: UUID
    position: Position
    fraction: float
    started_at: datetime
    updated_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """A quiz that was submitted: question id → a choice's id, several of them, or what was typed."""

    person_id: UUID
    product_id: UUID
    lesson_id: UUID
    version_id: UUID
    started_at: datetime
    submitted_at: datetime
    answers: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PastNote:
    """A highlight or a note that somebody kept. `html` is the lesson's text, in which `quote` is looked for."""

    person_id: UUID
    product_id: UUID
    lesson_id: UUID
    version_id: UUID
    kind: str
    html: str
    quote: str
    text: str
    at: datetime


def keep_past_progress(session: Session, found: Iterable[PastProgress]) -> None:
    """Keep progress of the past; a lesson that the person has opened here stays as it is."""
    rows = [_progress_row(one) for one in found]
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    if rows:
        session.execute(make(LessonProgress).on_conflict_do_nothing(), rows)


def _progress_row(one: PastProgress) -> dict[str, Any]:
    return {
        "person_id": one.person_id, "lesson_id": one.lesson_id, "product_id": one.product_id,
        "version_id": one.version_id, "position": stored(one.position), "position_at": one.updated_at,
        "fraction": one.fraction, "started_at": one.started_at, "completed_at": one.completed_at,
        "updated_at": one.updated_at,
    }  # fmt: skip


def keep_past_attempts(session: Session, found: Sequence[PastAttempt], *, vault: Vault) -> None:
    """Grade attempts of the past by today's questions and keep them; one query for each quiz.

    `Invalid` for an answer to no question of the quiz, or a choice it has not.
    """
    quizzes = {
        version_id: catalog.questions_of(session, version_id) for version_id in {one.version_id for one in found}
    }
    attempts, answers = [], []
    for one in found:
        attempt_id, points, most = new_id(), 0, 0
        for question in quizzes[one.version_id]:
            given = given_answer(question, one.answers.get(str(question["id"])))
            grade = catalog.grade(question, given.answer)
            points, most = points + grade.points, most + grade.max_points
            answers.append(_answer_row(session, attempt_id, one.person_id, grade=grade, given=given, vault=vault))
        attempts.append(_attempt_row(one, attempt_id, points=points, most=most))
    if attempts:
        session.execute(insert(QuizAttempt), attempts)
    if answers:
        session.execute(insert(QuizAnswer), answers)


def _attempt_row(one: PastAttempt, attempt_id: UUID, *, points: int, most: int) -> dict[str, Any]:
    return {
        "id": attempt_id, "person_id": one.person_id, "lesson_id": one.lesson_id, "product_id": one.product_id,
        "version_id": one.version_id, "points": points, "max_points": most, "started_at": one.started_at,
        "submitted_at": one.submitted_at,
    }  # fmt: skip


def _answer_row(
    session: Session, attempt_id: UUID, person_id: UUID, *, grade: catalog.Grade, given: Given, vault: Vault
) -> dict[str, Any]:
    return {
        "attempt_id": attempt_id, "question_key": grade.question_id, "choices": list(given.choices),
        "text_sealed": vault.seal(session, person_id, ANSWER, given.text) if given.text else None,
        "is_correct": grade.is_right, "points": grade.points,
    }  # fmt: skip


def keep_past_notes(session: Session, found: Iterable[PastNote], *, vault: Vault) -> None:
    """Keep notes of the past, sealed for those who wrote them, whether or not the lesson is open to them now."""
    rows = [_note_row(session, one, vault=vault) for one in found]
    if rows:
        session.execute(insert(Note), rows)


def _note_row(session: Session, one: PastNote, *, vault: Vault) -> dict[str, Any]:
    anchor = anchored(text_of(one.html), flattened(one.quote))
    return {
        "id": new_id(), "person_id": one.person_id, "lesson_id": one.lesson_id, "product_id": one.product_id,
        "version_id": one.version_id, "kind": one.kind, "anchor": {} if anchor is None else asdict(anchor),
        "quote_sealed": vault.seal(session, one.person_id, QUOTE, flattened(one.quote)) if one.quote else None,
        "text_sealed": vault.seal(session, one.person_id, TEXT, one.text) if one.text else None,
        "created_at": one.at, "updated_at": one.at,
    }  # fmt: skip
