"""Orders, read: one's own, or as staff. Anybody else's order number finds nothing."""

import base64
import binascii
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.machines import KEPT, OPEN
from xingtan.domains.commerce.models import OrderLine, Payment, Refund, SalesOrder
from xingtan.domains.commerce.rules.numbers import read_number
from xingtan.domains.commerce.views import (
    LineView,
    OrderFilter,
    OrderPage,
    OrderRow,
    OrderView,
    PaymentView,
    RefundPolicy,
    RefundView,
)

_LONGEST_PAGE = 100


def order(session: Session, viewer: Viewer, number: str) -> OrderView:
    """Return the order with this number: the viewer's own, anybody's for staff, else `NotFound`. Four queries."""
    wanted = select(SalesOrder).where(SalesOrder.number == (read_number(number) or ""))
    if not viewer.may(Permission.ORDERS_READ):
        wanted = wanted.where(SalesOrder.person_id == viewer.require_person())
    row = session.scalar(wanted)
    if row is None:
        raise NotFound(say("There is no such order."))
    return _whole(session, row)


def my_order(session: Session, viewer: Viewer, number: str) -> OrderView:
    """Return the viewer's own order with this number; `NotFound` for anybody else's, for staff too."""
    wanted = select(SalesOrder).where(
        SalesOrder.number == (read_number(number) or ""), SalesOrder.person_id == viewer.require_person()
    )
    row = session.scalar(wanted)
    if row is None:
        raise NotFound(say("There is no such order."))
    return _whole(session, row)


