"""Coupons, read, and what each has brought in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import Coupon, CouponProduct, OrderDiscount, OrderLine, SalesOrder
from xingtan.domains.commerce.promotions.views import CouponFigures, CouponView


def coupon_state(row: Coupon, *, at: datetime) -> str:
    """Return in one word how the coupon stands: live, coming, over, used_up, paused, ended."""
    if row.ended_at is not None:
        return "ended"
    if row.ends_at is not None and at >= row.ends_at:
        return "over"
    if row.total is not None and row.taken >= row.total:
        return "used_up"
    if row.paused_at is not None:
        return "paused"
    return "coming" if row.starts_at is not None and at < row.starts_at else "live"


def coupon_view(row: Coupon, product_ids: Sequence[UUID], *, at: datetime) -> CouponView:
    """Return the row as others see it."""
    return CouponView(
        row.id, row.code, row.note, coupon_state(row, at=at), row.share_bp, _amounts(row.amounts), _amounts(row.least),
        tuple(product_ids), tuple(row.kinds), row.periods, row.total, row.taken, row.per_person, row.is_stackable,
        row.starts_at, row.ends_at, row.created_at,
    )  # fmt: skip


def _amounts(found: dict[str, int]) -> tuple[Money, ...]:
    return tuple(Money(minor, currency) for currency, minor in sorted(found.items()))


def coupons(session: Session, viewer: Viewer, *, at: datetime) -> tuple[CouponView, ...]:
    """Return every coupon, newest first; for those who see drafts. Two queries."""
    viewer.require(Permission.CATALOG_READ)
    rows = session.scalars(select(Coupon).order_by(Coupon.created_at.desc(), Coupon.id.desc())).all()
    listed = products_of(session, [row.id for row in rows])
    return tuple(coupon_view(row, listed[row.id], at=at) for row in rows)


def coupon(session: Session, viewer: Viewer, coupon_id: UUID, *, at: datetime) -> CouponView:
    """Return one coupon; `NotFound` when there is none."""
    viewer.require(Permission.CATALOG_READ)
    row = session.get(Coupon, coupon_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return coupon_view(row, products_of(session, [row.id])[row.id], at=at)


def products_of(session: Session, coupon_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the products that each coupon is for; an empty list: for all."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    wanted = select(CouponProduct).where(CouponProduct.coupon_id.in_(coupon_ids)).order_by(CouponProduct.product_id)
    for row in session.scalars(wanted):
        found[row.coupon_id].append(row.product_id)
    return found


def coupon_figures(
    session: Session, viewer: Viewer, coupon_ids: Iterable[UUID]
) -> dict[UUID, tuple[CouponFigures, ...]]:
    """Return what paid orders with each coupon came to, by currency: its lowered lines alone, with tax. One query."""
    viewer.require(Permission.NUMBERS_READ)
    lowered = (
        select(OrderDiscount.source_id, OrderDiscount.line_id, func.sum(OrderDiscount.amount_minor).label("off"))
        .where(OrderDiscount.kind == "coupon", OrderDiscount.source_id.in_(list(coupon_ids)))
        .group_by(OrderDiscount.source_id, OrderDiscount.line_id)
        .subquery()
    )
    wanted = (
        select(
            lowered.c.source_id, SalesOrder.currency, func.count(SalesOrder.id.distinct()), func.sum(lowered.c.off),
            func.sum(OrderLine.amount_minor), func.sum(OrderLine.returned_minor),
        )
        .join(OrderLine, OrderLine.id == lowered.c.line_id)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(SalesOrder.paid_at.is_not(None))
        .group_by(lowered.c.source_id, SalesOrder.currency)
        .order_by(lowered.c.source_id, SalesOrder.currency)
    )  # fmt: skip
    found: dict[UUID, list[CouponFigures]] = defaultdict(list)
    for coupon_id, currency, orders, off, sales, returned in session.execute(wanted):
        amounts = (Money(int(minor), currency) for minor in (off, sales, returned))
        found[coupon_id].append(CouponFigures(coupon_id, orders, *amounts))
    return {coupon_id: tuple(figures) for coupon_id, figures in found.items()}
