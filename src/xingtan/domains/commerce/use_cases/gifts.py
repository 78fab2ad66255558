"""Gifts at the counter: bought for somebody else, and given back while nobody has claimed them."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.events import GiftReturned
from xingtan.domains.commerce.idempotency import OneTimeKey, recall, remember
from xingtan.domains.commerce.lines.kinds import GiftWish
from xingtan.domains.commerce.machines import GIFT, KEPT
from xingtan.domains.commerce.models import Gift, Offer, OrderLine, Payment, Refund, SalesOrder
from xingtan.domains.commerce.promotions.use_cases.gifts import Letter, ask_gift_back, write_gift
from xingtan.domains.commerce.use_cases.orders import PlacedOrder, PlaceOrder, pay_again, place_order
from xingtan.domains.commerce.use_cases.refunds import RequestRefund, request_refund
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault


@dataclass(frozen=True, slots=True)
class PlaceGift:
    """An order for somebody else: the order itself, the letter that goes with it, after how many days it lapses."""

    order: PlaceOrder
    letter: Letter
    days: int | None = None


def place_gift(session: Session, command: PlaceGift, *, clock: Clock, vault: Vault) -> PlacedOrder:
    """Write a gift and place its order, or return the one that this key has placed already.

    The giver may own the product herself. `OfferGone` for what is not sold once and for all.
    """
    order = command.order
    one_time = _one_time_key(command)
    known = recall(session, one_time)
    if known is not None:
        return _again(session, UUID(known["order_id"]), order, clock=clock)
    offer = session.get(Offer, order.offer_id)
    if offer is None or offer.product_id is None:
        raise NotFound(say("There is nothing here."))
    gift_id = write_gift(
        session, order.person_id, offer.product_id, command.letter, language=order.language, clock=clock, vault=vault
    )
    placed = place_order(session, replace(order, gift=GiftWish(gift_id, command.days), also=()), clock=clock)
    remember(session, one_time, {"order_id": str(placed.order_id)}, at=clock.now())
    return placed


def _one_time_key(command: PlaceGift) -> OneTimeKey:
    order, letter = command.order, command.letter
    request = {
        "offer": str(order.offer_id), "chosen": str(order.chosen), "provider": order.provider,
        "codes": list(order.codes), "country": order.country, "email": letter.email, "message": letter.message,
        "send_at": str(letter.send_at),
    }  # fmt: skip
    return OneTimeKey(f"gift:{order.person_id}", order.key, request)


def _again(session: Session, order_id: UUID, command: PlaceOrder, *, clock: Clock) -> PlacedOrder:
    order = session.get_one(SalesOrder, order_id)
    if order.state != "placed":
        return PlacedOrder(order.id, order.number, None)
    return pay_again(session, Viewer(command.person_id), order.number, provider=command.provider, clock=clock)


def take_back_gift(session: Session, viewer: Viewer, gift_id: UUID, *, clock: Clock) -> None:
    """Let nobody claim the viewer's own gift any more and send its money back; nothing is asked, and no day counts."""
    order_id = ask_gift_back(session, viewer, gift_id)
    line = session.scalars(select(OrderLine).where(OrderLine.subject_id == gift_id, OrderLine.kind == "gift")).one()
    if line.amount_minor == line.returned_minor:  # it cost nothing, or all of it is back already
        gift = session.get_one(Gift, gift_id, with_for_update=True)
        gift.state = GIFT.after(gift.state, "taken back")
        emit(session, GiftReturned(gift.id, gift.giver_id, gift.product_id), at=clock.now())
        return
    payment_id = session.scalars(select(Payment.id).where(Payment.order_id == order_id, Payment.state.in_(KEPT))).one()
    tries = session.scalar(select(func.count()).where(Refund.order_id == order_id))
    wanted = RequestRefund(payment_id, None, "buyer_asked", f"gift-{gift_id.hex}-{tries}", line_id=line.id)
    herself = Viewer(viewer.person_id, frozenset({Permission.ORDERS_REFUND}), viewer.language)
    request_refund(session, herself, wanted, clock=clock)
