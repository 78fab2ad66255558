"""Publishing: pointing at a version. At once, at an instant, never again, once more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken, Invalid, say
from xingtan.core.viewer import SYSTEM, Permission, Viewer
from xingtan.domains.catalog.events import LessonPublished, ProductPublished, ProductRetired
from xingtan.domains.catalog.machines import PRODUCT
from xingtan.domains.catalog.models import Lesson, LessonVersion, Product, ProductVersion
from xingtan.domains.catalog.queries.cards import with_topics
from xingtan.domains.catalog.rules.content import content_from_json
from xingtan.domains.catalog.use_cases.rows import live_lesson, locked_product, touch
from xingtan.domains.catalog.use_cases.versions import open_assets, show_content
from xingtan.domains.catalog.views import ProductCard
from xingtan.infra.outbox import emit


@dataclass(frozen=True, slots=True)
class PublishProduct:
    """Show the newest version to all, now. `published_at` back-dates an import or a sample; None: now."""

    product_id: UUID
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduleProduct:
    """Show the newest version to all at `publish_at`."""

    product_id: UUID
    publish_at: datetime


def publish_product(session: Session, command: PublishProduct, *, viewer: Viewer, clock: Clock) -> ProductCard:
    """Publish the newest version of a product, with every lesson that was never published; return its card.

    Publishing again shows what was saved since. Lessons that are out keep their published version until they are
    published themselves.
    """
    viewer.require(Permission.CATALOG_WRITE)
    product = locked_product(session, command.product_id)
    _publish(session, product, at=command.published_at or clock.now(), clock=clock)
    return with_topics(session, [product])[0]


def _publish(session: Session, product: Product, *, at: datetime, clock: Clock) -> None:
    event = "updated" if product.state == "published" else "published"
    version = session.get(ProductVersion, product.draft_version_id)
    if version is None:
        msg = f"product {product.id} has no version"
        raise Broken(msg)
    product.state = PRODUCT.after(product.state, event)
    content = content_from_json(version.content)
    product.published_version_id = version.id
    product.published_at = product.published_at or at
    product.publish_at = product.retired_at = None
    show_content(product, content)
    open_assets(session, content.description_md, also=(content.cover_asset_id,))
    waiting = select(Lesson).where(
        Lesson.product_id == product.id, Lesson.removed_at.is_(None), Lesson.published_version_id.is_(None)
    )
    for lesson in session.scalars(waiting).all():
        show_lesson(session, lesson, at=at, told_at=clock.now())
    touch(session, product, clock=clock)
    emit(session, ProductPublished(product.id, version.id, version.fingerprint), at=clock.now())


def schedule_product(session: Session, command: ScheduleProduct, *, viewer: Viewer, clock: Clock) -> ProductCard:
    """Have the product published at an instant that is still to come; return its card."""
    viewer.require(Permission.CATALOG_WRITE)
    product = locked_product(session, command.product_id)
    if command.publish_at <= clock.now():
        raise Invalid.of("publish_at", say("Choose a moment that is still to come."))
    product.state = PRODUCT.after(product.state, "scheduled")
    product.publish_at = command.publish_at
    touch(session, product, clock=clock)
    return with_topics(session, [product])[0]


def unschedule_product(session: Session, product_id: UUID, *, viewer: Viewer, clock: Clock) -> ProductCard:
    """Make a scheduled product a draft again; return its card."""
    viewer.require(Permission.CATALOG_WRITE)
    product = locked_product(session, product_id)
    product.state = PRODUCT.after(product.state, "unscheduled")
    product.publish_at = None
    touch(session, product, clock=clock)
    return with_topics(session, [product])[0]


def retire_product(session: Session, product_id: UUID, *, viewer: Viewer, clock: Clock) -> ProductCard:
    """Stop offering a product; who has it keeps it. Return its card."""
    viewer.require(Permission.CATALOG_WRITE)
    product = locked_product(session, product_id)
    product.state = PRODUCT.after(product.state, "retired")
    product.retired_at = clock.now()
    touch(session, product, clock=clock)
    emit(session, ProductRetired(product.id), at=clock.now())
    return with_topics(session, [product])[0]


def publish_due(session: Session, *, clock: Clock) -> int:
    """Publish every scheduled product whose instant has come; return how many."""
    due = select(Product).where(Product.state == "scheduled", Product.publish_at <= clock.now())
    rows = session.scalars(due.order_by(Product.publish_at, Product.id).with_for_update(skip_locked=True)).all()
    for product in rows:
        _publish(session, product, at=product.publish_at or clock.now(), clock=clock)
    return len(rows)


def publish_lesson(session: Session, lesson_id: UUID, *, viewer: Viewer = SYSTEM, clock: Clock) -> None:
    """Show the newest version of a lesson to learners. Nothing happens when it is shown already."""
    viewer.require(Permission.CATALOG_WRITE)
    product, lesson = live_lesson(session, lesson_id)
    if lesson.published_version_id == lesson.draft_version_id:
        return
    show_lesson(session, lesson, at=clock.now(), told_at=clock.now())
    touch(session, product, clock=clock)


def show_lesson(session: Session, lesson: Lesson, *, at: datetime, told_at: datetime) -> None:
    """Point at the newest version of `lesson`; files of a free preview become public with it."""
    version = session.get(LessonVersion, lesson.draft_version_id) if lesson.draft_version_id else None
    if version is None:
        msg = f"lesson {lesson.id} has no version"
        raise Broken(msg)
    lesson.published_version_id = version.id
    lesson.published_at = lesson.published_at or at
    lesson.title, lesson.minutes = version.title, version.minutes
    if lesson.is_preview:
        open_assets(session, version.body_md, also=(version.media_asset_id,))
    emit(session, LessonPublished(lesson.product_id, lesson.id, version.id, version.fingerprint), at=told_at)
