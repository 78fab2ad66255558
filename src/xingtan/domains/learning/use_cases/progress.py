"""Going through a lesson."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.event import Event
from xingtan.core.viewer import Viewer
from xingtan.domains.learning.events import LessonCompleted, LessonProgressed, LessonStarted
from xingtan.domains.learning.lessons import open_lesson
from xingtan.domains.learning.models import LessonProgress
from xingtan.domains.learning.queries.progress import state_view
from xingtan.domains.learning.rules.positions import DONE, Progress, fraction_of, merged, position_of, quarters, stored
from xingtan.domains.learning.views import LessonState, Position
from xingtan.infra.outbox import emit

_RECORDINGS = frozenset({"audio", "video"})


@dataclass(frozen=True, slots=True)
class SaveProgress:
    """Where a reader says that she is. `version_id` is the text that she has before her; `at` her own clock's time."""

    viewer: Viewer
    lesson_id: UUID
    version_id: UUID
    position: Mapping[str, Any]
    fraction: object
    at: datetime


@dataclass(frozen=True, slots=True)
class CompleteLesson:
    """A reader says that she is done."""

    viewer: Viewer
    lesson_id: UUID
    version_id: UUID


def save_progress(session: Session, command: SaveProgress, *, clock: Clock) -> LessonState:
    """Keep where the reader is and how far she got; a recording heard to its end is done by that.

    Reports may come late, twice and out of order: the newest place by her own clock stays, and what is done stays done.
    """
    now = clock.now()
    position, fraction = position_of(command.position), fraction_of(command.fraction)
    met = open_lesson(session, command.viewer, command.lesson_id, at=now)
    is_heard = met.lesson.kind in _RECORDINGS and fraction >= DONE
    report = Progress(position, min(command.at, now), fraction, now if is_heard else None)
    return _advance(session, command.viewer, met.product.id, lesson=command, report=report, at=now)


def complete_lesson(session: Session, command: CompleteLesson, *, clock: Clock) -> LessonState:
    """Mark the lesson as done; doing so twice changes nothing."""
    now = clock.now()
    met = open_lesson(session, command.viewer, command.lesson_id, at=now)
    return finish(session, command.viewer, met.product.id, lesson=command, at=now)


def finish(
    session: Session, viewer: Viewer, product_id: UUID, *, lesson: "SaveProgress | CompleteLesson", at: datetime
) -> LessonState:
    """Mark an open lesson as done, without asking again whether it is open."""
    known = session.get(LessonProgress, (viewer.require_person(), lesson.lesson_id), with_for_update=True)
    position = position_of(known.position) if known else Position()
    report = Progress(position, known.position_at if known else at, 1.0, at)
    return _advance(session, viewer, product_id, lesson=lesson, report=report, at=at)


def _advance(
    session: Session,
    viewer: Viewer,
    product_id: UUID,
    *,
    lesson: SaveProgress | CompleteLesson,
    report: Progress,
    at: datetime,
) -> LessonState:
    person_id = viewer.require_person()
    is_new = _insert(session, person_id, product_id, lesson=lesson, report=report, at=at)
    row = session.get_one(LessonProgress, (person_id, lesson.lesson_id), with_for_update=True, populate_existing=True)
    fraction = 0.0 if is_new else row.fraction
    known = Progress(position_of(row.position), row.position_at, fraction, row.completed_at)
    after = merged(known, report)
    row.position, row.position_at = stored(after.position), after.position_at
    row.fraction, row.completed_at = after.fraction, after.completed_at
    row.version_id, row.updated_at = lesson.version_id, max(at, row.updated_at)
    for news in _news(person_id, product_id, lesson.lesson_id, before=None if is_new else known, after=after):
        emit(session, news, at=at)
    session.flush()
    return state_view(row)


def _news(
    person_id: UUID, product_id: UUID, lesson_id: UUID, *, before: Progress | None, after: Progress
) -> Iterator[Event]:
    """Yield what is new: begun, a further quarter, done. Each is told once in a lesson's life with a person."""
    if before is None:
        yield LessonStarted(person_id, product_id, lesson_id)
    if after.completed_at is not None and (before is None or before.completed_at is None):
        yield LessonCompleted(person_id, product_id, lesson_id)
    elif after.completed_at is None and quarters(after.fraction) > (quarters(before.fraction) if before else 0):
        yield LessonProgressed(person_id, product_id, lesson_id, quarters(after.fraction))


def _insert(
    session: Session,
    person_id: UUID,
    product_id: UUID,
    *,
    lesson: SaveProgress | CompleteLesson,
    report: Progress,
    at: datetime,
) -> bool:
    """Make the row unless there is one; two tabs may open a lesson at the same moment."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = make(LessonProgress).values(
        person_id=person_id,
        lesson_id=lesson.lesson_id,
        product_id=product_id,
        version_id=lesson.version_id,
        position=stored(report.position),
        position_at=report.position_at,
        fraction=report.fraction,
        started_at=at,
        completed_at=None,
        updated_at=at,
    )
    result = session.execute(row.on_conflict_do_nothing().returning(LessonProgress.lesson_id))
    return result.first() is not None
