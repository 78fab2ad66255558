"""What is read of subscriptions: one's own, everybody's, the plans on sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import BillingPeriod, Offer, PaymentMethod, SalesOrder, Subscription
from xingtan.domains.commerce.queries.offers import offer_view
from xingtan.domains.commerce.subscriptions.rights import holds_until
from xingtan.domains.commerce.subscriptions.rows import live_method, plan, plan_offered, policy_of
from xingtan.domains.commerce.subscriptions.views import (
    MethodView,
    PeriodView,
    PlanOffer,
    SubscriptionRow,
    SubscriptionView,
)

_LONGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """Which subscriptions a list wants; None: any."""

    state: str | None = None
    tier_id: UUID | None = None
    product_id: UUID | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """Subscriptions, newest first; `next_after` continues behind them, None at the end."""

    rows: tuple[SubscriptionRow, ...]
    next_after: UUID | None


def plans_on_sale(
    session: Session, *, currency: str, at: datetime, product_id: UUID | None = None
) -> tuple[PlanOffer, ...]:  # fmt: skip
    """Return the plans on sale at `at` in `currency`: of the tiers, or of one product; the cheapest a month first."""
    subject = Offer.tier_id.is_not(None) if product_id is None else Offer.product_id == product_id
    rows = session.scalars(
        select(Offer).where(
            subject, Offer.model.in_(("subscription", "instalments")), Offer.currency == currency,
            Offer.starts_at <= at, or_(Offer.ends_at.is_(None), Offer.ends_at > at), Offer.retired_at.is_(None),
        ).order_by(Offer.created_at)
    )  # fmt: skip
    found = [PlanOffer(offer_view(row), plan_offered(row)) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.plan.monthly.minor, one.offer.created_at)))


def sells_memberships(session: Session, *, at: datetime) -> bool:
    """Say whether a tier has a plan on sale, now or soon."""
    wanted = select(Offer.id).where(
        Offer.tier_id.is_not(None), Offer.retired_at.is_(None), or_(Offer.ends_at.is_(None), Offer.ends_at > at)
    )
    return session.scalar(wanted.limit(1)) is not None


def plan_of_offer(session: Session, offer_id: UUID) -> PlanOffer:
    """Return an offer with its plan, on sale or not; `NotFound` when there is none."""
    row = session.get(Offer, offer_id)
    if row is None:
        raise NotFound(say("There is no such plan."))
    return PlanOffer(offer_view(row), plan_offered(row))


def plans_of_tier(session: Session, tier_id: UUID) -> tuple[PlanOffer, ...]:
    """Return every plan of a tier that has not been taken off sale, newest first."""
    rows = session.scalars(
        select(Offer)
        .where(Offer.tier_id == tier_id, Offer.model == "subscription", Offer.retired_at.is_(None))
        .order_by(Offer.created_at.desc())
    )
    return tuple(PlanOffer(offer_view(row), plan_offered(row)) for row in rows)


def my_subscriptions(session: Session, viewer: Viewer) -> tuple[SubscriptionRow, ...]:
    """Return the viewer's own subscriptions, those that go on first."""
    wanted = select(Subscription).where(Subscription.person_id == viewer.require_person())
    rows = session.scalars(wanted.order_by(Subscription.created_at.desc(), Subscription.id))
    return tuple(sorted(map(_row, rows), key=lambda one: one.ended_at is not None))


def subscription(session: Session, viewer: Viewer, subscription_id: UUID) -> SubscriptionView:
    """Return one subscription, one's own, or anybody's for staff who read orders; else `NotFound`."""
    sub = session.get(Subscription, subscription_id)
    if sub is None or (sub.person_id != viewer.person_id and not viewer.may(Permission.ORDERS_READ)):
        raise NotFound(say("There is no such subscription."))
    return _view(session, sub)


