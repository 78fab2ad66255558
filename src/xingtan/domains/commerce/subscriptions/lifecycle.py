"""The moves of a subscription that is locked by the caller: paid, not paid, changed, paused, ended.

1. A state moves by `SUBSCRIPTION` and `BILLING_PERIOD` alone. 2. Every move leaves rights, periods and `next_at` true.
3. Nothing here places an order or talks to anybody: `use_cases.subscriptions` does, and lines come here when paid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.commerce.machines import BILLING_PERIOD, SUBSCRIPTION
from xingtan.domains.commerce.models import BillingPeriod, Offer, Subscription
from xingtan.domains.commerce.models.subscriptions import OVER
from xingtan.domains.commerce.subscriptions import rights
from xingtan.domains.commerce.subscriptions.events import SubscriptionChanged, SubscriptionMoved, SubscriptionRenewed
from xingtan.domains.commerce.subscriptions.rows import (
    grid_period,
    interval,
    last_period,
    plan,
    plan_offered,
    policy_of,
    reschedule,
)
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time to add: what kind, when, worth what, paid by which order. `whole`: the period that it is a part of."""

    kind: str
    period: Period
    value: Money
    order_id: UUID | None = None
    whole: Period | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a payment settles: its order, what the time is worth, what is carried on, whether it was lowered to stay."""

    order_id: UUID | None
    value: Money
    carry: Money
    used_save: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of plan that takes effect: to which offer, when, in which mode, with what is paid and carried."""

    offer_id: UUID
    at: datetime
    mode: str
    receipt: Receipt


def add_stretch(session: Session, sub: Subscription, wanted: Stretch, *, event: str | None, clock: Clock) -> Period:
    """Add a stretch right behind the last one, due or (after `event`) settled, and return its bounds."""
    starts_at, ends_at = bounds(wanted.period)
    whole_starts_at, whole_ends_at = bounds(wanted.whole or wanted.period)
    sub.periods += 1
    session.add(
        BillingPeriod(
            id=new_id(), subscription_id=sub.id, number=sub.periods, kind=wanted.kind,
            state=BILLING_PERIOD.initial if event is None else BILLING_PERIOD.after("due", event), starts_at=starts_at,
            ends_at=ends_at, follows_at=None if sub.periods == 1 else starts_at, whole_starts_at=whole_starts_at,
            whole_ends_at=whole_ends_at, offer_id=sub.offer_id, price_minor=sub.price_minor,
            value_minor=wanted.value.minor, order_id=wanted.order_id, created_at=clock.now(),
        )
    )  # fmt: skip
    sub.period_ends_at = ends_at
    session.flush()
    return wanted.period


def bounds(period: Period) -> tuple[datetime, datetime]:
    """Return start and end; `Broken` for a period without end."""
    if period.ends_at is None:
        msg = "a billing period has an end"
        raise Broken(msg)
    return period.starts_at, period.ends_at


def cut(session: Session, sub: Subscription, *, at: datetime) -> BillingPeriod:
    """Let the last stretch end at `at` (it lasts a microsecond at least), and return its row."""
    row = last_period(session, sub)
    row.ends_at = sub.period_ends_at = max(at, row.starts_at + _TICK)
    session.flush()
    return row


def next_grid_period(sub: Subscription) -> Period:
    """Count the next whole period, and return it."""
    period = grid_period(sub)
    sub.anchored += 1
    return period


def fall_due(session: Session, sub: Subscription, *, value: Money, clock: Clock) -> None:
    """Begin the next period though nothing is paid for it yet: access goes on while payment is asked for."""
    sub.due_since, sub.dunned = sub.period_ends_at, 0
    due = Stretch("regular", next_grid_period(sub), value, sub.open_order_id)
    add_stretch(session, sub, due, event=None, clock=clock)


def paid(session: Session, sub: Subscription, receipt: Receipt, *, clock: Clock) -> Period:
    """Settle the period that is due, or the next one before its time, and return it."""
    if sub.state == "paused":
        return _back_from_pause(session, sub, receipt, clock=clock)
    if sub.due_since is None:
        wanted = Stretch("regular", next_grid_period(sub), receipt.value, receipt.order_id)
        period = add_stretch(session, sub, wanted, event=_settled(receipt), clock=clock)
    else:
        row = last_period(session, sub)
        row.state = BILLING_PERIOD.after(row.state, _settled(receipt))
        row.value_minor, row.order_id = receipt.value.minor, receipt.order_id
        period = Period(row.starts_at, row.ends_at)
    _note_payment(session, sub, receipt, clock=clock)
    return period


def _settled(receipt: Receipt) -> str:
    return "paid" if receipt.value else "nothing to pay"


def _back_from_pause(session: Session, sub: Subscription, receipt: Receipt, *, clock: Clock) -> Period:
    """End the pause with the money: the new periods are counted from this instant."""
    row = last_period(session, sub)
    row.ends_at = sub.period_ends_at = sub.anchor_at = max(clock.now(), row.starts_at + _TICK)
    session.flush()
    sub.anchored, sub.pause_until, sub.access_id = 0, None, new_id()
    wanted = Stretch("regular", next_grid_period(sub), receipt.value, receipt.order_id)
    period = add_stretch(session, sub, wanted, event=_settled(receipt), clock=clock)
    _note_payment(session, sub, receipt, clock=clock)
    return period