def order_numbers(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return id → order number, for those of the ids that are orders. One query."""
    found = session.execute(select(SalesOrder.id, SalesOrder.number).where(SalesOrder.id.in_(order_ids)))
    return dict(found.all())


def order_by_id(session: Session, viewer: Viewer, order_id: UUID) -> OrderView:
    """Return the order with this id, for staff."""
    viewer.require(Permission.ORDERS_READ)
    row = session.get(SalesOrder, order_id)
    if row is None:
        raise NotFound(say("There is no such order."))
    return _whole(session, row)


def orders_in_full(session: Session, viewer: Viewer) -> tuple[OrderView, ...]:
    """Return every order of the viewer's own with all that belongs to it, oldest first. Four queries, however many."""
    wanted = select(SalesOrder).where(SalesOrder.person_id == viewer.require_person())
    return _wholes(session, session.scalars(wanted.order_by(SalesOrder.placed_at, SalesOrder.id)).all())


def _whole(session: Session, row: SalesOrder) -> OrderView:
    return _wholes(session, [row])[0]


def _wholes(session: Session, rows: Sequence[SalesOrder]) -> tuple[OrderView, ...]:
    ids = [row.id for row in rows]
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    payments: dict[UUID, list[Payment]] = defaultdict(list)
    refunds: dict[UUID, list[Refund]] = defaultdict(list)
    for line in session.scalars(select(OrderLine).where(OrderLine.order_id.in_(ids)).order_by(OrderLine.position)):
        lines[line.order_id].append(line)
    for payment in session.scalars(select(Payment).where(Payment.order_id.in_(ids)).order_by(Payment.id)):
        payments[payment.order_id].append(payment)
    for refund in session.scalars(select(Refund).where(Refund.order_id.in_(ids)).order_by(Refund.id)):
        refunds[refund.order_id].append(refund)
    return tuple(_view(row, lines=lines[row.id], payments=payments[row.id], refunds=refunds[row.id]) for row in rows)


def _view(
    row: SalesOrder, *, lines: Sequence[OrderLine], payments: Sequence[Payment], refunds: Sequence[Refund]
) -> OrderView:
    kept = {one.id for one in payments if one.state in KEPT}
    returned = sum(one.amount_minor for one in refunds if one.state == "succeeded" and one.payment_id in kept)
    return OrderView(
        id=row.id, number=row.number, person_id=row.person_id, state=row.state,
        total=Money(row.total_minor, row.currency), refunded=Money(returned, row.currency),
        lines=tuple(
            LineView(one.product_id, one.offer_id, one.title, Money(one.amount_minor, row.currency)) for one in lines
        ),
        payments=tuple(map(_payment, payments)), refunds=tuple(map(_refund, refunds)),
        policy=RefundPolicy(days=row.policy["days"], version=row.policy["version"]), language=row.language,
        placed_at=row.placed_at, expires_at=row.expires_at, paid_at=row.paid_at,
    )  # fmt: skip


def _payment(row: Payment) -> PaymentView:
    currency = row.received_currency or row.currency
    received = None if row.received_minor is None else Money(row.received_minor, currency)
    refundable = Money((row.received_minor or 0) - row.refunding_minor, currency)
    return PaymentView(
        row.id, row.provider, row.state, Money(row.amount_minor, row.currency), received, refundable,
        row.provider_reference, row.redirect_url if row.state in OPEN else None, row.failure_code, row.created_at,
        row.settled_at,
    )  # fmt: skip


def _refund(row: Refund) -> RefundView:
    return RefundView(
        row.id, row.payment_id, row.state, Money(row.amount_minor, row.currency), row.reason, row.failure_code,
        row.created_at, row.settled_at,
    )  # fmt: skip


def my_orders(session: Session, viewer: Viewer, *, cursor: str | None = None, limit: int = 20) -> OrderPage:
    """Return the viewer's own orders, newest first. Three queries."""
    return _page(session, _filtered(OrderFilter(person_id=viewer.require_person())), cursor=cursor, limit=limit)


def orders(
    session: Session, viewer: Viewer, *, only: OrderFilter | None = None, cursor: str | None = None, limit: int = 50
) -> OrderPage:
    """Return everybody's orders, newest first, for staff who may read them. Three queries."""
    viewer.require(Permission.ORDERS_READ)
    return _page(session, _filtered(only or OrderFilter()), cursor=cursor, limit=limit)


def _filtered(only: OrderFilter) -> Select[SalesOrder]:
    wanted = select(SalesOrder)
    if only.state is not None:
        wanted = wanted.where(SalesOrder.state == only.state)
    if only.person_id is not None:
        wanted = wanted.where(SalesOrder.person_id == only.person_id)
    if only.product_id is not None:
        lines = select(OrderLine.order_id).where(OrderLine.product_id == only.product_id)
        wanted = wanted.where(SalesOrder.id.in_(lines))
    if only.number:
        wanted = wanted.where(SalesOrder.number == (read_number(only.number) or ""))
    if only.needs_attention:
        wanted = wanted.where(_has_open_question())
    return wanted


def _has_open_question() -> ColumnElement[bool]:
    """Money that waits for a person: a payment that does not match, one nobody knows of, a refund that was refused."""
    payment = exists().where(Payment.order_id == SalesOrder.id, Payment.state.in_(("held", "unknown")))
    refund = exists().where(Refund.order_id == SalesOrder.id, Refund.state.in_(("failed", "unknown")))
    return or_(payment, refund)


def _page(session: Session, wanted: Select[SalesOrder], *, cursor: str | None, limit: int) -> OrderPage:
    limit = max(1, min(limit, _LONGEST_PAGE))
    if cursor is not None:
        placed_at, last_id = _read_cursor(cursor)
        earlier = and_(SalesOrder.placed_at == placed_at, SalesOrder.id < last_id)
        wanted = wanted.where(or_(SalesOrder.placed_at < placed_at, earlier))
    newest = wanted.order_by(SalesOrder.placed_at.desc(), SalesOrder.id.desc()).limit(limit + 1)
    found = session.execute(newest.add_columns(_has_open_question())).all()
    shown = found[:limit]
    ids = [row.id for row, _ in shown]
    titles, returned = _titles(session, ids), refunded_by_order(session, ids)
    rows = tuple(
        OrderRow(
            row.id, row.number, row.person_id, row.state, Money(row.total_minor, row.currency),
            Money(returned.get(row.id, 0), row.currency), titles[row.id], row.placed_at, row.paid_at, bool(asks),
        )
        for row, asks in shown
    )  # fmt: skip
    return OrderPage(rows, _cursor(shown[-1][0]) if len(found) > limit else None)


def _titles(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    wanted = select(OrderLine.order_id, OrderLine.title).where(OrderLine.order_id.in_(order_ids))
    for order_id, title in session.execute(wanted.order_by(OrderLine.position)):
        found[order_id].append(title)
    return {order_id: tuple(found[order_id]) for order_id in order_ids}


def refunded_by_order(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many minor units went back of each order's kept payment; orders without any are left out."""
    wanted = (
        select(Refund.order_id, func.sum(Refund.amount_minor))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Refund.order_id.in_(order_ids), Refund.state == "succeeded",
            Payment.state.in_(("partly_refunded", "refunded")),
        )
        .group_by(Refund.order_id)
    )  # fmt: skip
    return {order_id: int(minor) for order_id, minor in session.execute(wanted)}


def _cursor(row: SalesOrder) -> str:
    plain = f"{row.placed_at.isoformat()}|{row.id.hex}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, last_id = plain.partition("|")
        return datetime.fromisoformat(at).astimezone(UTC), UUID(hex=last_id)
    except (ValueError, binascii.Error, OverflowError):
        raise Invalid.of("cursor", say("This page address is not one of ours.")) from None
