"""One lesson as one viewer meets it: what it is, what it belongs to, whether it is open to her."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.learning.errors import NotBought, NotReleased
from xingtan.domains.learning.rules.access import access
from xingtan.domains.learning.views import Access


@dataclass(frozen=True, slots=True)
class MetLesson:
    """A lesson, its product, and whether it is open."""

    product: catalog.ProductCard
    lesson: catalog.LessonLine
    access: Access


def held_since(session: Session, viewer: Viewer, product_id: UUID, *, at: datetime) -> datetime | None:
    """Return since when the viewer has held the product without an end so far; None when she does not hold it."""
    if viewer.person_id is None:
        return None
    return held_products(session, viewer, at=at).get(product_id)


def held_products(session: Session, viewer: Viewer, *, at: datetime) -> dict[UUID, datetime]:
    """Return every product that the viewer holds now, and since when (the earliest of her live rights). One query."""
    since: dict[UUID, datetime] = {}
    for holding in entitlements.holdings(session, viewer, at=at):
        if holding.is_live:
            known = since.get(holding.product_id, holding.starts_at)
            since[holding.product_id] = min(known, holding.starts_at)
    return since


def unreleased_lessons(session: Session, held: Mapping[UUID, datetime], *, at: datetime) -> frozenset[UUID]:
    """Return the lessons of these products (id → held since) that open to their holder later. At most one query."""
    return frozenset(
        lesson_id
        for product_id, lesson_id, days in (catalog.drips(session, held) if held else ())
        if not access(
            is_preview=False, released_after_days=days, held_since=held[product_id], is_staff=False, at=at
        ).is_open
    )


def access_of(
    viewer: Viewer, *, is_preview: bool, released_after_days: int, held_since: datetime | None, at: datetime
) -> Access:
    """Return whether a lesson is open to `viewer`; the rule itself is `rules.access`."""
    return access(
        is_preview=is_preview,
        released_after_days=released_after_days,
        held_since=held_since,
        is_staff=viewer.may(Permission.CONTENT_USE),
        at=at,
    )


def lesson_access(
    session: Session, viewer: Viewer, product_id: UUID, *, is_preview: bool, released_after_days: int, at: datetime
) -> Access:
    """Return whether a lesson of the product is open to `viewer`. At most one query."""
    since = None if is_preview else held_since(session, viewer, product_id, at=at)
    return access_of(
        viewer, is_preview=is_preview, released_after_days=released_after_days, held_since=since, at=at
    )  # fmt: skip


def met_lesson(session: Session, viewer: Viewer, lesson_id: UUID, *, at: datetime) -> MetLesson:
    """Return the lesson as `viewer` meets it; `NotFound` when there is none that learners may see."""
    found = catalog.find_lessons(session, [lesson_id]).get(lesson_id)
    if found is None or not (found[1].is_published or viewer.may(Permission.CATALOG_READ)):
        raise NotFound(say("There is no such lesson."))
    product, lesson = found
    return MetLesson(
        product,
        lesson,
        lesson_access(
            session,
            viewer,
            product.id,
            is_preview=lesson.is_preview,
            released_after_days=lesson.released_after_days,
            at=at,
        ),
    )


def open_lesson(session: Session, viewer: Viewer, lesson_id: UUID, *, at: datetime) -> MetLesson:
    """Return the lesson; `NotBought` or `NotReleased` unless it is open to `viewer`."""
    met = met_lesson(session, viewer, lesson_id, at=at)
    require_open(met.access)
    return met


def require_open(found: Access) -> None:
    """Raise `NotReleased` for a lesson that opens later, `NotBought` for one that is not held."""
    if found.reason == "later":
        raise NotReleased(say("This lesson opens later."))
    if not found.is_open:
        raise NotBought(say("This lesson belongs to those who have bought it."))
