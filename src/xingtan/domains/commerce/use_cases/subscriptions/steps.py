"""The steps of a subscription's life that time brings. Each may be asked for at any moment: only what is due is done.

A step is one transaction. What is to be charged afterwards, outside of it, is returned.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.commerce.machines import OPEN
from xingtan.domains.commerce.models import Offer, Payment, SalesOrder, Subscription
from xingtan.domains.commerce.ordering import new_payment
from xingtan.domains.commerce.rules.dunning import Deed, next_step
from xingtan.domains.commerce.subscriptions import lifecycle
from xingtan.domains.commerce.subscriptions.events import SubscriptionPaymentAsked, SubscriptionReminded
from xingtan.domains.commerce.subscriptions.rows import facts_of, live_method, locked, policy_of, reschedule, turns
from xingtan.domains.commerce.use_cases.subscriptions.invoices import (
    ask_for_renewal,
    drop_open_order,
    first_line,
    next_invoice,
    open_order,
    settle_if_free,
)
from xingtan.infra.outbox import emit

_FAILED_WAITS = timedelta(hours=1)


def due_subscriptions(session: Session, *, clock: Clock, limit: int) -> list[UUID]:
    """Return the subscriptions that have been due longest."""
    wanted = select(Subscription.id).where(Subscription.next_at <= clock.now())
    return list(session.scalars(wanted.order_by(Subscription.next_at, Subscription.id).limit(limit)))


def take_step(session: Session, subscription_id: UUID, *, clock: Clock) -> UUID | None:
    """Take the subscription's next step if it is due; return the payment that is to be charged now, if any."""
    sub = locked(session, subscription_id)
    policy = policy_of(session)
    step = next_step(facts_of(session, sub), policy)
    payment_id = None
    if step is not None and step.at <= clock.now():
        payment_id = _DEEDS[step.deed](session, sub, clock=clock)
    if sub.state not in ("ended", "completed"):
        reschedule(session, sub, policy)
    session.flush()
    return payment_id


def note_unpaid(session: Session, subscription_id: UUID, *, clock: Clock) -> None:
    """Note that a charge did not work: past due from now on, and the subscriber is told."""
    sub = locked(session, subscription_id)
    if sub.due_since is None or sub.open_order_id is None:
        return
    _lapse(session, sub, clock=clock)


def postpone(session: Session, subscription_id: UUID, *, clock: Clock) -> None:
    """Let the next look at a subscription whose step failed be in an hour, so that it stops no other."""
    sub = locked(session, subscription_id)
    if sub.next_at is not None:
        sub.next_at = clock.now() + _FAILED_WAITS


def forget_order(session: Session, order_id: UUID) -> None:
    """Let the subscription that waited for this order, cancelled or expired by now, wait for it no more."""
    found = session.scalar(select(Subscription.id).where(Subscription.open_order_id == order_id))
    if found is None:
        return
    sub = locked(session, found)
    order = open_order(session, sub)
    if order is not None and order.state in ("cancelled", "expired"):
        sub.open_order_id = None
        reschedule(session, sub, policy_of(session))
        session.flush()


def _remind(session: Session, sub: Subscription, *, clock: Clock) -> None:
    amount = next_invoice(session, sub, at=clock.now()).quote.total
    why = "trial_end" if sub.state == "trialing" else "renewal"
    sub.reminded = sub.periods
    news = SubscriptionReminded(sub.id, sub.person_id, why, sub.period_ends_at, amount)
    emit(session, news, at=clock.now())


def _ask(session: Session, sub: Subscription, *, clock: Clock) -> None:
    """Ask for the next payment before its day, because nobody can be charged on it."""
    order = ask_for_renewal(session, sub, clock=clock)
    if not settle_if_free(session, order, clock=clock):
        _tell_asked(session, sub, order.id, why="renewal", clock=clock)


def _renew(session: Session, sub: Subscription, *, clock: Clock) -> UUID | None:
    """Begin the next period, and ask for its money."""
    order = _renewal_order(session, sub, clock=clock)
    if order is None:
        return None
    value = Money(first_line(session, order.id).facts["value"], sub.currency)
    lifecycle.fall_due(session, sub, value=value, clock=clock)
    return charge_now(session, sub, order, clock=clock) or _lapse(session, sub, clock=clock)


