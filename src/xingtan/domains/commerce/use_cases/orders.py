"""Orders: placed, cancelled, left to expire.

Lock order everywhere in commerce: the order, then its payments, then their refunds (docs/explanations/locking.md).
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone
from xingtan.domains.commerce.events import OrderCancelled, OrderExpired, OrderPlaced
from xingtan.domains.commerce.goods import Goods, goods
from xingtan.domains.commerce.idempotency import OneTimeKey, recall, remember
from xingtan.domains.commerce.machines import OPEN, ORDER, PAYMENT
from xingtan.domains.commerce.models import Offer, OrderLine, Payment, SalesOrder
from xingtan.domains.commerce.queries.offers import offer_view
from xingtan.domains.commerce.rules.numbers import BITS, order_number, read_number
from xingtan.domains.commerce.rules.pricing import price_of
from xingtan.domains.commerce.rules.refunds import POLICY
from xingtan.domains.commerce.rules.settling import FIRST_ASK
from xingtan.domains.commerce.use_cases.fulfilment import fulfil
from xingtan.domains.commerce.views import OfferView
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

PAYABLE_FOR = timedelta(minutes=30)
_EXPIRED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Who wants to buy by which offer. `chosen`: the buyer's own amount, where asked for; `key` is the form's."""

    person_id: UUID
    offer_id: UUID
    key: str
    provider: str
    language: str
    chosen: Money | None = None


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """What became of a checkout: `payment_id` is to be presented to its provider; None when nothing is to be paid."""

    order_id: UUID
    number: str
    payment_id: UUID | None


def place_order(session: Session, command: PlaceOrder, *, clock: Clock) -> PlacedOrder:
    """Place an order, or return the one that this key, or this person's other tab, has placed already.

    An order for nothing is paid at once. `OfferGone` when the price is no longer for sale, `AlreadyOwned` when the
    person can use all of it already, `Invalid` for an amount below the floor, `KeyReused` for a key with other content.
    """
    one_time = _one_time_key(command)
    known = recall(session, one_time)
    if known is not None:
        return _open_order(session, UUID(known["order_id"]), command.provider, clock=clock)
    offer, bought = _offer_and_goods(session, command.offer_id, clock=clock)
    total = price_of(offer, command.chosen)
    _refuse_what_is_owned(session, command.person_id, bought, clock=clock)
    order_id = _waiting_order(session, command.person_id, offer.id, total, clock=clock)
    if order_id is None:
        order_id = _new_order(session, command, bought, total, clock=clock)
    remember(session, one_time, {"order_id": str(order_id)}, at=clock.now())
    return _open_order(session, order_id, command.provider, clock=clock)


def _one_time_key(command: PlaceOrder) -> OneTimeKey:
    chosen = [command.chosen.minor, command.chosen.currency] if command.chosen else None
    request = {"offer": str(command.offer_id), "chosen": chosen, "provider": command.provider}
    return OneTimeKey(f"checkout:{command.person_id}", command.key, request)


