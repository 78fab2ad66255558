"""Submitted attempts, and how the questions do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning.models import QuizAnswer, QuizAttempt
from xingtan.domains.learning.rules.items import Answered
from xingtan.domains.learning.rules.items import item_statistics as reckon
from xingtan.domains.learning.sealing import ANSWER
from xingtan.domains.learning.views import AnswerView, AttemptLine, AttemptView, ItemStatistic
from xingtan.infra.vault import Vault


def attempt(session: Session, viewer: Viewer, attempt_id: UUID, *, vault: Vault) -> AttemptView:
    """Return a submitted try of the viewer's own, with explanations, as the quiz was when it was tried."""
    row = session.get(QuizAttempt, attempt_id)
    if row is None or row.person_id != viewer.require_person() or row.submitted_at is None:
        raise NotFound(say("There is no such attempt."))
    return attempt_view(session, row, questions=catalog.questions_of(session, row.version_id), vault=vault)


def attempts(session: Session, viewer: Viewer, lesson_id: UUID) -> tuple[AttemptLine, ...]:
    """Return the viewer's submitted tries at one quiz, newest first. One query."""
    wanted = select(QuizAttempt).where(
        QuizAttempt.person_id == viewer.require_person(),
        QuizAttempt.lesson_id == lesson_id,
        QuizAttempt.submitted_at.is_not(None),
    )
    rows = session.scalars(wanted.order_by(QuizAttempt.id.desc()))
    return tuple(
        AttemptLine(row.id, row.points, row.max_points, row.submitted_at)
        for row in rows
        if row.submitted_at is not None
    )


def attempt_view(
    session: Session, row: QuizAttempt, *, questions: Sequence[Mapping[str, Any]], vault: Vault
) -> AttemptView:
    """Return a submitted attempt with everything that may be known after it."""
    if row.submitted_at is None:
        raise NotFound(say("There is no such attempt."))
    answers = {
        answer.question_key: answer
        for answer in session.scalars(select(QuizAnswer).where(QuizAnswer.attempt_id == row.id))
    }
    views = [
        _answer_view(session, row, question, answers[question["id"]], vault=vault)
        for question in questions
        if question["id"] in answers
    ]
    return AttemptView(
        row.id, row.lesson_id, row.product_id, row.version_id, row.points, row.max_points, row.started_at,
        row.submitted_at, tuple(views),
    )  # fmt: skip


def _answer_view(
    session: Session, row: QuizAttempt, question: Mapping[str, Any], answer: QuizAnswer, *, vault: Vault
) -> AnswerView:
    text = vault.open(session, row.person_id, ANSWER, answer.text_sealed) if answer.text_sealed else ""
    grade = catalog.grade(question, text or tuple(answer.choices))
    return AnswerView(
        question_id=answer.question_key,
        kind=question["kind"],
        ask_html=question["ask_html"],
        options=tuple((choice["id"], choice["text_html"]) for choice in question["choices"]),
        choices=tuple(answer.choices),
        text=text,
        is_right=bool(answer.is_correct),
        points=answer.points,
        max_points=grade.max_points,
        right_choices=grade.right_choices,
        right_answer=grade.right_answer,
        because=grade.because,
        explanation_html=grade.explanation_html,
    )


def item_statistics(session: Session, viewer: Viewer, lesson: catalog.LessonPage) -> tuple[ItemStatistic, ...]:
    """Return how each question of the published quiz does, over each person's first submitted try. Two queries."""
    viewer.require(Permission.LEARNERS_READ)
    tries = select(QuizAttempt.id, QuizAttempt.person_id).where(
        QuizAttempt.lesson_id == lesson.id,
        QuizAttempt.version_id == lesson.version_id,
        QuizAttempt.submitted_at.is_not(None),
    )
    first: dict[UUID, UUID] = {}
    for attempt_id, person_id in session.execute(tries.order_by(QuizAttempt.id)):
        first.setdefault(person_id, attempt_id)
    kept = frozenset(first.values())
    wanted = select(QuizAnswer.attempt_id, QuizAnswer.question_key, QuizAnswer.is_correct, QuizAnswer.choices).join(
        QuizAttempt, QuizAttempt.id == QuizAnswer.attempt_id
    )
    wanted = wanted.where(QuizAttempt.lesson_id == lesson.id, QuizAttempt.version_id == lesson.version_id)
    answers = [
        Answered(attempt_id, key, is_correct, tuple(choices))
        for attempt_id, key, is_correct, choices in session.execute(wanted)
        if attempt_id in kept
    ]
    return reckon(answers, question_keys=[str(question["id"]) for question in lesson.questions])
