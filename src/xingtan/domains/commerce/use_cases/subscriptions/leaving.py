"""What a subscriber does about going on: cancel, be won back, resume, pause, come back, choose how she pays."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.models import PaymentMethod, SalesOrder, Subscription
from xingtan.domains.commerce.ordering import new_payment
from xingtan.domains.commerce.pricing import price_later
from xingtan.domains.commerce.subscriptions import lifecycle, rights
from xingtan.domains.commerce.subscriptions.rows import (
    last_period,
    live_method,
    locked,
    policy_of,
    reschedule,
    save_offer_of,
)
from xingtan.domains.commerce.use_cases.subscriptions.invoices import (
    Asked,
    ask_for_renewal,
    drop_open_order,
    line_of,
    open_order,
    settle_if_free,
    with_balance,
    write,
)
from xingtan.domains.commerce.use_cases.subscriptions.steps import charge_now, wake

CANCEL_REASONS = ("too_dear", "no_time", "not_for_me", "done", "other")
"""Why somebody leaves; asked for, kept as a word, never as text."""
When = Literal["at_period_end", "at_once"]
_SHORTEST_PAUSE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Which subscription ends when, and why."""

    subscription_id: UUID
    reason: str
    when: When = "at_period_end"


def mine(session: Session, viewer: Viewer, subscription_id: UUID) -> Subscription:
    """Return the viewer's own subscription; `NotFound` for anybody else's, so that a guess learns nothing."""
    person_id = viewer.require_person()
    found = session.get(Subscription, subscription_id)
    if found is None or found.person_id != person_id:
        raise NotFound(say("There is no such subscription."))
    return found


def own(session: Session, viewer: Viewer, subscription_id: UUID) -> Subscription:
    """Return the viewer's own subscription, locked; `NotFound` for anybody else's."""
    return locked(session, mine(session, viewer, subscription_id).id)


def _own_or_staff(session: Session, viewer: Viewer, subscription_id: UUID) -> Subscription:
    if viewer.may(Permission.ORDERS_REFUND):
        return locked(session, subscription_id)
    return own(session, viewer, subscription_id)


def cancel_subscription(session: Session, viewer: Viewer, command: Cancel, *, clock: Clock) -> UUID | None:
    """Let it end with what is paid for, or at once. What is due or paused has nothing left, and ends at once.

    Return a payment that is to be charged now: what a change of plan left owing is asked for when she leaves.
    """
    if command.reason not in CANCEL_REASONS:
        raise Invalid.of("reason", say("Please choose a reason."))
    if command.when not in ("at_period_end", "at_once"):
        raise Invalid.of("when", say("Please choose one of these."))
    sub = _own_or_staff(session, viewer, command.subscription_id)
    _must_live(sub)
    sub.cancelled_at, sub.cancel_reason, sub.pause_until = clock.now(), command.reason, None
    drop_open_order(session, sub, clock=clock)
    if command.when == "at_once" or sub.due_since is not None or sub.state in ("paused", "past_due"):
        lifecycle.end(session, sub, reason="cancelled", clock=clock)
    elif sub.state != "cancelled":
        sub.next_offer_id, sub.next_from = None, None
        lifecycle.move(session, sub, "cancelled", reason=command.reason, clock=clock)
        rights.shorten(session, sub, policy_of(session), clock=clock)
    details = {"reason": command.reason, "when": command.when}
    note_action(
        session, Action("subscription.cancelled", "subscription", sub.id, viewer.person_id, details), clock=clock
    )
    return _ask_for_what_is_owed(session, sub, clock=clock)


def _ask_for_what_is_owed(session: Session, sub: Subscription, *, clock: Clock) -> UUID | None:
    if sub.carry_minor >= 0 or sub.state == "ended":
        return None
    now, owed = clock.now(), Money(-sub.carry_minor, sub.currency)
    facts = {"deed": "owed", "value": owed.minor, "carry": 0}
    line = with_balance(line_of(sub, owed), Money(0, sub.currency), facts=facts)
    quote = price_later(session, sub.person_id, line, at=now)
    order = write(session, sub, quote, Asked("change", sub.period_ends_at), clock=clock)
    method = live_method(session, sub)
    return new_payment(session, order, method.provider, clock=clock, method_id=method.id) if method else None


def _must_live(sub: Subscription) -> None:
    if sub.state in ("ended", "completed"):
        raise Conflict(say("This subscription has ended."))


def stay(session: Session, viewer: Viewer, subscription_id: UUID, *, clock: Clock) -> None:
    """Take the offer to stay: so much less for so many payments, once in a subscription's life."""
    sub = own(session, viewer, subscription_id)
    offer = save_offer_of(session)
    if (
        offer is None
        or sub.saved_at is not None
        or sub.kind != "subscription"
        or sub.state not in ("active", "cancelled")
    ):
        raise Conflict(say("This offer is no longer there."))
    drop_open_order(session, sub, clock=clock)
    sub.save_bp, sub.save_left, sub.saved_at = offer.discount_bp, offer.periods, clock.now()
    if sub.state == "cancelled":
        _resume(session, sub, clock=clock)
    reschedule(session, sub, policy_of(session))