def _offer_and_goods(session: Session, offer_id: UUID, *, clock: Clock) -> tuple[OfferView, Goods]:
    row = session.get(Offer, offer_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    bought = goods(session, row.product_id)
    offer = offer_view(row)
    if not offer.is_live(clock.now()) or not bought.is_for_sale:
        raise OfferGone(say("This price is no longer for sale. Please look at the product again."))
    return offer, bought


def _refuse_what_is_owned(session: Session, person_id: UUID, bought: Goods, *, clock: Clock) -> None:
    owned = entitlements.accessible(session, person_id, at=clock.now())
    if bought.product_id in owned or owned.issuperset(bought.gives):
        raise AlreadyOwned(
            say("“%(title)s” is yours already. It is on your shelf.", title=bought.title), product_ids=bought.gives
        )


def _waiting_order(session: Session, person_id: UUID, offer_id: UUID, total: Money, *, clock: Clock) -> UUID | None:
    """Return the order that this person left unpaid for the same thing at the same price: two tabs are one buyer."""
    return session.scalar(
        select(SalesOrder.id)
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(
            SalesOrder.person_id == person_id, SalesOrder.state == "placed", SalesOrder.expires_at > clock.now(),
            OrderLine.offer_id == offer_id, SalesOrder.total_minor == total.minor,
            SalesOrder.currency == total.currency,
        )
        .limit(1)
    )  # fmt: skip


def _new_order(session: Session, command: PlaceOrder, bought: Goods, total: Money, *, clock: Clock) -> UUID:
    now = clock.now()
    order = SalesOrder(
        id=new_id(), number=_free_number(session), person_id=command.person_id, state=ORDER.initial,
        currency=total.currency, total_minor=total.minor, placed_at=now, expires_at=now + PAYABLE_FOR, paid_at=None,
        policy={"days": POLICY.days, "version": POLICY.version}, language=command.language,
    )  # fmt: skip
    session.add(order)
    session.flush()
    session.add(
        OrderLine(
            id=new_id(), order_id=order.id, product_id=bought.product_id, offer_id=command.offer_id, position=0,
            title=bought.title, amount_minor=total.minor,
        )
    )  # fmt: skip
    emit(session, OrderPlaced(order.id, order.person_id, (bought.product_id,), total), at=now)
    session.flush()
    if not total:
        fulfil(session, order, source_kind="free", clock=clock)
    return order.id


def _free_number(session: Session) -> str:
    while True:
        number = order_number(secrets.randbits(BITS))
        if session.scalar(select(SalesOrder.id).where(SalesOrder.number == number)) is None:
            return number


def _open_order(session: Session, order_id: UUID, provider: str, *, clock: Clock) -> PlacedOrder:
    """Return the order with a payment to present: the open one, else a new one; none once the order waits no more."""
    order = session.get(SalesOrder, order_id, with_for_update=True)
    if order is None:
        raise NotFound(say("There is nothing here."))
    if order.state != "placed":
        return PlacedOrder(order.id, order.number, None)
    waiting = select(Payment.id).where(
        Payment.order_id == order.id, Payment.provider == provider, Payment.state.in_(OPEN)
    )
    payment_id = session.scalar(waiting.limit(1)) or _new_payment(session, order, provider, clock=clock)
    return PlacedOrder(order.id, order.number, payment_id)


def _new_payment(session: Session, order: SalesOrder, provider: str, *, clock: Clock) -> UUID:
    now = clock.now()
    row = Payment(
        id=new_id(), order_id=order.id, provider=provider, state=PAYMENT.initial, amount_minor=order.total_minor,
        currency=order.currency, provider_reference=None, redirect_url=None, received_minor=None,
        received_currency=None, refunding_minor=0, failure_code=None, created_at=now, updated_at=now, settled_at=None,
        ask_at=now + FIRST_ASK,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def pay_again(session: Session, viewer: Viewer, number: str, *, provider: str, clock: Clock) -> PlacedOrder:
    """Return the viewer's waiting order with a payment to present: after a failure, a new one.

    `NotFound` for anybody else's order; `Conflict` when this one waits for no payment any more.
    """
    order = own_order(session, viewer, number)
    if order.state != "placed" or order.expires_at <= clock.now():
        raise Conflict(say("This order no longer waits for a payment."))
    return _open_order(session, order.id, provider, clock=clock)


def cancel_order(session: Session, viewer: Viewer, number: str, *, clock: Clock) -> None:
    """Cancel the viewer's own unpaid order. Money that still comes goes back by itself."""
    cancel(session, own_order(session, viewer, number), clock=clock)


def cancel(session: Session, order: SalesOrder, *, clock: Clock) -> None:
    """Cancel an order that is locked by the caller."""
    order.state = ORDER.after(order.state, "cancelled")
    emit(session, OrderCancelled(order.id, order.person_id), at=clock.now())


def own_order(session: Session, viewer: Viewer, number: str) -> SalesOrder:
    """Return the viewer's own order, locked; `NotFound` for anybody else's, so that a guess learns nothing."""
    person_id = viewer.require_person()
    order = session.scalar(
        select(SalesOrder)
        .where(SalesOrder.number == (read_number(number) or ""), SalesOrder.person_id == person_id)
        .with_for_update()
    )
    if order is None:
        raise NotFound(say("There is no such order."))
    return order


def expire_orders(session: Session, *, clock: Clock) -> int:
    """Let orders whose time is over expire, some hundreds at most, and return how many. Late money still pays them."""
    late = (
        select(SalesOrder)
        .where(SalesOrder.state == "placed", SalesOrder.expires_at <= clock.now())
        .order_by(SalesOrder.expires_at)
        .limit(_EXPIRED_AT_ONCE)
    )
    rows = session.scalars(late.with_for_update(skip_locked=True)).all()
    for order in rows:
        order.state = ORDER.after(order.state, "expired")
        emit(session, OrderExpired(order.id, order.person_id), at=clock.now())
    return len(rows)
