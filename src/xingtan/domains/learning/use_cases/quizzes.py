"""Trying a quiz. The server grades; what is right and why is told only after submitting."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.viewer import Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning.events import QuizAnswered
from xingtan.domains.learning.lessons import MetLesson, open_lesson
from xingtan.domains.learning.models import QuizAnswer, QuizAttempt
from xingtan.domains.learning.queries.quizzes import attempt_view
from xingtan.domains.learning.rules.answers import Given, given_answer
from xingtan.domains.learning.sealing import ANSWER
from xingtan.domains.learning.use_cases.progress import CompleteLesson, finish
from xingtan.domains.learning.views import AttemptView
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """A learner begins to answer; the time between this and submitting is how long it took her."""

    viewer: Viewer
    lesson_id: UUID


@dataclass(frozen=True, slots=True)
class SubmitAttempt:
    """A learner's answers: question id → a choice's id, several of them, or what was typed.

    `version_id` is the quiz that she had before her. Every try is kept and there may be any number of them.
    """

    viewer: Viewer
    lesson_id: UUID
    version_id: UUID
    answers: Mapping[str, object]


def start_attempt(session: Session, command: StartAttempt, *, clock: Clock) -> UUID:
    """Note when the learner began and return the attempt's id; one that she has not submitted yet is gone on with."""
    met = open_lesson(session, command.viewer, command.lesson_id, at=clock.now())
    page = _quiz(session, command.viewer, met)
    return _open_attempt(session, command.viewer, page, clock=clock).id


def submit_attempt(session: Session, command: SubmitAttempt, *, clock: Clock, vault: Vault) -> AttemptView:
    """Grade and keep the answers, mark the lesson as done, and return everything that may be known now.

    `Conflict` when the quiz has changed meanwhile; `Invalid` for an unknown question or choice.
    """
    now = clock.now()
    met = open_lesson(session, command.viewer, command.lesson_id, at=now)
    page = _quiz(session, command.viewer, met)
    if command.version_id != page.version_id:
        raise Conflict(say("This quiz has changed since you opened it. Please look at it again."))
    questions = catalog.questions_of(session, page.version_id)
    given = _given(questions, command.answers)
    grades = [catalog.grade(question, one.answer) for question, one in zip(questions, given, strict=True)]
    attempt = _open_attempt(session, command.viewer, page, clock=clock)
    attempt.points, attempt.max_points = sum(one.points for one in grades), sum(one.max_points for one in grades)
    attempt.submitted_at = now
    for grade, one in zip(grades, given, strict=True):
        session.add(_answer(session, attempt, grade, one, vault=vault))
    lesson = CompleteLesson(command.viewer, command.lesson_id, page.version_id)
    finish(session, command.viewer, met.product.id, lesson=lesson, at=now)
    emit(session, _news(attempt, grades), at=now)
    session.flush()
    return attempt_view(session, attempt, questions=questions, vault=vault)


def _quiz(session: Session, viewer: Viewer, met: MetLesson) -> catalog.LessonPage:
    page = catalog.lesson_page(session, viewer, product_slug=met.product.slug, lesson_slug=met.lesson.slug)
    if not page.questions:
        raise NotFound(say("There are no questions in this lesson."))
    return page


def _open_attempt(session: Session, viewer: Viewer, page: catalog.LessonPage, *, clock: Clock) -> QuizAttempt:
    person_id = viewer.require_person()
    wanted = select(QuizAttempt).where(
        QuizAttempt.person_id == person_id, QuizAttempt.lesson_id == page.id, QuizAttempt.submitted_at.is_(None),
        QuizAttempt.version_id == page.version_id,
    )  # fmt: skip
    attempt = session.scalars(wanted.limit(1).with_for_update()).first()
    if attempt is None:
        attempt = QuizAttempt(
            id=new_id(), person_id=person_id, lesson_id=page.id, product_id=page.product.id,
            version_id=page.version_id, points=0, max_points=0, started_at=clock.now(), submitted_at=None,
        )  # fmt: skip
        session.add(attempt)
        session.flush()
    return attempt


def _given(questions: tuple[Mapping[str, object], ...], answers: Mapping[str, object]) -> list[Given]:
    unknown = set(answers) - {str(question["id"]) for question in questions}
    if unknown:
        raise Invalid.of(min(unknown), say("This quiz has no such question."))
    return [given_answer(question, answers.get(str(question["id"]))) for question in questions]


def _answer(session: Session, attempt: QuizAttempt, grade: catalog.Grade, given: Given, *, vault: Vault) -> QuizAnswer:
    return QuizAnswer(
        attempt_id=attempt.id,
        question_key=grade.question_id,
        choices=list(given.choices),
        text_sealed=vault.seal(session, attempt.person_id, ANSWER, given.text) if given.text else None,
        is_correct=grade.is_right,
        points=grade.points,
    )


def _news(attempt: QuizAttempt, grades: list[catalog.Grade]) -> QuizAnswered:
    return QuizAnswered(
        attempt.person_id,
        attempt.product_id,
        attempt.lesson_id,
        attempt.id,
        attempt.points,
        attempt.max_points,
        tuple((grade.question_id, grade.is_right) for grade in grades),
    )
