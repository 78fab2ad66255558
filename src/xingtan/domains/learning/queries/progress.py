"""How far people are, and where they go on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.orm import Session

from xingtan.core.period import Period
from xingtan.core.viewer import STRANGER, Permission, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning.lessons import held_products
from xingtan.domains.learning.models import LessonProgress
from xingtan.domains.learning.rules.positions import position_of
from xingtan.domains.learning.rules.resume import next_lesson
from xingtan.domains.learning.views import LessonState, Position, ProductProgress, ResumePoint, ShelfItem

# Asked for every page of the reading room: built once, over the table, which is a third of the work of row classes.
_progress = LessonProgress.__table__.c
_STATES = (
    select(
        _progress.lesson_id,
        _progress.product_id,
        _progress.version_id,
        _progress.position,
        _progress.fraction,
        _progress.started_at,
        _progress.completed_at,
        _progress.updated_at,
    )
    .where(
        _progress.person_id == bindparam("person", type_=Uuid()),
        _progress.product_id.in_(bindparam("products", type_=Uuid(), expanding=True)),
    )
    .order_by(_progress.updated_at)
)


def state_view(row: LessonProgress) -> LessonState:
    """Return the frozen view of a row of progress."""
    return LessonState(
        row.lesson_id, row.product_id, row.version_id, position_of(row.position), row.fraction, row.started_at,
        row.completed_at, row.updated_at,
    )  # fmt: skip


def lesson_states(session: Session, person_id: UUID, product_id: UUID) -> dict[UUID, LessonState]:
    """Return how far the person is in each lesson of one product that she has opened. One query."""
    return {state.lesson_id: state for state in _states(session, person_id, [product_id]).get(product_id, ())}


def _states(session: Session, person_id: UUID, product_ids: Iterable[UUID]) -> dict[UUID, list[LessonState]]:
    found: dict[UUID, list[LessonState]] = {}
    for lesson_id, product_id, version_id, position, *rest in session.execute(
        _STATES, {"person": person_id, "products": list(product_ids)}
    ):
        state = LessonState(lesson_id, product_id, version_id, Position(**position), *rest)
        found.setdefault(product_id, []).append(state)
    return found


def product_progress(session: Session, person_id: UUID, product_ids: Sequence[UUID]) -> dict[UUID, ProductProgress]:
    """Return how far the person is in each product, measured against today's contents."""
    states = _states(session, person_id, product_ids)
    cards = catalog.find_products(session, product_ids)
    return {
        product_id: progress_of(product_id, _contents(session, cards.get(product_id)), states.get(product_id, ()))
        for product_id in product_ids
    }


def _contents(session: Session, card: catalog.ProductCard | None) -> Sequence[catalog.LessonLine]:
    """Return the lessons that learners see; from the catalogue's memory unless the product has changed."""
    if card is None or not card.lesson_count:
        return ()
    return catalog.for_viewer(catalog.contents_at(session, card.id, revision=card.revision), STRANGER).lessons


def progress_of(
    product_id: UUID, lessons: Sequence[catalog.LessonLine], states: Sequence[LessonState]
) -> ProductProgress:
    """Return one product's progress: lessons of today that are done and started, and the newest activity."""
    known = {state.lesson_id: state for state in states}
    today = [known[lesson.id] for lesson in lessons if lesson.id in known]
    newest = max(states, key=lambda state: state.updated_at, default=None)
    return ProductProgress(
        product_id=product_id,
        lesson_count=len(lessons),
        done_count=sum(state.completed_at is not None for state in today),
        started_count=len(today),
        last_lesson_id=newest.lesson_id if newest else None,
        last_at=newest.updated_at if newest else None,
    )


