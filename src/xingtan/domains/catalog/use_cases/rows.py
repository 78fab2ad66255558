"""What every use case of the catalogue shares: loading and locking, raising the revision, recounting."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, say
from xingtan.domains.catalog.events import ProductChanged
from xingtan.domains.catalog.models import BundleItem, Lesson, Product, Section
from xingtan.infra.outbox import emit


def locked_product(session: Session, product_id: UUID) -> Product:
    """Return the product's row, locked until the end of the transaction; `NotFound` when there is none."""
    row = session.get(Product, product_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is no such product."))
    return row


def live_lesson(session: Session, lesson_id: UUID) -> tuple[Product, Lesson]:
    """Return a lesson that was not removed and its locked product."""
    lesson = session.get(Lesson, lesson_id)
    if lesson is None or lesson.removed_at is not None:
        raise NotFound(say("There is no such lesson."))
    return locked_product(session, lesson.product_id), lesson


def live_section(session: Session, section_id: UUID) -> tuple[Product, Section]:
    """Return a section that was not removed and its locked product."""
    section = session.get(Section, section_id)
    if section is None or section.removed_at is not None:
        raise NotFound(say("There is no such section."))
    return locked_product(session, section.product_id), section


def touch(session: Session, product: Product, *, clock: Clock) -> None:
    """Raise the revision, count lessons and minutes again, and tell those who show the product, when it is shown."""
    session.flush()
    product.revision += 1
    product.updated_at = clock.now()
    product.lesson_count, minutes = _counted(session, product)
    if product.kind not in {"live", "consulting"}:
        product.minutes = minutes
    session.flush()
    if product.state == "published":
        emit(session, ProductChanged(product.id), at=clock.now())
    for bundle in _bundles_with(session, product):
        touch(session, bundle, clock=clock)


def _bundles_with(session: Session, product: Product) -> Sequence[Product]:
    """Return the bundles whose sums this product is part of; bundles hold no bundles, so this ends."""
    if product.kind == "bundle":
        return ()
    wanted = select(Product).join(BundleItem, BundleItem.bundle_id == Product.id)
    return session.scalars(wanted.where(BundleItem.product_id == product.id).with_for_update(of=Product)).all()


def _counted(session: Session, product: Product) -> tuple[int, int]:
    if product.kind == "bundle":
        inside = select(func.coalesce(func.sum(Product.lesson_count), 0), func.coalesce(func.sum(Product.minutes), 0))
        wanted = inside.join(BundleItem, BundleItem.product_id == Product.id).where(BundleItem.bundle_id == product.id)
    else:
        wanted = select(func.count(), func.coalesce(func.sum(Lesson.minutes), 0)).where(
            Lesson.product_id == product.id, Lesson.removed_at.is_(None)
        )
        if product.published_version_id is not None:
            wanted = wanted.where(Lesson.published_version_id.is_not(None))
    count, minutes = session.execute(wanted).one()
    return int(count), int(minutes)
