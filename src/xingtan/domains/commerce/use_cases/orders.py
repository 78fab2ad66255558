"""Orders: placed, cancelled, left to expire.

Lock order everywhere in commerce: the order, then its payments, then their refunds (docs/explanations/locking.md).
"""

from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import reservations
from xingtan.domains.commerce.affiliates.program import Click, attribute
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone, PriceMoved
from xingtan.domains.commerce.events import OrderCancelled, OrderExpired
from xingtan.domains.commerce.goods import goods
from xingtan.domains.commerce.idempotency import OneTimeKey, recall, remember
from xingtan.domains.commerce.lines import OFFERED
from xingtan.domains.commerce.lines.kinds import GiftWish, Wish
from xingtan.domains.commerce.lines.together import refuse_what_does_not_go_together
from xingtan.domains.commerce.machines import OPEN, ORDER
from xingtan.domains.commerce.models import Offer, OrderLine, Payment, SalesOrder
from xingtan.domains.commerce.ordering import PAYABLE_FOR, NewOrder, new_payment, write_order
from xingtan.domains.commerce.pricing import Priced, price
from xingtan.domains.commerce.queries.offers import offer_view
from xingtan.domains.commerce.rules.numbers import read_number
from xingtan.domains.commerce.rules.quoting import Quote
from xingtan.domains.commerce.use_cases.fulfilment import settle_free
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.outbox import emit

