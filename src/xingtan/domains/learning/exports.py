"""What a person takes along of her learning: her part of «my data»."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.learning.models import LessonProgress, QuizAnswer, QuizAttempt
from xingtan.domains.learning.queries.notes import all_notes
from xingtan.domains.learning.sealing import ANSWER
from xingtan.infra.vault import Vault


def export_learning(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:  # noqa: ARG001 - the shape of every domain's part
    """Return the person's progress, notes and answers as plain data."""
    return {
        "progress": [_progress(row) for row in session.scalars(_of(LessonProgress, person_id))],
        "notes": [
            {
                "product": one.product_title,
                "lesson": one.lesson_title,
                "kind": one.note.kind,
                "quote": one.note.quote,
                "text": one.note.text,
                "written_at": one.note.created_at.isoformat(),
            }
            for one in all_notes(session, Viewer(person_id), vault=vault)
        ],
        "answers": _answers(session, person_id, vault=vault),
    }


def _of(table: type[LessonProgress], person_id: UUID) -> Any:
    return select(table).where(table.person_id == person_id).order_by(table.started_at)


def _progress(row: LessonProgress) -> dict[str, Any]:
    return {
        "product": public_id("product", row.product_id),
        "lesson": public_id("lesson", row.lesson_id),
        "fraction": row.fraction,
        "position": row.position,
        "started_at": row.started_at.isoformat(),
        "completed_at": row.completed_at.isoformat() if row.completed_at else None,
    }


def _answers(session: Session, person_id: UUID, *, vault: Vault) -> list[dict[str, Any]]:
    wanted = select(QuizAttempt, QuizAnswer).join(QuizAnswer, QuizAnswer.attempt_id == QuizAttempt.id)
    rows = session.execute(wanted.where(QuizAttempt.person_id == person_id).order_by(QuizAttempt.id))
    return [
        {
            "lesson": public_id("lesson", attempt.lesson_id),
            "attempt": public_id("attempt", attempt.id),
            "question": answer.question_key,
            "choices": answer.choices,
            "text": vault.open(session, person_id, ANSWER, answer.text_sealed) if answer.text_sealed else "",
            "is_correct": answer.is_correct,
            "at": attempt.started_at.isoformat(),
        }
        for attempt, answer in rows
    ]
