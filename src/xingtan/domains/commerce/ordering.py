"""Writing an order: the one place where orders, lines, reductions, reservations and payments begin.

Checkout, renewals, changes of plan and accepted quotes all come through here; none of them is paid here.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.commerce.events import OrderPlaced
from xingtan.domains.commerce.machines import ORDER, PAYMENT
from xingtan.domains.commerce.models import OrderDiscount, OrderLine, Payment, SalesOrder
from xingtan.domains.commerce.refund_policies import refund_policy
from xingtan.domains.commerce.reservations import Hold, hold
from xingtan.domains.commerce.rules.numbers import BITS, order_number
from xingtan.domains.commerce.rules.quoting import Discount, NewLine, Quote, QuotedLine
from xingtan.domains.commerce.rules.settling import FIRST_ASK
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

__all__ = ["PAYABLE_FOR", "Discount", "Hold", "NewLine", "NewOrder", "new_payment", "write_order"]

PAYABLE_FOR = timedelta(minutes=30)
OrderKind = Literal["checkout", "renewal", "change", "service"]


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to write: whose, why, what it costs (`quote`), what it holds, and until when it waits for its money."""

    person_id: UUID
    kind: OrderKind
    quote: Quote
    language: str
    expires_at: datetime
    country: str | None = None
    holds: tuple[Hold, ...] = ()
    policy: Mapping[str, Any] | None = None


def write_order(session: Session, wanted: NewOrder, *, clock: Clock) -> SalesOrder:
    """Write an order that waits for its payment and return its row; `SoldOut` when something that it holds is gone.

    An order for nothing is written like any other: its caller settles it at once (`settle_free`).
    """
    now, total = clock.now(), wanted.quote.total
    order = SalesOrder(
        id=new_id(), number=_free_number(session), kind=wanted.kind, person_id=wanted.person_id, state=ORDER.initial,
        currency=total.currency, total_minor=total.minor, placed_at=now, expires_at=wanted.expires_at, paid_at=None,
        policy=dict(wanted.policy or refund_policy(session).as_row()), language=wanted.language, country=wanted.country,
    )  # fmt: skip
    session.add(order)
    session.flush()
    hold(session, order.id, wanted.holds)
    for position, quoted in enumerate(wanted.quote.lines):
        _write_line(session, order, quoted, position)
    ids = tuple(one.line.product_id for one in wanted.quote.lines if one.line.product_id is not None)
    emit(session, OrderPlaced(order.id, order.person_id, ids, total), at=now)
    session.flush()
    return order


def _write_line(session: Session, order: SalesOrder, quoted: QuotedLine, position: int) -> None:
    line = quoted.line
    row = OrderLine(
        id=new_id(), order_id=order.id, position=position, kind=line.kind, product_id=line.product_id,
        offer_id=line.offer_id, subject_id=line.subject_id, title=line.title, list_minor=line.list_price.minor,
        discount_minor=line.discount.minor, tax_bp=line.rate.rate_bp, tax_is_added=line.rate.mode == "exclusive",
        tax_minor=quoted.taxed.tax.minor, amount_minor=quoted.amount.minor, returned_minor=0, returned_tax_minor=0,
        facts=dict(line.facts),
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(
        OrderDiscount(
            id=new_id(), line_id=row.id, kind=one.kind, source_id=one.source_id, label=one.label,
            amount_minor=one.amount.minor,
        )
        for one in line.discounts
    )  # fmt: skip


def new_payment(
    session: Session, order: SalesOrder, provider: str, *, clock: Clock, method_id: UUID | None = None
) -> UUID:
    """Begin a try to pay the order at `provider` (by the buyer's word `method_id`, if any), and return its id."""
    now = clock.now()
    row = Payment(
        id=new_id(), order_id=order.id, provider=provider, state=PAYMENT.initial, amount_minor=order.total_minor,
        currency=order.currency, provider_reference=None, redirect_url=None, qr=None, method_id=method_id,
        wants_mandate=_wants_mandate(session, order), received_minor=None, received_currency=None, refunding_minor=0,
        disputed_minor=0, fee_minor=0, failure_code=None, created_at=now, updated_at=now, settled_at=None,
        ask_at=now + FIRST_ASK,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def _wants_mandate(session: Session, order: SalesOrder) -> bool:
    """Say whether something of the order is to be paid again later."""
    again = select(OrderLine.id).where(
        OrderLine.order_id == order.id, OrderLine.kind.in_(("subscription", "instalment"))
    )
    return session.scalar(again.limit(1)) is not None


def _free_number(session: Session) -> str:
    while True:
        number = order_number(secrets.randbits(BITS))
        if session.scalar(select(SalesOrder.id).where(SalesOrder.number == number)) is None:
            return number
