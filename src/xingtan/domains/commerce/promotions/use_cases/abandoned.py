"""Checkouts that were left: noted for those who agree to letters, forgotten with their agreement or after 30 days."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.events import CheckoutAbandoned
from xingtan.domains.commerce.models import AbandonedCheckout, OrderLine, SalesOrder
from xingtan.domains.commerce.promotions.views import AbandonedPage, AbandonedView
from xingtan.domains.privacy import api as privacy
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

LEFT_AFTER = timedelta(hours=1)
KEPT_FOR = timedelta(days=30)
_PAGE = 50
_AT_ONCE = 500


def note_open_checkout(session: Session, person_id: UUID, product_id: UUID, price: Money, *, clock: Clock) -> None:
    """Note that somebody looks at a checkout, if she agrees to letters; looking again moves the hour."""
    if not privacy.allows(session, person_id, privacy.Purpose.MARKETING_MAIL):
        return
    row = session.scalar(
        select(AbandonedCheckout)
        .where(AbandonedCheckout.person_id == person_id, AbandonedCheckout.product_id == product_id)
        .with_for_update()
    )
    if row is None:
        row = AbandonedCheckout(id=new_id(), person_id=person_id, product_id=product_id, order_id=None)
        session.add(row)
    row.amount_minor, row.currency, row.opened_at, row.left_at = price.minor, price.currency, clock.now(), None
    session.flush()


def note_expired_order(session: Session, order_id: UUID, *, clock: Clock) -> None:
    """Note an order that nobody paid in time, if its buyer agrees to letters. Running it twice changes nothing."""
    order = session.get(SalesOrder, order_id)
    if order is None or order.state != "expired" or order.kind != "checkout":
        return
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position))
    line = next((one for one in lines if one.product_id is not None and one.kind != "gift"), None)
    if line is None or line.product_id is None:
        return
    total = Money(order.total_minor, order.currency)
    note_open_checkout(session, order.person_id, line.product_id, total, clock=clock)
    row = session.scalar(
        select(AbandonedCheckout).where(
            AbandonedCheckout.person_id == order.person_id, AbandonedCheckout.product_id == line.product_id
        )
    )
    if row is not None:
        row.order_id = order.id
        _leave(session, row, clock=clock)


def leave_open_checkouts(session: Session, *, clock: Clock) -> int:
    """Count checkouts as left that were opened an hour ago, drop those of people who have bought since or withdrew."""
    now = clock.now()
    session.execute(delete(AbandonedCheckout).where(AbandonedCheckout.opened_at < now - KEPT_FOR))
    open_ones = select(AbandonedCheckout).where(
        AbandonedCheckout.left_at.is_(None), AbandonedCheckout.opened_at <= now - LEFT_AFTER
    )
    rows = session.scalars(open_ones.limit(_AT_ONCE)).all()
    agree = privacy.people_allowing(session, privacy.Purpose.MARKETING_MAIL, among=[row.person_id for row in rows])
    for row in rows:
        if row.person_id in agree:
            _leave(session, row, clock=clock)
        else:
            session.delete(row)
    session.flush()
    return len(rows)


def _leave(session: Session, row: AbandonedCheckout, *, clock: Clock) -> None:
    if row.left_at is not None:
        return
    row.left_at = clock.now()
    emit(session, CheckoutAbandoned(row.person_id, row.product_id, row.order_id), at=clock.now())


def forget_abandoned(session: Session, person_id: UUID, product_ids: tuple[UUID, ...] | None = None) -> None:
    """Forget the checkouts that a person left: of the products that she has bought, or (None) all of them."""
    wanted = delete(AbandonedCheckout).where(AbandonedCheckout.person_id == person_id)
    if product_ids is not None:
        wanted = wanted.where(AbandonedCheckout.product_id.in_(product_ids))
    session.execute(wanted)


def abandoned_checkouts(session: Session, viewer: Viewer, *, cursor: str | None = None) -> AbandonedPage:
    """Return checkouts that were left, newest first; of people who agree to letters, and agree still."""
    viewer.require(Permission.ORDERS_READ)
    wanted = select(AbandonedCheckout).where(AbandonedCheckout.left_at.is_not(None))
    if cursor is not None:
        wanted = wanted.where(AbandonedCheckout.id < _id_of(cursor))
    rows = session.scalars(wanted.order_by(AbandonedCheckout.id.desc()).limit(_PAGE + 1)).all()
    shown = rows[:_PAGE]
    agree = privacy.people_allowing(session, privacy.Purpose.MARKETING_MAIL, among=[row.person_id for row in shown])
    found = tuple(_view(row) for row in shown if row.person_id in agree)
    return AbandonedPage(found, public_id("checkout", shown[-1].id) if len(rows) > _PAGE else None)


def _id_of(cursor: str) -> UUID:
    try:
        return private_id("checkout", cursor)
    except NotFound as error:
        raise Invalid.of("cursor", say("This cursor is not one of ours.")) from error


def _view(row: AbandonedCheckout) -> AbandonedView:
    return AbandonedView(
        row.id, row.person_id, row.product_id, row.order_id, Money(row.amount_minor, row.currency), row.opened_at,
        row.left_at or row.opened_at,
    )  # fmt: skip
