"""Lessons: added, saved, restored, opened to all or held back, removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.events import LessonRemoved
from xingtan.domains.catalog.kinds import LESSON_KINDS
from xingtan.domains.catalog.models import Asset, Lesson, LessonVersion, Product
from xingtan.domains.catalog.rules.checks import checked_days, checked_minutes, checked_title, tidy_text
from xingtan.domains.catalog.rules.quizzes import parse_questions
from xingtan.domains.catalog.rules.slugs import free_slug, slug_of
from xingtan.domains.catalog.use_cases.rows import live_lesson, live_section, touch
from xingtan.domains.catalog.use_cases.versions import LessonText, open_assets, save_lesson_version
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


@dataclass(frozen=True, slots=True)
class AddLesson:
    """A new lesson at the end of a section. `questions` as people write them (see `rules.quizzes`)."""

    section_id: UUID
    title: str
    kind: str = "text"
    slug: str = ""
    body_md: str = ""
    questions: tuple[Mapping[str, Any], ...] = ()
    media_asset_id: UUID | None = None
    minutes: int | None = None
    is_preview: bool = False
    released_after_days: int = 0
    source_key: str | None = None
    source_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SaveLesson:
    """What a lesson says, anew, and how it is offered. `kind` None leaves the kind as it is."""

    lesson_id: UUID
    title: str
    body_md: str = ""
    questions: tuple[Mapping[str, Any], ...] = ()
    media_asset_id: UUID | None = None
    minutes: int | None = None
    kind: str | None = None
    is_preview: bool = False
    released_after_days: int = 0
    source_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SavedLesson:
    """A lesson after saving; `has_new_version` is False when nothing had changed."""

    lesson_id: UUID
    product_id: UUID
    slug: str
    has_new_version: bool


def add_lesson(session: Session, command: AddLesson, *, viewer: Viewer, clock: Clock) -> SavedLesson:
    """Add a lesson as a draft. `Invalid` for bad fields."""
    viewer.require(Permission.CATALOG_WRITE)
    product, section = live_section(session, command.section_id)
    text = _checked(session, command, kind=_checked_kind(command.kind), language=product.language)
    last = session.scalar(select(func.max(Lesson.position)).where(Lesson.section_id == section.id))
    lesson = Lesson(
        id=new_id(), product_id=product.id, section_id=section.id, position=(last or 0) + 1,
        slug=free_slug(slug_of(command.slug or text.title), lambda slug: _is_taken(session, product.id, slug)),
        kind=command.kind, is_preview=command.is_preview,
        released_after_days=checked_days(command.released_after_days), published_version_id=None, published_at=None,
        draft_version_id=None, source_key=command.source_key, source_hash=command.source_hash, removed_at=None,
        title=text.title, minutes=0,
    )  # fmt: skip
    session.add(lesson)
    session.flush()
    save_lesson_version(session, product, lesson, text=text, at=clock.now(), by=viewer.person_id)
    touch(session, product, clock=clock)
    return SavedLesson(lesson.id, product.id, lesson.slug, has_new_version=True)


def save_lesson(session: Session, command: SaveLesson, *, viewer: Viewer, clock: Clock) -> SavedLesson:
    """Save a lesson as a new draft version (none when nothing changed); how it is offered changes at once."""
    viewer.require(Permission.CATALOG_WRITE)
    product, lesson = live_lesson(session, command.lesson_id)
    kind = lesson.kind if command.kind is None else _checked_kind(command.kind)
    text = _checked(session, command, kind=kind, language=product.language)
    lesson.kind = kind
    lesson.released_after_days = checked_days(command.released_after_days)
    _offer(session, lesson, is_preview=command.is_preview)
    lesson.source_hash = command.source_hash or lesson.source_hash
    is_new = save_lesson_version(session, product, lesson, text=text, at=clock.now(), by=viewer.person_id)
    touch(session, product, clock=clock)
    return SavedLesson(lesson.id, product.id, lesson.slug, has_new_version=is_new)


def restore_lesson_version(
    session: Session, lesson_id: UUID, *, number: int, viewer: Viewer, clock: Clock
) -> SavedLesson:
    """Save what version `number` of a lesson says as its newest version; `NotFound` when there is none."""
    viewer.require(Permission.CATALOG_WRITE)
    product, lesson = live_lesson(session, lesson_id)
    wanted = select(LessonVersion).where(LessonVersion.lesson_id == lesson.id, LessonVersion.number == number)
    old = session.scalar(wanted)
    if old is None:
        raise NotFound(say("There is no such version."))
    text = LessonText(old.title, old.body_md, tuple(old.questions), old.media_asset_id, old.minutes)
    is_new = save_lesson_version(session, product, lesson, text=text, at=clock.now(), by=viewer.person_id)
    touch(session, product, clock=clock)
    return SavedLesson(lesson.id, product.id, lesson.slug, has_new_version=is_new)


def remove_lesson(session: Session, lesson_id: UUID, *, viewer: Viewer, clock: Clock) -> None:
    """Take a lesson out of its product. Its versions, and what learners did with it, are kept."""
    viewer.require(Permission.CATALOG_WRITE)
    product, lesson = live_lesson(session, lesson_id)
    lesson.removed_at = clock.now()
    touch(session, product, clock=clock)
    emit(session, LessonRemoved(product.id, lesson.id), at=clock.now())


def _offer(session: Session, lesson: Lesson, *, is_preview: bool) -> None:
    if is_preview and not lesson.is_preview and lesson.published_version_id:
        version = session.get(LessonVersion, lesson.published_version_id)
        if version is not None:
            open_assets(session, version.body_md, also=(version.media_asset_id,))
    lesson.is_preview = is_preview


def _checked(session: Session, command: AddLesson | SaveLesson, *, kind: str, language: str) -> LessonText:
    if command.media_asset_id is not None and session.get(Asset, command.media_asset_id) is None:
        raise Invalid.of("media", say("There is no such file."))
    return LessonText(
        title=checked_title(command.title),
        body_md=tidy_text(command.body_md),
        questions=tuple(parse_questions(list(command.questions), language=language)) if kind == "quiz" else (),
        media_asset_id=command.media_asset_id,
        minutes=None if command.minutes is None else checked_minutes(command.minutes),
    )


def _checked_kind(kind: str) -> str:
    if kind not in LESSON_KINDS:
        raise Invalid.of("kind", say("This kind of lesson is not known."))
    return kind


def _is_taken(session: Session, product_id: UUID, slug: str) -> bool:
    wanted = select(Lesson.id).where(Lesson.product_id == product_id, Lesson.slug == slug)
    return session.scalar(wanted) is not None


def lesson_of_source(session: Session, product: Product, source_key: str) -> Lesson | None:
    """Return the lesson of `product` that was imported from `source_key`, removed or not."""
    wanted = select(Lesson).where(Lesson.product_id == product.id, Lesson.source_key == source_key)
    return session.scalars(wanted.order_by(Lesson.id)).first()