def subscriptions(
    session: Session, viewer: Viewer, *, only: SubscriptionFilter, after: UUID | None = None, limit: int = 50
) -> SubscriptionPage:
    """Return a page of everybody's subscriptions, newest first."""
    viewer.require(Permission.ORDERS_READ)
    wanted = select(Subscription)
    for column, value in (
        (Subscription.state, only.state), (Subscription.tier_id, only.tier_id),
        (Subscription.product_id, only.product_id), (Subscription.person_id, only.person_id),
    ):  # fmt: skip
        if value is not None:
            wanted = wanted.where(column == value)
    if after is not None:
        wanted = wanted.where(Subscription.id < after)  # ids sort by the moment of their making
    limit = max(1, min(limit, _LONGEST_PAGE))
    rows = session.scalars(wanted.order_by(Subscription.id.desc()).limit(limit + 1)).all()
    return SubscriptionPage(tuple(map(_row, rows[:limit])), rows[limit - 1].id if len(rows) > limit else None)


def subscription_counts(session: Session, viewer: Viewer) -> dict[str, int]:
    """Return how many subscriptions are in each state that there is."""
    viewer.require(Permission.ORDERS_READ)
    return dict(session.execute(select(Subscription.state, func.count()).group_by(Subscription.state)).all())


def payment_methods(session: Session, viewer: Viewer) -> tuple[MethodView, ...]:
    """Return the payment methods that the viewer has left here, newest first."""
    wanted = select(PaymentMethod).where(
        PaymentMethod.person_id == viewer.require_person(), PaymentMethod.ended_at.is_(None)
    )
    return tuple(_method(row) for row in session.scalars(wanted.order_by(PaymentMethod.created_at.desc())))


def _method(row: PaymentMethod) -> MethodView:
    return MethodView(row.id, row.provider, row.label)


def _row(sub: Subscription) -> SubscriptionRow:
    agreed = plan(sub)
    return SubscriptionRow(
        sub.id, sub.person_id, sub.kind, sub.state, sub.title, agreed.price, agreed.monthly, sub.every,
        sub.period_ends_at, sub.pause_until, sub.started_at, sub.ended_at, sub.tier_id,
    )  # fmt: skip


def _view(session: Session, sub: Subscription) -> SubscriptionView:
    method = live_method(session, sub)
    is_over = sub.state in ("ended", "completed")
    open_order = session.get(SalesOrder, sub.open_order_id) if sub.open_order_id is not None else None
    return SubscriptionView(
        id=sub.id, person_id=sub.person_id, kind=sub.kind, state=sub.state, title=sub.title, offer_id=sub.offer_id,
        product_id=sub.product_id, tier_id=sub.tier_id, plan=plan(sub), payments=sub.payments,
        period_ends_at=sub.period_ends_at, carry=Money(sub.carry_minor, sub.currency),
        next_offer_id=sub.next_offer_id, next_from=sub.next_from, due_since=sub.due_since,
        access_until=None if is_over else holds_until(sub, policy_of(session)), pause_until=sub.pause_until,
        cancelled_at=sub.cancelled_at, cancel_reason=sub.cancel_reason, save_bp=sub.save_bp, save_left=sub.save_left,
        was_saved=sub.saved_at is not None, method=_method(method) if method is not None else None,
        open_order=open_order.number if open_order is not None and open_order.state == "placed" else None,
        periods=_periods(session, sub), started_at=sub.started_at, ended_at=sub.ended_at, end_reason=sub.end_reason,
    )  # fmt: skip


def _periods(session: Session, sub: Subscription) -> tuple[PeriodView, ...]:
    rows: Sequence[tuple[BillingPeriod, str | None]] = session.execute(
        select(BillingPeriod, SalesOrder.number)
        .outerjoin(SalesOrder, SalesOrder.id == BillingPeriod.order_id)
        .where(BillingPeriod.subscription_id == sub.id)
        .order_by(BillingPeriod.number.desc())
    ).all()
    return tuple(
        PeriodView(
            row.number, row.kind, row.state, row.starts_at, row.ends_at, Money(row.value_minor, sub.currency), number
        )
        for row, number in rows
    )  # fmt: skip
