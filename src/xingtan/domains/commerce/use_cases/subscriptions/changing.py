"""Another plan: which there are, what a change comes to, and the change itself. Preview and charge are one function.

The page shows a preview made at an instant and sends that instant back; for a quarter of an hour the charge is reckoned
for it, so that nobody pays another amount than the one that she saw (M11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.money import Money, zero
from xingtan.core.period import Period
from xingtan.core.viewer import Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.models import BillingPeriod, Offer, Subscription
from xingtan.domains.commerce.ordering import PAYABLE_FOR, new_payment
from xingtan.domains.commerce.pricing import price_later
from xingtan.domains.commerce.queries.offers import offer_view
from xingtan.domains.commerce.rules.intervals import period
from xingtan.domains.commerce.rules.plans import Plan
from xingtan.domains.commerce.rules.proration import MODES, Change, Held, Mode, Wanted, change_of
from xingtan.domains.commerce.rules.quoting import NewLine, Quote
from xingtan.domains.commerce.subscriptions import lifecycle
from xingtan.domains.commerce.subscriptions.lifecycle import Receipt, Turn
from xingtan.domains.commerce.subscriptions.rows import (
    interval,
    last_period,
    live_method,
    plan_after,
    plan_offered,
    policy_of,
    reschedule,
)
from xingtan.domains.commerce.subscriptions.views import ChangePreview, PlanOffer
from xingtan.domains.commerce.use_cases.subscriptions.invoices import (
    Asked,
    drop_open_order,
    invoice_under,
    line_of,
    with_balance,
    write,
)
from xingtan.domains.commerce.use_cases.subscriptions.leaving import mine, own

QUOTED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """Which subscription goes over to which offer, how, and at which instant the buyer was shown what it comes to."""

    subscription_id: UUID
    offer_id: UUID
    mode: Mode
    at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a change: `order_number` is still to be paid; `payment_id` is to be charged now."""

    order_number: str | None = None
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Reckoned:
    offer: Offer
    plan: Plan
    change: Change
    line: NewLine
    quote: Quote


def plans_to_change_to(session: Session, sub: Subscription, *, at: datetime) -> tuple[PlanOffer, ...]:
    """Return the offers that the subscription can go over to: the same thing at other intervals, and other tiers."""
    subject = Offer.product_id == sub.product_id if sub.product_id is not None else Offer.tier_id.is_not(None)
    rows = session.scalars(
        select(Offer).where(
            subject, Offer.model == "subscription", Offer.currency == sub.currency, Offer.id != sub.offer_id,
            Offer.starts_at <= at, or_(Offer.ends_at.is_(None), Offer.ends_at > at), Offer.retired_at.is_(None),
        ).order_by(Offer.amount_minor, Offer.id)
    )  # fmt: skip
    taken = set(
        session.scalars(
            select(Subscription.tier_id).where(
                Subscription.person_id == sub.person_id, Subscription.id != sub.id,
                Subscription.state.not_in(("completed", "ended")),
            )
        )
    )  # fmt: skip
    return tuple(
        PlanOffer(offer_view(row), plan_offered(row)) for row in rows if row.tier_id is None or row.tier_id not in taken
    )


@dataclass(frozen=True, slots=True)
class ChangeChoice:
    """A plan that the subscription can go over to, and the ways in which that can be done now."""

    offered: PlanOffer
    modes: Sequence[Mode]


def change_choices(
    session: Session, viewer: Viewer, subscription_id: UUID, *, clock: Clock
) -> tuple[ChangeChoice, ...]:  # fmt: skip
    """Return the plans that the viewer's subscription can go over to now, and how; nothing where it cannot."""
    sub, now = mine(session, viewer, subscription_id), clock.now()
    if sub.kind != "subscription" or sub.state not in ("trialing", "active"):
        return ()
    return tuple(
        ChangeChoice(one, tuple(modes_for(session, sub, one.plan, at=now)))
        for one in plans_to_change_to(session, sub, at=now)
    )


def modes_for(session: Session, sub: Subscription, wanted: Plan, *, at: datetime) -> Sequence[Mode]:
    """Return how the change can be made now: in the middle of a period only where one runs that is paid for."""
    current = last_period(session, sub)
    runs = sub.state == "active" and sub.due_since is None and sub.pause_until is None
    if not runs or not current.starts_at <= at < current.ends_at or current.state not in ("paid", "free"):
        return MODES[:1]
    if wanted.every != interval(sub):
        return ("at_period_end", "full_now")
    has_method = live_method(session, sub) is not None
    return tuple(mode for mode in MODES if mode != "next_invoice" or has_method)


