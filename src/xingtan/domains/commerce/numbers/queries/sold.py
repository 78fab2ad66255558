"""What was sold and what went back, line by line: from paid orders, from uses that a wallet paid, from refunds.

1. An order counts when it is paid, a refund or a lost dispute on the day on which the money went back.
2. What is put into a wallet is no sale: it becomes one when it is spent. 3. Money that was not ours counts nowhere.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.models import Dispute, OrderLine, Refund, RefundLine, SalesOrder, UseCharge
from xingtan.domains.commerce.numbers.rules.sales import PER_USE, Sold

_WHOSE = (
    SalesOrder.number, SalesOrder.person_id, SalesOrder.currency, OrderLine.kind, OrderLine.product_id, OrderLine.title,
)  # fmt: skip


def sold(session: Session, over: Period) -> tuple[Sold, ...]:
    """Return all that was sold and all that went back in the period, oldest first."""
    found = [*_lines(session, over), *_returns(session, over), *_uses(session, over)]
    products = catalog.find_products(
        session, {one.product_id for one in found if one.kind == PER_USE and one.product_id}
    )
    named = (_named(one, products[one.product_id].title) if one.product_id in products else one for one in found)
    return tuple(sorted(named, key=lambda one: (one.at, one.order or "", one.title, one.is_return)))


def _lines(session: Session, over: Period) -> Iterator[Sold]:
    wanted = (
        select(SalesOrder.paid_at, *_WHOSE, OrderLine.amount_minor, OrderLine.tax_minor)
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(_within(SalesOrder.paid_at, over))
    )
    yield from (_sold(*cast("tuple[Any, ...]", row)) for row in session.execute(wanted))


def _returns(session: Session, over: Period) -> Iterator[Sold]:
    sources: tuple[tuple[Any, Any, Any, str], ...] = (
        (Refund, RefundLine.refund_id, Refund.settled_at, "succeeded"),
        (Dispute, RefundLine.dispute_id, Dispute.decided_at, "lost"),
    )
    for source, link, settled_at, state in sources:
        wanted = (
            select(settled_at, *_WHOSE, RefundLine.amount_minor, RefundLine.tax_minor)
            .join(RefundLine, link == source.id)
            .join(OrderLine, OrderLine.id == RefundLine.line_id)
            .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
            .where(source.state == state, _within(settled_at, over))
        )
        yield from (_sold(*cast("tuple[Any, ...]", row), is_return=True) for row in session.execute(wanted))


def _sold(at: datetime, *rest: Any, is_return: bool = False) -> Sold:
    order, person_id, currency, kind, product_id, title, gross, tax = rest
    return Sold(
        at, order, person_id, kind, product_id, title, Money(gross, currency), Money(tax, currency), is_return
    )  # fmt: skip


def _uses(session: Session, over: Period) -> Iterator[Sold]:
    moments: tuple[tuple[Any, bool], ...] = ((UseCharge.charged_at, False), (UseCharge.reversed_at, True))
    for at, is_return in moments:
        wanted = select(
            at, UseCharge.person_id, UseCharge.currency, UseCharge.product_id, UseCharge.unit, UseCharge.amount_minor,
            UseCharge.tax_minor,
        ).where(UseCharge.wallet_entry_id.is_not(None), _within(at, over))  # fmt: skip
        for when, person_id, currency, product_id, unit, gross, tax in session.execute(wanted):
            yield Sold(
                when, None, person_id, PER_USE, product_id, unit, Money(gross, currency), Money(tax, currency),
                is_return,
            )  # fmt: skip


def _named(one: Sold, title: str) -> Sold:
    return Sold(
        one.at, one.order, one.person_id, one.kind, one.product_id, title, one.gross, one.tax, one.is_return
    )  # fmt: skip


def _within(column: Any, period: Period) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = column >= period.starts_at
    return inside if period.ends_at is None else inside & (column < period.ends_at)
