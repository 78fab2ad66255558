"""The contents of a product: sections and the order of everything in them. Positions run 1, 2, 3 … without gaps."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.models import Lesson, Section
from xingtan.domains.catalog.rules.checks import LONGEST_TITLE, tidy
from xingtan.domains.catalog.use_cases.rows import live_lesson, live_section, locked_product, touch
from xingtan.infra.db import new_id


def add_section(
    session: Session, product_id: UUID, *, title: str, viewer: Viewer, clock: Clock, source_key: str | None = None
) -> UUID:
    """Add a section at the end and return its id. A bundle has none (`Conflict`)."""
    viewer.require(Permission.CATALOG_WRITE)
    product = locked_product(session, product_id)
    if product.kind == "bundle":
        raise Conflict(say("A bundle has no lessons of its own."))
    last = session.scalar(select(func.max(Section.position)).where(Section.product_id == product_id))
    section = Section(
        id=new_id(), product_id=product_id, position=(last or 0) + 1, title=_checked(title), source_key=source_key,
        removed_at=None,
    )  # fmt: skip
    session.add(section)
    touch(session, product, clock=clock)
    return section.id


def rename_section(session: Session, section_id: UUID, *, title: str, viewer: Viewer, clock: Clock) -> None:
    """Give a section another title; empty: none."""
    viewer.require(Permission.CATALOG_WRITE)
    product, section = live_section(session, section_id)
    section.title = _checked(title)
    touch(session, product, clock=clock)


def remove_section(session: Session, section_id: UUID, *, viewer: Viewer, clock: Clock) -> None:
    """Remove an empty section; `Conflict` while lessons are in it."""
    viewer.require(Permission.CATALOG_WRITE)
    product, section = live_section(session, section_id)
    inside = select(func.count()).where(Lesson.section_id == section_id, Lesson.removed_at.is_(None))
    if session.scalar(inside):
        raise Conflict(say("There are lessons in this section. Move or remove them first."))
    section.removed_at = clock.now()
    touch(session, product, clock=clock)


def move_section(session: Session, section_id: UUID, *, to: int, viewer: Viewer, clock: Clock) -> None:
    """Put a section at place `to` (0: first) among the product's sections; places beyond the ends are the ends."""
    viewer.require(Permission.CATALOG_WRITE)
    product, section = live_section(session, section_id)
    wanted = select(Section).where(Section.product_id == product.id, Section.removed_at.is_(None))
    _place(list(session.scalars(wanted.order_by(Section.position, Section.id))), section, to)
    touch(session, product, clock=clock)


def move_lesson(session: Session, lesson_id: UUID, *, section_id: UUID, to: int, viewer: Viewer, clock: Clock) -> None:
    """Put a lesson at place `to` (0: first) of a section of the same product."""
    viewer.require(Permission.CATALOG_WRITE)
    product, lesson = live_lesson(session, lesson_id)
    owner, section = live_section(session, section_id)
    if owner.id != product.id:
        raise Invalid.of("section", say("This section belongs to another product."))
    wanted = select(Lesson).where(Lesson.section_id == section.id, Lesson.removed_at.is_(None))
    others = list(session.scalars(wanted.order_by(Lesson.position, Lesson.id)))
    lesson.section_id = section.id
    _place(others, lesson, to)
    touch(session, product, clock=clock)


def shift_lesson(session: Session, lesson_id: UUID, *, by: int, viewer: Viewer, clock: Clock) -> None:
    """Move a lesson up (-1) or down (+1); over the edge of its section it enters the next one."""
    viewer.require(Permission.CATALOG_WRITE)
    product, lesson = live_lesson(session, lesson_id)
    sections = list(
        session.scalars(
            select(Section)
            .where(Section.product_id == product.id, Section.removed_at.is_(None))
            .order_by(Section.position, Section.id)
        )
    )
    inside = {
        section.id: list(
            session.scalars(
                select(Lesson)
                .where(Lesson.section_id == section.id, Lesson.removed_at.is_(None))
                .order_by(Lesson.position, Lesson.id)
            )
        )
        for section in sections
    }
    home = next(i for i, section in enumerate(sections) if section.id == lesson.section_id)
    place = inside[lesson.section_id].index(lesson) + by
    if 0 <= place < len(inside[lesson.section_id]):
        _place(inside[lesson.section_id], lesson, place)
    elif 0 <= home + by < len(sections):
        target = sections[home + by]
        lesson.section_id = target.id
        _place(inside[target.id], lesson, len(inside[target.id]) if by < 0 else 0)
    touch(session, product, clock=clock)


def order_lessons(session: Session, section_id: UUID, *, ids: Sequence[UUID]) -> None:
    """Put the lessons `ids` into a section, in this order, before whatever else is in it. For importers."""
    wanted = select(Lesson).where(Lesson.section_id == section_id, Lesson.removed_at.is_(None))
    rest = [row for row in session.scalars(wanted.order_by(Lesson.position, Lesson.id)) if row.id not in set(ids)]
    first = [row for row in (session.get(Lesson, each) for each in ids) if row is not None]
    for position, row in enumerate((*first, *rest), start=1):
        row.section_id, row.position = section_id, position


def _place(rows: list[Section] | list[Lesson], row: Section | Lesson, to: int) -> None:
    others = [each for each in rows if each is not row]
    others.insert(max(0, min(to, len(others))), row)
    for position, each in enumerate(others, start=1):
        each.position = position


def _checked(title: str) -> str:
    title = tidy(title)
    if len(title) > LONGEST_TITLE:
        raise Invalid.of("title", say("At most %(limit)s characters, please.", limit=LONGEST_TITLE))
    return title