def resume_subscription(session: Session, viewer: Viewer, subscription_id: UUID, *, clock: Clock) -> UUID | None:
    """Take back a cancellation or a coming pause, or come back from a pause; return a payment to be charged now."""
    sub = own(session, viewer, subscription_id)
    if sub.state == "paused":
        return wake(session, sub, clock=clock) if sub.due_since is None else None
    if sub.state == "active" and sub.pause_until is not None:
        sub.pause_until = None
        _renew_rights(session, sub, clock=clock)
        return None
    if sub.state != "cancelled" or sub.period_ends_at <= clock.now():
        raise Conflict(say("There is nothing to resume."))
    _resume(session, sub, clock=clock)
    return None


def _resume(session: Session, sub: Subscription, *, clock: Clock) -> None:
    sub.cancelled_at, sub.cancel_reason = None, None
    is_trial = last_period(session, sub).kind == "trial"
    lifecycle.move(session, sub, "trial resumed" if is_trial else "resumed", reason="asked", clock=clock)
    _renew_rights(session, sub, clock=clock)


def _renew_rights(session: Session, sub: Subscription, *, clock: Clock) -> None:
    policy = policy_of(session)
    rights.give(session, sub, policy, clock=clock)
    reschedule(session, sub, policy)


def pause_subscription(
    session: Session, viewer: Viewer, subscription_id: UUID, *, until: datetime, clock: Clock
) -> None:
    """Let a pause begin when what is paid for ends, and end at `until`; nothing is charged in it."""
    sub, policy = own(session, viewer, subscription_id), policy_of(session)
    if sub.kind != "subscription" or sub.state != "active" or sub.due_since is not None:
        raise Conflict(say("Only a subscription that is paid for can be paused."))
    latest = sub.period_ends_at + timedelta(days=policy.pause_days_at_most)
    if not sub.period_ends_at + _SHORTEST_PAUSE <= until <= latest:
        raise Invalid.of(
            "until", say("A pause lasts between 1 and %(days)s days from then on.", days=policy.pause_days_at_most)
        )
    drop_open_order(session, sub, clock=clock)
    sub.pause_until = until
    rights.shorten(session, sub, policy, clock=clock)
    reschedule(session, sub, policy)


def pay_subscription(session: Session, viewer: Viewer, subscription_id: UUID, *, clock: Clock) -> str | None:
    """Return the number of the order for the next payment, placed now if there is none; None: nothing is to be paid."""
    sub = own(session, viewer, subscription_id)
    _must_live(sub)
    order = open_order(session, sub)
    if order is None or order.state != "placed":
        if sub.state == "cancelled" or (sub.state == "active" and sub.pause_until is not None):
            raise Conflict(say("There is nothing to pay."))
        order = _next_order(session, sub, clock=clock)
    return None if settle_if_free(session, order, clock=clock) else order.number


def _next_order(session: Session, sub: Subscription, *, clock: Clock) -> SalesOrder:
    if sub.due_since is None and sub.next_offer_id is not None:
        raise Conflict(say("Another plan begins with the next period; it is paid for then."))
    if sub.due_since is None and sub.state != "paused" and last_period(session, sub).starts_at > clock.now():
        raise Conflict(say("The next period is paid for already."))
    if sub.state == "paused" and sub.due_since is None:
        sub.due_since = clock.now()
    order = ask_for_renewal(session, sub, clock=clock)
    reschedule(session, sub, policy_of(session))
    return order


def choose_method(
    session: Session, viewer: Viewer, subscription_id: UUID, *, method_id: UUID, clock: Clock
) -> UUID | None:  # fmt: skip
    """Let payments be charged by another payment method of hers; return one that is missing, to be charged now."""
    sub = own(session, viewer, subscription_id)
    method = session.get(PaymentMethod, method_id)
    if method is None or method.person_id != sub.person_id or method.ended_at is not None:
        raise NotFound(say("There is no such payment method."))
    sub.method_id = method.id
    reschedule(session, sub, policy_of(session))
    session.flush()
    order = open_order(session, sub)
    is_missing = sub.due_since is not None and order is not None and order.state == "placed"
    return charge_now(session, sub, order, clock=clock) if is_missing and order is not None else None


def end_method(session: Session, viewer: Viewer, method_id: UUID, *, clock: Clock) -> None:
    """Forget a payment method of the viewer's: what it would pay is asked for by letter from now on."""
    person_id = viewer.require_person()
    method = session.get(PaymentMethod, method_id, with_for_update=True)
    if method is None or method.person_id != person_id or method.ended_at is not None:
        raise NotFound(say("There is no such payment method."))
    method.ended_at = clock.now()
    session.flush()
    policy = policy_of(session)
    for found in session.scalars(select(Subscription.id).where(Subscription.method_id == method.id)).all():
        sub = locked(session, found)
        if sub.state not in ("ended", "completed"):
            reschedule(session, sub, policy)