_EXPIRED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Who wants to buy by which offer. `chosen`: the buyer's own amount, where asked for; `key` is the form's.

    `also` are further offers taken along; `codes` coupon codes; `country` where she says she lives; `gift` that it is
    for somebody else; `group_id` the group to join, for an offer to groups; `click` by whose link she came; `expected`
    the total that she was shown.
    """

    person_id: UUID
    offer_id: UUID
    key: str
    provider: str
    language: str
    chosen: Money | None = None
    also: tuple[UUID, ...] = ()
    codes: tuple[str, ...] = ()
    country: str | None = None
    click: Click | None = None
    gift: GiftWish | None = None
    group_id: UUID | None = None
    expected: Money | None = None


@dataclass(frozen=True, slots=True)
class PreviewOrder:
    """What `PlaceOrder` names, of somebody who only looks; `person_id` None: a stranger."""

    person_id: UUID | None
    offer_id: UUID
    chosen: Money | None = None
    also: tuple[UUID, ...] = ()
    codes: tuple[str, ...] = ()
    country: str | None = None
    gift: GiftWish | None = None
    group_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """What became of a checkout: `payment_id` is to be presented to its provider; None when nothing is to be paid."""

    order_id: UUID
    number: str
    payment_id: UUID | None


def place_order(session: Session, command: PlaceOrder, *, clock: Clock) -> PlacedOrder:
    """Place an order, or return the one that this key, or this person's other tab, has placed already.

    An order for nothing is paid at once. `OfferGone` when a price is no longer for sale, `SoldOut` when it is gone,
    `AlreadyOwned` when the person can use all of it already, `Invalid` for an amount below the floor or a code that
    does not count, `PriceMoved` when it is not the total that was shown, `KeyReused` for a key with other content.
    """
    one_time = _one_time_key(command)
    known = recall(session, one_time)
    if known is not None:
        return _open_order(session, UUID(known["order_id"]), command.provider, clock=clock)
    wishes = _wishes(session, command, clock=clock)
    priced = price(session, wishes, codes=command.codes, country=command.country)
    if priced.refused:
        raise Invalid({"code": priced.refused[0][1]})
    if command.expected is not None and command.expected != priced.quote.total:
        raise PriceMoved(say("This comes to another amount than was shown. Please look at it again."))
    order_id = _waiting_order(session, command, priced.quote, clock=clock)
    if order_id is None:
        order_id = _new_order(session, command, priced, clock=clock)
    remember(session, one_time, {"order_id": str(order_id)}, at=clock.now())
    return _open_order(session, order_id, command.provider, clock=clock)


def preview_order(session: Session, command: PlaceOrder | PreviewOrder, *, clock: Clock) -> Priced:
    """Return what `place_order` would charge now, computed by the same steps; nothing is written."""
    return price(session, _wishes(session, command, clock=clock), codes=command.codes, country=command.country)


def _one_time_key(command: PlaceOrder) -> OneTimeKey:
    chosen = [command.chosen.minor, command.chosen.currency] if command.chosen else None
    request = {
        "offer": str(command.offer_id), "chosen": chosen, "provider": command.provider, "also": list(command.also),
        "codes": list(command.codes), "country": command.country, "group": command.group_id,
        "gift": None if command.gift is None else asdict(command.gift),
    }  # fmt: skip
    return OneTimeKey(f"checkout:{command.person_id}", command.key, request)


def _wishes(session: Session, command: PlaceOrder | PreviewOrder, *, clock: Clock) -> tuple[Wish, ...]:
    first = _wish(session, command, command.offer_id, clock=clock)
    main = replace(first, chosen=command.chosen, gift=command.gift, group_id=command.group_id)
    also = [_wish(session, command, offer_id, clock=clock) for offer_id in dict.fromkeys(command.also)]
    if any(one.offer.price.currency != main.offer.price.currency for one in also):
        raise Invalid.of("also", say("These are sold in different currencies. Please buy them one by one."))
    wishes = (main, *(one for one in also if one.offer.id != main.offer.id))
    refuse_what_does_not_go_together(wishes)
    for wish in wishes:
        if wish.gift is None and command.person_id is not None:
            _refuse_what_is_owned(session, command.person_id, wish)
    return wishes


def _wish(session: Session, command: PlaceOrder | PreviewOrder, offer_id: UUID, *, clock: Clock) -> Wish:
    row = session.get(Offer, offer_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    offer, now = offer_view(row), clock.now()
    bought = None if offer.product_id is None else goods(session, offer.product_id)
    is_for_sale = bought is None or bought.is_for_sale
    if not offer.is_live(now) or not is_for_sale or offer.model not in OFFERED:
        raise OfferGone(say("This price is no longer for sale. Please look at the product again."))
    return Wish(command.person_id, offer, bought, now)


def _refuse_what_is_owned(session: Session, person_id: UUID, wish: Wish) -> None:
    if wish.goods is None or wish.offer.model in ("credits", "top_up", "per_use"):
        return
    owned = entitlements.owned_for_good(session, person_id, at=wish.at)
    if wish.goods.product_id in owned or owned.issuperset(wish.goods.gives):
        raise AlreadyOwned(
            say("“%(title)s” is yours already. It is on your shelf.", title=wish.goods.title),
            product_ids=wish.goods.gives,
        )


def _waiting_order(session: Session, command: PlaceOrder, quote: Quote, *, clock: Clock) -> UUID | None:
    """Return the order that this person left unpaid for the same things at the same prices: two tabs are one buyer."""
    waiting = select(SalesOrder).where(
        SalesOrder.person_id == command.person_id, SalesOrder.state == "placed", SalesOrder.kind == "checkout",
        SalesOrder.expires_at > clock.now(), SalesOrder.total_minor == quote.total.minor,
        SalesOrder.currency == quote.total.currency,
    )  # fmt: skip
    if command.gift is not None:  # two presents are two
        return None
    wanted = sorted((str(one.line.offer_id), one.amount.minor, str(one.line.subject_id)) for one in quote.lines)
    for order in session.scalars(waiting):
        lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
        if sorted((str(it.offer_id), it.amount_minor, str(it.subject_id)) for it in lines) == wanted:
            return order.id
    return None


def _new_order(session: Session, command: PlaceOrder, priced: Priced, *, clock: Clock) -> UUID:
    wanted = NewOrder(
        command.person_id, "checkout", priced.quote, command.language, clock.now() + PAYABLE_FOR,
        country=command.country, holds=priced.holds,
    )  # fmt: skip
    order = write_order(session, wanted, clock=clock)
    attribute(session, order.id, command.person_id, command.click, clock=clock)
    if not order.total_minor:
        settle_free(session, order, clock=clock)
    return order.id


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
    payment_id = session.scalar(waiting.limit(1)) or new_payment(session, order, provider, clock=clock)
    return PlacedOrder(order.id, order.number, payment_id)


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
    """Cancel an order that is locked by the caller, and release what it holds."""
    order.state = ORDER.after(order.state, "cancelled")
    reservations.release(session, order.id)
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
        reservations.release(session, order.id)
        emit(session, OrderExpired(order.id, order.person_id), at=clock.now())
    return len(rows)
