"""What is inside a product, kept in this process until the product's revision moves."""

from collections.abc import Collection
from dataclasses import replace
from threading import Lock
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.models import Lesson, Product, Section
from xingtan.domains.catalog.views import Contents, LessonLine, SectionLine

_KEPT = 512
_cache: dict[UUID, Contents] = {}
_lock = Lock()


def contents(session: Session, viewer: Viewer, product_id: UUID) -> Contents:
    """Return the sections and lessons of a product; staff also see lessons that are not published yet."""
    revision = session.scalar(select(Product.revision).where(Product.id == product_id))
    if revision is None:
        raise NotFound(say("There is no such product."))
    return for_viewer(contents_at(session, product_id, revision=revision), viewer)


def contents_at(session: Session, product_id: UUID, *, revision: int) -> Contents:
    """Return everything inside the product at `revision`: from the cache, or with one query.

    Only a reading session fills the cache: a writing one may yet roll back, and its revision be used again.
    """
    kept = _cache.get(product_id)
    if kept is not None and kept.revision == revision:
        return kept
    found = _read(session, product_id, revision)
    if session.info.get("reading"):
        with _lock:
            if len(_cache) >= _KEPT:
                _cache.pop(next(iter(_cache)))
            _cache[product_id] = found
    return found


def for_viewer(whole: Contents, viewer: Viewer) -> Contents:
    """Return `whole` for staff; for others without unpublished lessons, empty sections and the gaps in numbers."""
    if viewer.may(Permission.CATALOG_READ):
        return whole
    sections, number = [], 0
    for section in whole.sections:
        lessons = []
        for lesson in section.lessons:
            if lesson.is_published:
                number += 1
                lessons.append(lesson if lesson.number == number else replace(lesson, number=number))
        if lessons:
            sections.append(replace(section, lessons=tuple(lessons)))
    return replace(whole, sections=tuple(sections))


def drips(session: Session, product_ids: Collection[UUID]) -> tuple[tuple[UUID, UUID, int], ...]:
    """Return (product, lesson, days after which it opens) for the lessons that open later. One query."""
    wanted = select(Lesson.product_id, Lesson.id, Lesson.released_after_days).where(
        Lesson.product_id.in_(product_ids), Lesson.released_after_days > 0, Lesson.is_preview.is_(False)
    )
    return tuple((row[0], row[1], row[2]) for row in session.execute(wanted))


def _read(session: Session, product_id: UUID, revision: int) -> Contents:
    wanted = (
        select(Section.id, Section.title, Lesson)
        .outerjoin(Lesson, (Lesson.section_id == Section.id) & Lesson.removed_at.is_(None))
        .where(Section.product_id == product_id, Section.removed_at.is_(None))
        .order_by(Section.position, Section.id, Lesson.position, Lesson.id)
    )
    titles: dict[UUID, str] = {}
    inside: dict[UUID, list[LessonLine]] = {}
    number = 0
    for section_id, title, lesson in session.execute(wanted):
        titles[section_id] = title
        lines = inside.setdefault(section_id, [])
        if lesson is not None:
            number += 1
            lines.append(_line(lesson, number))
    sections = (SectionLine(section_id, title, tuple(inside[section_id])) for section_id, title in titles.items())
    return Contents(product_id, revision, tuple(sections))


def _line(lesson: Lesson, number: int) -> LessonLine:
    return LessonLine(
        id=lesson.id, slug=lesson.slug, section_id=lesson.section_id, title=lesson.title, kind=lesson.kind,
        minutes=lesson.minutes, is_preview=lesson.is_preview, released_after_days=lesson.released_after_days,
        is_published=lesson.published_version_id is not None, number=number, published_at=lesson.published_at,
    )  # fmt: skip
