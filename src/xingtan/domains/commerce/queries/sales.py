"""What was sold: honest numbers, from the orders themselves. Formulas stand beside each.

An order counts from the moment it is paid. What went back counts on the day it went back, so that a closed day never
changes. Money that was not ours to keep (second payments, mismatches) counts nowhere.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from xingtan.core.errors import Broken
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.machines import KEPT
from xingtan.domains.commerce.models import OrderLine, Payment, Refund, SalesOrder
from xingtan.domains.commerce.views import DaySales, SalesSummary

_SOLD = ("paid", "partly_refunded")


def sold_count(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many orders of each product are paid and not wholly refunded, free ones included. One query."""
    wanted = (
        select(OrderLine.product_id, func.count())
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(OrderLine.product_id.in_(product_ids), SalesOrder.state.in_(_SOLD))
        .group_by(OrderLine.product_id)
    )
    found = dict(session.execute(wanted).all())
    return {product_id: found.get(product_id, 0) for product_id in product_ids}


def sales_by_day(session: Session, viewer: Viewer, period: Period, *, zone: ZoneInfo) -> tuple[DaySales, ...]:
    """Return one row for each day of `zone` and currency on which money came or went, in order. Two queries."""
    viewer.require(Permission.NUMBERS_READ)
    came: dict[tuple[date, str], list[int]] = defaultdict(list)
    went: dict[tuple[date, str], int] = defaultdict(int)
    paid = select(SalesOrder.paid_at, SalesOrder.currency, SalesOrder.total_minor)
    for at, currency, minor in session.execute(paid.where(_within(SalesOrder.paid_at, period))):
        came[_day(at, zone), currency].append(minor)
    for at, currency, minor in session.execute(_refunds(period)):
        went[_day(at, zone), currency] += minor
    return tuple(
        DaySales(
            day, len(came.get((day, currency), ())), Money(sum(came.get((day, currency), ())), currency),
            Money(went.get((day, currency), 0), currency),
        )
        for day, currency in sorted(came.keys() | went.keys())
    )  # fmt: skip


def sales_summary(session: Session, viewer: Viewer, period: Period) -> tuple[SalesSummary, ...]:
    """Return the period's sums, one row per currency in which anything happened. Two queries.

    Gross is the sum of the totals of orders paid in the period; refunded the sum of refunds that arrived in it.
    """
    viewer.require(Permission.NUMBERS_READ)
    sold = session.execute(
        select(
            SalesOrder.currency, func.count(), func.count().filter(SalesOrder.total_minor == 0),
            func.count(SalesOrder.person_id.distinct()), func.sum(SalesOrder.total_minor),
        )
        .where(_within(SalesOrder.paid_at, period))
        .group_by(SalesOrder.currency)
    ).all()  # fmt: skip
    went: dict[str, list[int]] = defaultdict(list)
    for _, currency, minor in session.execute(_refunds(period)):
        went[currency].append(minor)
    by_currency = {currency: (orders, free, buyers, int(gross)) for currency, orders, free, buyers, gross in sold}
    rows = []
    for currency in sorted(by_currency.keys() | went.keys()):
        orders, free, buyers, gross = by_currency.get(currency, (0, 0, 0, 0))
        back = went.get(currency, [])
        rows.append(
            SalesSummary(currency, orders, free, buyers, Money(gross, currency), Money(sum(back), currency), len(back))
        )
    return tuple(rows)


def _refunds(period: Period) -> Select[datetime | None, str, int]:
    return (
        select(Refund.settled_at, Refund.currency, Refund.amount_minor)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.state == "succeeded", Payment.state.in_(KEPT), _within(Refund.settled_at, period))
    )


def _day(at: datetime | None, zone: ZoneInfo) -> date:
    if at is None:
        msg = "what is paid or settled has its instant"
        raise Broken(msg)
    return at.astimezone(zone).date()


def _within(column: InstrumentedAttribute[datetime | None], period: Period) -> ColumnElement[bool]:
    inside = column >= period.starts_at
    return inside if period.ends_at is None else inside & (column < period.ends_at)
