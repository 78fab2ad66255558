"""The first day of a subscription: what the checkout offers, and the rows that begin with its money (or its trial)."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.commerce.machines import SUBSCRIPTION
from xingtan.domains.commerce.models import Offer, OrderLine, SalesOrder, Subscription
from xingtan.domains.commerce.rules.intervals import instant
from xingtan.domains.commerce.rules.plans import Plan
from xingtan.domains.commerce.subscriptions import rights
from xingtan.domains.commerce.subscriptions.events import SubscriptionStarted
from xingtan.domains.commerce.subscriptions.lifecycle import Stretch, add_stretch, move, next_grid_period
from xingtan.domains.commerce.subscriptions.rows import plan, plan_offered, policy_of
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


def begin(session: Session, order: SalesOrder, line: OrderLine, *, clock: Clock) -> Period:
    """Begin the subscription that the paid line is for; return the period that its money pays."""
    assert line.offer_id is not None  # noqa: S101 - as `offered` wrote it
    offer = session.get_one(Offer, line.offer_id)
    agreed, now = plan_offered(offer), clock.now()
    agreed = agreed.for_who_is_back if line.facts.get("back") else agreed
    trial = agreed.trial if line.facts.get("trial") else None
    zone = _zone(session)
    anchor_at = instant(now, trial, 1, zone=zone) if trial is not None else now
    sub = _row(order, line, offer, agreed, anchor_at=anchor_at, at=now)
    sub.zone = zone.key
    sub.trial_of = (offer.tier_id or offer.product_id) if trial is not None else None
    sub.method_id = _method(line)
    session.add(sub)
    session.flush()
    line.subject_id = sub.id
    if trial is not None:
        wanted = Stretch("trial", Period(now, anchor_at), Money(0, order.currency), order.id)
        period = add_stretch(session, sub, wanted, event="nothing to pay", clock=clock)
        event = "trial begun"
    else:
        value = Money(line.list_minor - line.discount_minor, order.currency)
        period = add_stretch(
            session, sub, Stretch("regular", next_grid_period(sub), value, order.id),
            event="paid" if value else "nothing to pay", clock=clock,
        )  # fmt: skip
        sub.payments, event = 1, "paid"
    move(session, sub, event, reason=event, clock=clock)
    rights.give(session, sub, policy_of(session), clock=clock)
    _tell(session, sub, clock=clock)
    return period


def _row(
    order: SalesOrder, line: OrderLine, offer: Offer, agreed: Plan, *, anchor_at: datetime, at: datetime
) -> Subscription:  # fmt: skip
    return Subscription(
        id=new_id(), person_id=order.person_id, kind=offer.model, state=SUBSCRIPTION.initial, offer_id=offer.id,
        product_id=offer.product_id, tier_id=offer.tier_id, first_order_id=order.id, title=line.title,
        language=order.language, currency=order.currency, price_minor=offer.amount_minor,
        intro_minor=agreed.intro_price.minor if agreed.intro_price is not None else None,
        intro_periods=agreed.intro_periods, every=str(agreed.every), count=agreed.count, zone="UTC",
        anchor_at=anchor_at, anchored=0, periods=0, payments=0, period_ends_at=anchor_at, access_id=new_id(),
        method_id=None, carry_minor=0, save_bp=0, save_left=0, saved_at=None, trial_of=None, open_order_id=None,
        next_offer_id=None, next_from=None, due_since=None, dunned=0, reminded=0, pause_until=None, cancelled_at=None,
        cancel_reason=None, started_at=at, ended_at=None, end_reason=None, next_at=None, created_at=at,
    )  # fmt: skip


def _zone(session: Session) -> ZoneInfo:
    academy = identity.academy(session)
    return ZoneInfo(academy.time_zone if academy is not None else "UTC")


def _method(line: OrderLine) -> UUID | None:
    named = line.facts.get("method")
    return UUID(named) if named else None


def _tell(session: Session, sub: Subscription, *, clock: Clock) -> None:
    news = SubscriptionStarted(
        sub.id, sub.person_id, sub.offer_id, sub.product_id, sub.tier_id, sub.trial_of is not None, plan(sub).monthly
    )
    emit(session, news, at=clock.now())