def _renewal_order(session: Session, sub: Subscription, *, clock: Clock) -> SalesOrder | None:
    """Return the order that waits for the next period's money, by the plan that holds then; None: it is settled."""
    waiting = open_order(session, sub)
    if turns(sub):
        assert sub.next_offer_id is not None  # noqa: S101 - it turns to something
        drop_open_order(session, sub, clock=clock)
        offer = session.get_one(Offer, sub.next_offer_id)
        lifecycle.switch(session, sub, offer, mode="at_period_end", clock=clock)
    elif waiting is not None and waiting.kind == "renewal" and waiting.state == "placed":
        return waiting
    order = ask_for_renewal(session, sub, clock=clock)
    return None if settle_if_free(session, order, clock=clock) else order


def charge_now(session: Session, sub: Subscription, order: SalesOrder, *, clock: Clock) -> UUID | None:
    """Return a payment to be charged by the subscriber's payment method; None when she has left none."""
    method = live_method(session, sub)
    if method is None:
        return None
    waiting = session.scalar(select(Payment.id).where(Payment.order_id == order.id, Payment.state.in_(OPEN)).limit(1))
    if waiting is not None:  # she is paying by herself at this moment, or an answer is missing
        return None
    return new_payment(session, order, method.provider, clock=clock, method_id=method.id)


def _lapse(session: Session, sub: Subscription, *, clock: Clock) -> UUID | None:
    """Note that the money is missing, and tell the subscriber how to pay; there is nothing to charge."""
    if sub.state in ("active", "trialing"):
        lifecycle.move(session, sub, "not paid", reason="not_paid", clock=clock)
    order = _waiting_order(session, sub, clock=clock)
    if order is not None:
        _tell_asked(session, sub, order.id, why="resumed" if sub.state == "paused" else "failed", clock=clock)
    return None


def _waiting_order(session: Session, sub: Subscription, *, clock: Clock) -> SalesOrder | None:
    """Return the order that waits for the missing money, a new one where the last is over; None: nothing is missing."""
    order = open_order(session, sub)
    if order is not None and order.state == "placed":
        return order
    order = ask_for_renewal(session, sub, clock=clock)
    return None if settle_if_free(session, order, clock=clock) else order


def _dun(session: Session, sub: Subscription, *, clock: Clock) -> UUID | None:
    """Try once more, or ask once more."""
    sub.dunned += 1
    order = _waiting_order(session, sub, clock=clock)
    if order is None:
        return None
    return charge_now(session, sub, order, clock=clock) or _lapse(session, sub, clock=clock)


def _end(session: Session, sub: Subscription, *, clock: Clock) -> None:
    reason = "cancelled" if sub.state == "cancelled" else "not_paid"
    drop_open_order(session, sub, clock=clock)
    lifecycle.end(session, sub, reason=reason, clock=clock)


def _pause(session: Session, sub: Subscription, *, clock: Clock) -> None:
    drop_open_order(session, sub, clock=clock)
    lifecycle.begin_pause(session, sub, clock=clock)


def wake(session: Session, sub: Subscription, *, clock: Clock) -> UUID | None:
    """Ask for the money with which a paused subscription goes on; nothing can be used before it is there."""
    sub.due_since, sub.dunned = clock.now(), 0
    order = ask_for_renewal(session, sub, clock=clock)
    if settle_if_free(session, order, clock=clock):
        return None
    return charge_now(session, sub, order, clock=clock) or _lapse(session, sub, clock=clock)


def _tell_asked(session: Session, sub: Subscription, order_id: UUID, *, why: str, clock: Clock) -> None:
    news = SubscriptionPaymentAsked(sub.id, sub.person_id, order_id, why, sub.dunned)
    emit(session, news, at=clock.now())


_DEEDS: Mapping[Deed, Callable[..., UUID | None]] = {
    "remind": _remind,
    "ask": _ask,
    "renew": _renew,
    "lapse": _lapse,
    "dun": _dun,
    "end": _end,
    "pause": _pause,
    "wake": wake,
}