def _note_payment(session: Session, sub: Subscription, receipt: Receipt, *, clock: Clock) -> None:
    sub.payments += 1
    sub.open_order_id, sub.due_since, sub.dunned = None, None, 0
    sub.carry_minor = receipt.carry.minor
    sub.save_left -= 1 if receipt.used_save and sub.save_left else 0
    is_last = sub.count is not None and sub.payments == sub.count
    move(session, sub, "all paid" if is_last else "paid", reason="all_paid" if is_last else "paid", clock=clock)
    rights.give(session, sub, policy_of(session), clock=clock)
    if receipt.order_id is not None:
        news = SubscriptionRenewed(sub.id, sub.person_id, receipt.order_id, sub.payments, plan(sub).monthly)
        emit(session, news, at=clock.now())


def move(session: Session, sub: Subscription, event: str, *, reason: str, clock: Clock) -> None:
    """Move the state, tell when it is another, and note when to look again, or that it is over."""
    policy = policy_of(session)
    with session.no_autoflush:  # state, end and next look hold together, by constraints
        before, sub.state = sub.state, SUBSCRIPTION.after(sub.state, event)
        if sub.state in OVER:
            sub.ended_at, sub.end_reason, sub.next_at = clock.now(), reason, None
        else:
            reschedule(session, sub, policy)
    if before not in ("new", sub.state):
        news = SubscriptionMoved(sub.id, sub.person_id, before, sub.state, reason, plan(sub).monthly)
        emit(session, news, at=clock.now())
    session.flush()


def switch(session: Session, sub: Subscription, offer: Offer, *, mode: str, clock: Clock) -> None:
    """Let another offer's plan hold from here on, with its price and, when that differs, its interval; tell."""
    before, wanted = plan(sub).monthly, plan_offered(offer)
    if wanted.every != interval(sub):
        sub.anchor_at, sub.anchored = sub.period_ends_at, 0
    sub.offer_id, sub.price_minor, sub.every = offer.id, offer.amount_minor, str(wanted.every)
    sub.intro_minor, sub.intro_periods = None, 0
    if offer.tier_id != sub.tier_id:
        rights.take(session, sub, reason="changed plan", clock=clock)
        sub.tier_id, sub.access_id = offer.tier_id, new_id()
    if sub.next_from is None or sub.next_offer_id == offer.id:
        sub.next_offer_id, sub.next_from = None, None
    session.flush()
    changed = SubscriptionChanged(sub.id, sub.person_id, offer.id, mode, before, plan(sub).monthly)
    emit(session, changed, at=clock.now())


def turn(session: Session, sub: Subscription, wanted: Turn, *, clock: Clock) -> Period:
    """Change the plan in the middle of a period: end the stretch that was, begin the one that is; return its bounds."""
    before = last_period(session, sub)
    whole: Period | None = Period(before.whole_starts_at, before.whole_ends_at)
    end = before.ends_at
    row = cut(session, sub, at=wanted.at)
    switch(session, sub, session.get_one(Offer, wanted.offer_id), mode=wanted.mode, clock=clock)
    if wanted.mode == "full_now":
        sub.anchor_at, sub.anchored = row.ends_at, 0
        period, whole = next_grid_period(sub), None
    else:
        period = Period(row.ends_at, end)
    stretch = Stretch("regular", period, wanted.receipt.value, wanted.receipt.order_id, whole)
    add_stretch(session, sub, stretch, event=_settled(wanted.receipt), clock=clock)
    sub.open_order_id, sub.carry_minor = None, wanted.receipt.carry.minor
    policy = policy_of(session)
    rights.give(session, sub, policy, clock=clock)
    reschedule(session, sub, policy)
    session.flush()
    return period


def begin_pause(session: Session, sub: Subscription, *, clock: Clock) -> None:
    """Let the pause begin that was asked for: nothing is paid, and nothing can be used, until it ends."""
    until = sub.pause_until
    assert until is not None  # noqa: S101 - the step was due because it is set
    pause = Stretch("pause", Period(sub.period_ends_at, max(until, sub.period_ends_at + _TICK)), Money(0, sub.currency))
    add_stretch(session, sub, pause, event="nothing to pay", clock=clock)
    rights.take(session, sub, reason="paused", clock=clock)
    move(session, sub, "paused", reason="asked", clock=clock)


def end(session: Session, sub: Subscription, *, reason: str, clock: Clock) -> None:
    """End it now, with its rights; what is due stays unpaid."""
    if sub.due_since is not None and sub.state != "paused":
        row = last_period(session, sub)
        row.state = BILLING_PERIOD.after(row.state, "not paid")
    rights.take(session, sub, reason=reason, clock=clock)
    sub.open_order_id, sub.due_since, sub.next_offer_id, sub.next_from = None, None, None, None
    move(session, sub, "ended", reason=reason, clock=clock)


def owed_paid(session: Session, sub: Subscription, *, clock: Clock) -> Period:
    """Note that what a change left owing is paid; return the time for which it was owed."""
    sub.open_order_id, sub.carry_minor = None, 0
    reschedule(session, sub, policy_of(session))
    session.flush()
    return Period(clock.now(), max(sub.period_ends_at, clock.now() + _TICK))
