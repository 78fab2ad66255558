"""What the next payment of a subscription comes to, and the order for it: one function for page and charge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money, zero
from xingtan.domains.commerce.models import Offer, OrderDiscount, OrderLine, SalesOrder, Subscription
from xingtan.domains.commerce.ordering import NewOrder, OrderKind, write_order
from xingtan.domains.commerce.pricing import price_later
from xingtan.domains.commerce.promotions.lowering import less_by_country, less_coupons_again
from xingtan.domains.commerce.rules.plans import Plan
from xingtan.domains.commerce.rules.proration import invoice_of
from xingtan.domains.commerce.rules.quoting import Discount, NewLine, Quote, reduced
from xingtan.domains.commerce.subscriptions.rows import plan, plan_after, policy_of, turns
from xingtan.domains.commerce.use_cases.fulfilment import settle_free
from xingtan.domains.commerce.use_cases.orders import cancel


@dataclass(frozen=True, slots=True)
class Invoice:
    """The next payment: its line and what that costs. `value` is what the time is worth, `carry` what is left after."""

    line: NewLine
    quote: Quote
    value: Money
    carry: Money


@dataclass(frozen=True, slots=True)
class Asked:
    """What an order for money says besides its line: why, as which kind, and until when it waits."""

    kind: OrderKind
    expires_at: datetime


def next_invoice(session: Session, sub: Subscription, *, at: datetime) -> Invoice:
    """Return what the next payment comes to: first price, reduction to stay, lasting coupons, then what is carried."""
    carry = Money(sub.carry_minor, sub.currency)
    return invoice_under(session, sub, _plan_then(session, sub), carry=carry, at=at)


def _plan_then(session: Session, sub: Subscription) -> Plan:
    """Return the plan by which the next payment is made: the one agreed on, or the one that takes its place then."""
    if sub.next_offer_id is None or not turns(sub):
        return plan(sub)
    return plan_after(session.get_one(Offer, sub.next_offer_id))


def invoice_under(session: Session, sub: Subscription, agreed: Plan, *, carry: Money, at: datetime) -> Invoice:
    """Return what the next payment comes to under a plan, with so much carried to it."""
    line = _lowered(session, sub, _agreed(sub, agreed))
    value = line.reduced
    _, carried_on = invoice_of(value, carry=carry)
    facts = {"deed": "renew", "value": value.minor, "carry": carried_on.minor, "saved": sub.save_left > 0}
    line = with_balance(line, carry, facts=facts)
    return Invoice(line, price_later(session, sub.person_id, line, at=at), value, carried_on)


def with_balance(line: NewLine, carry: Money, *, facts: Mapping[str, Any]) -> NewLine:
    """Return the line less what is carried for the buyer, or more by what she owes."""
    nothing = zero(carry.currency)
    owing = NewLine(
        line.kind, line.title, line.list_price + max(-carry, nothing), product_id=line.product_id,
        offer_id=line.offer_id, subject_id=line.subject_id, facts=facts, discounts=line.discounts,
    )  # fmt: skip
    return reduced(owing, Discount("proration", None, "", max(carry, nothing)))


def line_of(sub: Subscription, price: Money) -> NewLine:
    """Return a line of the subscription at `price`."""
    kind = "instalment" if sub.kind == "instalments" else "subscription"
    return NewLine(
        kind, sub.title, price, product_id=sub.product_id, offer_id=sub.offer_id, subject_id=sub.id,
    )  # fmt: skip


def _agreed(sub: Subscription, agreed: Plan) -> NewLine:
    price = agreed.price_of(sub.payments + 1)
    if agreed.is_instalments:
        return line_of(sub, price)
    line = line_of(sub, agreed.price)
    if price < agreed.price:
        line = reduced(line, Discount("intro", None, str(agreed.intro_periods), agreed.price - price))
    if sub.save_left:
        line = reduced(line, Discount("save", None, "", line.reduced.share(sub.save_bp)))
    return line


def _lowered(session: Session, sub: Subscription, line: NewLine) -> NewLine:
    """Return the line less what the first order was lowered by and that lasts: her country, and coupons."""
    first = session.get_one(SalesOrder, sub.first_order_id)
    (line,) = less_by_country(session, first.country, (line,)) if first.country else (line,)
    coupon_ids = session.scalars(
        select(OrderDiscount.source_id)
        .join(OrderLine, OrderLine.id == OrderDiscount.line_id)
        .where(OrderLine.order_id == first.id, OrderLine.subject_id == sub.id, OrderDiscount.kind == "coupon")
    ).all()
    ids = [one for one in coupon_ids if one is not None]
    return less_coupons_again(session, line, ids, period=sub.payments + 1) if ids else line


def ask_for_renewal(session: Session, sub: Subscription, *, clock: Clock) -> SalesOrder:
    """Write the order for the next payment, which the locked subscription waits for then; for nothing: settle it."""
    now = clock.now()
    invoice = next_invoice(session, sub, at=now)
    waits = max(now, sub.due_since or sub.period_ends_at) + policy_of(session).grace
    return write(session, sub, invoice.quote, Asked("renewal", waits + timedelta(days=1)), clock=clock)


def write(session: Session, sub: Subscription, quote: Quote, asked: Asked, *, clock: Clock) -> SalesOrder:
    """Write an order of the locked subscription, instead of one that still waits."""
    drop_open_order(session, sub, clock=clock)
    first = session.get_one(SalesOrder, sub.first_order_id)
    wanted = NewOrder(sub.person_id, asked.kind, quote, sub.language, asked.expires_at, country=first.country)
    order = write_order(session, wanted, clock=clock)
    sub.open_order_id = order.id
    session.flush()
    return order


def settle_if_free(session: Session, order: SalesOrder, *, clock: Clock) -> bool:
    """Settle an order for nothing, and say whether it was one."""
    if not order.total_minor:
        settle_free(session, order, clock=clock)
    return not order.total_minor


def drop_open_order(session: Session, sub: Subscription, *, clock: Clock) -> None:
    """Cancel the order that the locked subscription waits for, if any: money that still comes for it goes back."""
    order = open_order(session, sub)
    if order is not None and order.state == "placed":
        cancel(session, order, clock=clock)
    sub.open_order_id = None
    session.flush()


def open_order(session: Session, sub: Subscription) -> SalesOrder | None:
    """Return the order that the subscription waits for, locked."""
    return session.get(SalesOrder, sub.open_order_id, with_for_update=True) if sub.open_order_id is not None else None


def first_line(session: Session, order_id: UUID) -> OrderLine:
    """Return the line of an order of a subscription."""
    return session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).one()