def resume_of(lessons: Sequence[catalog.LessonLine], states: Mapping[UUID, LessonState]) -> ResumePoint | None:
    """Return where a person goes on among `lessons`, None when there are none."""
    going_on = next_lesson(
        [lesson.id for lesson in lessons],
        done=frozenset(one.lesson_id for one in states.values() if one.completed_at is not None),
        seen={one.lesson_id: one.updated_at for one in states.values()},
    )
    lesson = next((one for one in lessons if one.id == going_on), None)
    if lesson is None:
        return None
    state = states.get(lesson.id)
    return ResumePoint(
        lesson.id, lesson.slug, lesson.title, state.position if state else Position(), is_start=not states
    )


def resume_point(session: Session, person_id: UUID | None, product_id: UUID) -> ResumePoint | None:
    """Return where the person (None: a stranger) goes on in the product; None when there is nothing to read."""
    lessons = catalog.contents(session, STRANGER, product_id).lessons
    return resume_of(lessons, lesson_states(session, person_id, product_id) if person_id else {})


def shelf(session: Session, viewer: Viewer, *, at: datetime) -> tuple[ShelfItem, ...]:
    """Return what the viewer holds: what she was in last, then the newest purchases. Three or four queries."""
    person_id = viewer.require_person()
    held = held_products(session, viewer, at=at)
    cards = catalog.find_products(session, held)
    states = _states(session, person_id, held)
    items = [_shelf_item(session, card, states.get(card.id, []), held_since=held[card.id]) for card in cards.values()]
    return tuple(sorted(items, key=_newest_first, reverse=True))


def _newest_first(item: ShelfItem) -> tuple[bool, datetime, UUID]:
    return item.progress.last_at is not None, item.progress.last_at or item.held_since, item.product_id


def _shelf_item(
    session: Session, card: catalog.ProductCard, states: Sequence[LessonState], *, held_since: datetime
) -> ShelfItem:
    lessons = _contents(session, card)
    return ShelfItem(
        product_id=card.id,
        slug=card.slug,
        kind=card.kind,
        language=card.language,
        title=card.title,
        subtitle=card.subtitle,
        author=card.author,
        cover_asset_id=card.cover_asset_id,
        starts_at=card.starts_at,
        held_since=held_since,
        progress=progress_of(card.id, lessons, states),
        resume=resume_of(lessons, {state.lesson_id: state for state in states}),
    )


def lessons_in_progress(
    session: Session, viewer: Viewer, *, since: datetime, limit: int = 10
) -> tuple[tuple[UUID, UUID, int, int], ...]:
    """Return (product, lesson, people in it, people done) for the lessons with most people in them since `since`."""
    viewer.require(Permission.LEARNERS_READ)
    people, done = func.count(), func.count(LessonProgress.completed_at)
    wanted = (
        select(LessonProgress.product_id, LessonProgress.lesson_id, people, done)
        .where(LessonProgress.updated_at >= since)
        .group_by(LessonProgress.product_id, LessonProgress.lesson_id)
        .order_by((people - done).desc(), LessonProgress.lesson_id)
        .limit(limit)
    )
    return tuple(session.execute(wanted))


def new_learners(session: Session, viewer: Viewer, *, period: Period) -> int:
    """Return how many people opened their first lesson of all within `period`; everyone counts, consent or not."""
    viewer.require(Permission.NUMBERS_READ)
    firsts = select(func.min(LessonProgress.started_at).label("at")).group_by(LessonProgress.person_id).subquery()
    wanted = select(func.count()).where(firsts.c.at >= period.starts_at)
    if period.ends_at is not None:
        wanted = wanted.where(firsts.c.at < period.ends_at)
    return session.scalar(wanted) or 0


def learner_count(session: Session, viewer: Viewer, *, since: datetime) -> int:
    """Return how many people opened or went on with a lesson since `since`; everyone counts, consent or not."""
    viewer.require(Permission.NUMBERS_READ)
    wanted = select(func.count(LessonProgress.person_id.distinct())).where(LessonProgress.updated_at >= since)
    return session.scalar(wanted) or 0