def preview_change(session: Session, viewer: Viewer, command: ChangePlan, *, clock: Clock) -> ChangePreview:
    """Return what the change comes to, if it is confirmed with the same instant within a quarter of an hour."""
    sub = mine(session, viewer, command.subscription_id)
    found = _reckon(session, sub, command, clock=clock)
    change, offer = found.change, offer_view(found.offer)
    due = invoice_under(session, sub, plan_after(found.offer), carry=change.carry, at=change.at).quote.total
    return ChangePreview(
        offer, found.plan, sub.title, change.mode, change.at, change.credit, change.charge, found.quote.total,
        change.carry, due, change.next_payment_at,
    )  # fmt: skip


def change_plan(session: Session, viewer: Viewer, command: ChangePlan, *, clock: Clock) -> Changed:
    """Make the change as it was shown: at once, when it is paid, or with the next period."""
    sub = own(session, viewer, command.subscription_id)
    found = _reckon(session, sub, command, clock=clock)
    details = {"offer": str(command.offer_id), "mode": command.mode}
    note_action(session, Action("subscription.changed", "subscription", sub.id, viewer.person_id, details), clock=clock)
    drop_open_order(session, sub, clock=clock)
    if command.mode == "at_period_end":
        sub.next_offer_id, sub.next_from = found.offer.id, None
        reschedule(session, sub, policy_of(session))
        return Changed()
    if not found.quote.total:
        receipt = Receipt(None, found.change.charge, found.change.carry)
        lifecycle.turn(session, sub, Turn(found.offer.id, found.change.at, command.mode, receipt), clock=clock)
        return Changed()
    expires_at = min(clock.now() + PAYABLE_FOR, sub.period_ends_at)
    order = write(session, sub, found.quote, Asked("change", expires_at), clock=clock)
    reschedule(session, sub, policy_of(session))
    method = live_method(session, sub)
    payment_id = new_payment(session, order, method.provider, clock=clock, method_id=method.id) if method else None
    return Changed(order.number, payment_id)


def _reckon(session: Session, sub: Subscription, command: ChangePlan, *, clock: Clock) -> _Reckoned:
    offer, wanted = _wanted(session, sub, command.offer_id, clock=clock)
    if not clock.now() - QUOTED_FOR <= command.at <= clock.now():
        raise Conflict(say("Some time has passed. Please look at what it comes to once more."))
    if command.mode not in modes_for(session, sub, wanted, at=command.at):
        raise Invalid.of("mode", say("The change cannot be made in this way now."))
    current = last_period(session, sub)
    change = change_of(_held(sub, current), _fresh(sub, wanted, command.at), mode=command.mode, at=command.at)
    line = _line(sub, offer, change)
    return _Reckoned(offer, wanted, change, line, price_later(session, sub.person_id, line, at=command.at))


def _wanted(session: Session, sub: Subscription, offer_id: UUID, *, clock: Clock) -> tuple[Offer, Plan]:
    if sub.kind != "subscription" or sub.state not in ("trialing", "active"):
        raise Conflict(say("Only a subscription that is paid for can be changed."))
    known = {one.offer.id: one.plan for one in plans_to_change_to(session, sub, at=clock.now())}
    if offer_id not in known:
        raise NotFound(say("There is no such plan."))
    return session.get_one(Offer, offer_id), known[offer_id]


def _held(sub: Subscription, row: BillingPeriod) -> Held:
    currency = sub.currency
    return Held(
        Period(row.starts_at, row.ends_at), Money(row.value_minor, currency),
        Period(row.whole_starts_at, row.whole_ends_at), Money(sub.carry_minor, currency),
    )  # fmt: skip


def _fresh(sub: Subscription, wanted: Plan, at: datetime) -> Wanted:
    return Wanted(wanted.price, period(at, wanted.every, 0, zone=ZoneInfo(sub.zone)))


def _line(sub: Subscription, offer: Offer, change: Change) -> NewLine:
    """Return the line for what is due now; all that is not due stands on it as a reduction."""
    facts = {
        "deed": "change", "offer": str(offer.id), "mode": change.mode, "at": change.at.isoformat(),
        "value": change.charge.minor, "carry": change.carry.minor,
    }  # fmt: skip
    if change.mode in ("at_period_end", "next_invoice"):
        return with_balance(line_of(sub, zero(sub.currency)), zero(sub.currency), facts=facts)
    carry = change.credit + Money(sub.carry_minor, sub.currency)
    return with_balance(line_of(sub, change.charge), carry, facts=facts)
