"""Another price for those who subscribe already: each is told by a letter, a month before her first payment of it.

1. Nobody's price changes unless she was told, and no sooner than `REPRICE_NOTICE` after that. 2. Who has chosen another
plan, or has been told another price already, is left alone. 3. Telling many is a job: one transaction for some of
them, and who was told is told no more, however often it runs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.models import Offer, Subscription
from xingtan.domains.commerce.models.subscriptions import OVER
from xingtan.domains.commerce.subscriptions.events import SubscriptionReminded
from xingtan.domains.commerce.subscriptions.queries import plan_of_offer
from xingtan.domains.commerce.subscriptions.rows import interval, locked, plan_offered, policy_of, reschedule
from xingtan.domains.commerce.subscriptions.views import PlanOffer
from xingtan.infra.jobs import enqueue
from xingtan.infra.outbox import emit

REPRICE_NOTICE = timedelta(days=30)
"""Nobody's price changes sooner than this after she was told."""

TELL_NEW_PRICE = "commerce.tell_new_price"


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A plan whose price existing subscribers are to pay, from their first renewal after `at` on."""

    offer_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class PlanToTell:
    """A plan on sale, and how many subscribers pay another price for the same and have not been told."""

    offered: PlanOffer
    subscribers: int


def announce_price(session: Session, viewer: Viewer, command: NewPrice, *, clock: Clock) -> int:
    """Have all subscribers of the plan's kind told its price, and return how many they are now."""
    viewer.require(Permission.CATALOG_WRITE)
    offer, now = _plan(session, command.offer_id), clock.now()
    _must_be_later(command.at, now)
    told = subscribers_to_tell(session, viewer, offer.id)
    if not told:
        raise Invalid.of("offer", say("Everybody pays this price already, or has been told."))
    args = {"offer_id": str(offer.id), "at": command.at.isoformat()}
    enqueue(session, TELL_NEW_PRICE, args, key=f"new-price:{offer.id}:{now.isoformat()}", at=now)
    details = {"from": command.at.isoformat(), "subscribers": told}
    note_action(session, Action("offer.price_announced", "offer", offer.id, viewer.person_id, details), clock=clock)
    return told


def subscribers_to_tell(session: Session, viewer: Viewer, offer_id: UUID) -> int:
    """Return how many pay another price for the same thing in the same rhythm, and have not been told yet."""
    viewer.require(Permission.CATALOG_READ)
    found = _to_tell(_plan(session, offer_id)).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def plans_to_tell(session: Session, viewer: Viewer, *, at: datetime) -> tuple[PlanToTell, ...]:
    """Return the plans on sale that some subscribers do not pay the price of, and have not been told it."""
    viewer.require(Permission.CATALOG_READ)
    rows = session.scalars(
        select(Offer)
        .where(Offer.model == "subscription", Offer.retired_at.is_(None), Offer.starts_at <= at)
        .where(or_(Offer.ends_at.is_(None), Offer.ends_at > at))
        .order_by(Offer.created_at.desc())
    ).all()
    found = (PlanToTell(plan_of_offer(session, row.id), subscribers_to_tell(session, viewer, row.id)) for row in rows)
    return tuple(one for one in found if one.subscribers)


def tell_next(
    session: Session, *, offer_id: UUID, at: datetime, after: UUID | None, limit: int, clock: Clock
) -> tuple[int, UUID | None]:
    """Tell the next subscribers; return how many, and the last one's id (None when all are told).

    Who is told late, because the job waited, pays the new price later: the notice is never shorter.
    """
    wanted = _to_tell(_plan(session, offer_id))
    if after is not None:
        wanted = wanted.where(Subscription.id > after)
    ids = session.scalars(wanted.order_by(Subscription.id).limit(limit)).all()
    since = max(at, clock.now() + REPRICE_NOTICE)
    for one in ids:
        _tell(session, one, offer_id=offer_id, at=since, clock=clock)
    return len(ids), ids[-1] if len(ids) == limit else None


def reprice(
    session: Session, viewer: Viewer, subscription_id: UUID, *, offer_id: UUID, at: datetime, clock: Clock
) -> None:
    """Tell a subscriber that another price holds from her first renewal after `at` on; a month's notice at least."""
    viewer.require(Permission.CATALOG_WRITE)
    _must_be_later(at, clock.now())
    _tell(session, subscription_id, offer_id=offer_id, at=at, clock=clock)


def _must_be_later(at: datetime, now: datetime) -> None:
    if at < now + REPRICE_NOTICE:
        raise Invalid.of("from", say("Subscribers are told at least %(days)s days before.", days=REPRICE_NOTICE.days))


def _tell(session: Session, subscription_id: UUID, *, offer_id: UUID, at: datetime, clock: Clock) -> None:
    sub, offer = locked(session, subscription_id), _plan(session, offer_id)
    if (offer.product_id, offer.tier_id, offer.currency) != (sub.product_id, sub.tier_id, sub.currency):
        raise NotFound(say("There is no such plan."))
    if sub.next_offer_id is not None or sub.state in OVER or plan_offered(offer).every != interval(sub):
        return  # she has chosen another plan, or pays at another rhythm
    sub.next_offer_id, sub.next_from = offer.id, at
    price = Money(offer.amount_minor, offer.currency)
    emit(session, SubscriptionReminded(sub.id, sub.person_id, "new_price", at, price), at=clock.now())
    reschedule(session, sub, policy_of(session))
    session.flush()


def _plan(session: Session, offer_id: UUID) -> Offer:
    offer = session.get(Offer, offer_id)
    if offer is None or offer.model != "subscription":
        raise NotFound(say("There is no such plan."))
    return offer


def _to_tell(offer: Offer) -> Select[UUID]:
    """Return whose price is another, for the same thing in the same currency and rhythm."""
    return select(Subscription.id).where(
        Subscription.kind == "subscription", Subscription.state.not_in(OVER), Subscription.next_offer_id.is_(None),
        Subscription.product_id.is_not_distinct_from(offer.product_id),
        Subscription.tier_id.is_not_distinct_from(offer.tier_id), Subscription.currency == offer.currency,
        Subscription.every == str(plan_offered(offer).every), Subscription.price_minor != offer.amount_minor,
    )  # fmt: skip
