"""Reading a subscription's row for what it says: its plan, its policy, its next step. Writes nothing but `next_at`."""

from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.commerce.machines import KEPT
from xingtan.domains.commerce.models import (
    BillingPeriod,
    Offer,
    OrderLine,
    Payment,
    PaymentMethod,
    SalesOrder,
    Subscription,
    SubscriptionRules,
)
from xingtan.domains.commerce.rules.dunning import Facts, Policy, next_step
from xingtan.domains.commerce.rules.intervals import Interval, parse_interval, period
from xingtan.domains.commerce.rules.plans import GIVING, Plan, plan_of
from xingtan.domains.commerce.subscriptions.views import SaveOffer


def locked(session: Session, subscription_id: UUID) -> Subscription:
    """Return the row, locked, with the order that waits for money (if any) locked before it; `NotFound` without one.

    Lock order: the order, then its subscription, as settlement takes them (docs/explanations/locking.md).
    """
    order_id = session.scalar(select(Subscription.open_order_id).where(Subscription.id == subscription_id))
    if order_id is not None:
        session.get(SalesOrder, order_id, with_for_update=True)
    row = session.get(Subscription, subscription_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(say("There is no such subscription."))
    return row


def plan(sub: Subscription) -> Plan:
    """Return the plan as it was agreed with this subscriber."""
    intro = None if sub.intro_minor is None else Money(sub.intro_minor, sub.currency)
    price = Money(sub.price_minor, sub.currency)
    return Plan(price, interval(sub), intro_price=intro, intro_periods=sub.intro_periods, count=sub.count)


def interval(sub: Subscription) -> Interval:
    """Return how often the subscriber pays."""
    return parse_interval(sub.every)


def plan_offered(row: Offer) -> Plan:
    """Return the plan that an offer promises to newcomers."""
    return plan_of(row.model, Money(row.amount_minor, row.currency), row.terms)


def plan_after(row: Offer) -> Plan:
    """Return the plan that an offer promises to whoever comes over from another: first prices are for newcomers."""
    return replace(plan_offered(row), intro_price=None, intro_periods=0)


def grid_period(sub: Subscription) -> Period:
    """Return the whole period that follows those counted so far."""
    return period(sub.anchor_at, interval(sub), sub.anchored, zone=ZoneInfo(sub.zone))


def last_period(session: Session, sub: Subscription) -> BillingPeriod:
    """Return the newest stretch of the subscription's time."""
    return session.scalars(
        select(BillingPeriod).where(
            BillingPeriod.subscription_id == sub.id, BillingPeriod.number == sub.periods
        )
    ).one()  # fmt: skip


def policy_of(session: Session) -> Policy:
    """Return the academy's numbers of days, or the defaults."""
    row = session.get(SubscriptionRules, 1)
    if row is None:
        return Policy()
    return Policy(
        tuple(int(day) for day in row.dunning_days), row.ask_days, row.remind_days, row.trial_remind_days,
        row.pause_days_at_most,
    )  # fmt: skip


def save_offer_of(session: Session) -> SaveOffer | None:
    """Return what is offered to somebody who wants to leave; None: nothing."""
    row = session.get(SubscriptionRules, 1)
    return SaveOffer(row.save_bp, row.save_periods) if row is not None and row.save_bp and row.save_periods else None


def live_method(session: Session, sub: Subscription) -> PaymentMethod | None:
    """Return the payment method that is charged: the one chosen, while it holds, else the one she paid with last."""
    chosen = session.get(PaymentMethod, sub.method_id) if sub.method_id is not None else None
    if chosen is not None and chosen.ended_at is None:
        return chosen
    return session.scalar(
        select(PaymentMethod)
        .join(Payment, Payment.method_id == PaymentMethod.id)
        .join(OrderLine, OrderLine.order_id == Payment.order_id)
        .where(OrderLine.subject_id == sub.id, Payment.state.in_(KEPT), PaymentMethod.ended_at.is_(None))
        .order_by(Payment.settled_at.desc())
        .limit(1)
    )


def facts_of(session: Session, sub: Subscription) -> Facts:
    """Return what the row says about its next step."""
    return Facts(
        state=sub.state, paid_until=sub.period_ends_at, has_mandate=live_method(session, sub) is not None,
        is_yearly=interval(sub).is_yearly, is_reminded=sub.reminded >= sub.periods,
        is_asked=sub.open_order_id is not None or turns(sub), wants_pause=sub.pause_until is not None,
        due_since=sub.due_since, dunned=sub.dunned,
    )  # fmt: skip


def turns(sub: Subscription) -> bool:
    """Say whether another offer's plan holds from the end of this period on."""
    return sub.next_offer_id is not None and (sub.next_from is None or sub.next_from <= sub.period_ends_at)


def reschedule(session: Session, sub: Subscription, policy: Policy) -> None:
    """Note when the nightly run has to look at the subscription again."""
    step = next_step(facts_of(session, sub), policy)
    sub.next_at = None if step is None else step.at


def live_subscription(
    session: Session, person_id: UUID, *, product_id: UUID | None, tier_id: UUID | None
) -> Subscription | None:
    """Return the person's live subscription of the product or the tier."""
    subject = Subscription.product_id == product_id if product_id else Subscription.tier_id == tier_id
    return session.scalar(
        select(Subscription).where(
            Subscription.person_id == person_id, subject, Subscription.state.not_in(("completed", "ended"))
        )
    )


def is_paying_member(session: Session, person_id: UUID, tier_id: UUID) -> bool:
    """Say whether a subscription makes the person a member of the tier now."""
    sub = live_subscription(session, person_id, product_id=None, tier_id=tier_id)
    return sub is not None and sub.state in GIVING


def had_trial(session: Session, person_id: UUID, subject_id: UUID) -> bool:
    """Say whether the person has had her trial of this product or tier."""
    found = select(Subscription.id).where(Subscription.person_id == person_id, Subscription.trial_of == subject_id)
    return session.scalar(found.limit(1)) is not None
