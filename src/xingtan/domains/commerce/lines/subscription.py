"""A billing period of a subscription: a right until its end, and for the grace after; earned day by day."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, say
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.commerce import deferrals
from xingtan.domains.commerce.errors import AlreadyOwned
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.machines import BILLING_PERIOD
from xingtan.domains.commerce.models import BillingPeriod, Offer, PaymentMethod, Subscription
from xingtan.domains.commerce.rules.plans import Plan, plan_of
from xingtan.domains.commerce.rules.quoting import Discount, NewLine
from xingtan.domains.commerce.subscriptions import lifecycle
from xingtan.domains.commerce.subscriptions.beginning import begin
from xingtan.domains.commerce.subscriptions.lifecycle import Receipt, Turn
from xingtan.domains.commerce.subscriptions.rows import had_trial, live_subscription
from xingtan.domains.commerce.subscriptions.tiers import tier
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity


class SubscriptionLine:
    """What a subscription's money brings about: it begins, goes on, comes back from a pause, or is of another plan."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """Nothing is earned yet."""
        return [(books.DEFERRED, paid.net)]

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:
        """What is not earned goes back first."""
        return deferrals.take_back(session, paid.line.id, net, at=clock.now())

    def is_wanted(self, session: Session, paid: PaidLine, /, *, at: datetime) -> bool:
        """One subscription of one thing is enough; later money is wanted by the subscription that asked for it."""
        if paid.line.subject_id is not None:
            found = session.get(Subscription, paid.line.subject_id)
            return found is not None and found.open_order_id == paid.order.id
        return self._may_begin(session, paid, at=at)

    def _may_begin(self, session: Session, paid: PaidLine, *, at: datetime) -> bool:
        assert paid.line.offer_id is not None  # noqa: S101 - as `offered` wrote it
        offer = session.get_one(Offer, paid.line.offer_id)
        owned = entitlements.owned_for_good(session, paid.order.person_id, at=at)
        live = live_subscription(session, paid.order.person_id, product_id=offer.product_id, tier_id=offer.tier_id)
        return live is None and offer.product_id not in owned

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Begin, renew, resume or change the subscription, and have the money earned over the time that it paid."""
        period = self._go_on(session, paid, clock=clock)
        deferrals.defer(session, paid.line, paid.net, period)

    def _go_on(self, session: Session, paid: PaidLine, *, clock: Clock) -> Period:
        facts, currency = paid.line.facts, paid.order.currency
        if paid.line.subject_id is None:
            return begin(session, paid.order, paid.line, clock=clock)
        sub = session.get_one(Subscription, paid.line.subject_id, with_for_update=True, populate_existing=True)
        receipt = Receipt(
            paid.order.id, Money(facts["value"], currency), Money(facts["carry"], currency), bool(facts.get("saved"))
        )
        if facts["deed"] == "change":
            wanted = Turn(UUID(facts["offer"]), datetime.fromisoformat(facts["at"]), facts["mode"], receipt)
            return lifecycle.turn(session, sub, wanted, clock=clock)
        if facts["deed"] == "owed":
            return lifecycle.owed_paid(session, sub, clock=clock)
        return lifecycle.paid(session, sub, receipt, clock=clock)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """Note that the period's money went back; the subscription ends when that period is not over."""
        if paid.line.subject_id is None:
            return
        sub = session.get_one(Subscription, paid.line.subject_id, with_for_update=True, populate_existing=True)
        rows = session.scalars(
            select(BillingPeriod).where(
                BillingPeriod.subscription_id == sub.id, BillingPeriod.order_id == paid.order.id
            )
        ).all()  # fmt: skip
        for row in rows:
            if BILLING_PERIOD.may(row.state, "refunded"):
                row.state = BILLING_PERIOD.after(row.state, "refunded")
        # a change of plan cuts a period short, and credits what is left of it: the whole of it has to be over
        is_over = all(row.whole_ends_at <= clock.now() for row in rows) and sub.kind == "subscription"
        if not is_over and sub.state != "ended":
            lifecycle.end(session, sub, reason=reason, clock=clock)


def offered(session: Session, wish: Wish) -> NewLine:
    """Return the line for an offer to subscribe: what the first day costs, with trial or first price as reductions."""
    offer = wish.offer
    plan = plan_of(offer.model, offer.price, offer.terms)
    title = _title(session, wish)
    refuse_second(session, wish, title=title)
    with_trial = plan.trial is not None and not _had_trial(session, wish)
    facts: dict[str, object] = {"deed": "begin"}
    if with_trial:
        facts |= {"trial": True, **_card(session, wish, plan)}
    if plan.intro_periods and _is_back(session, wish):
        plan, facts = plan.for_who_is_back, facts | {"back": True}
    return NewLine(
        "subscription", title, plan.price, product_id=offer.product_id, offer_id=offer.id, facts=facts,
        discounts=_first_reductions(plan, with_trial=with_trial),
    )  # fmt: skip


def refuse_second(session: Session, wish: Wish, *, title: str) -> None:
    """Raise `AlreadyOwned` when the person has a live subscription of the same thing."""
    offer = wish.offer
    if wish.person_id is None:
        return
    if live_subscription(session, wish.person_id, product_id=offer.product_id, tier_id=offer.tier_id) is not None:
        ids = wish.goods.gives if wish.goods is not None else ()
        raise AlreadyOwned(say("You have “%(title)s” already. It goes on by itself.", title=title), product_ids=ids)


def _title(session: Session, wish: Wish) -> str:
    if wish.offer.tier_id is not None:
        academy = identity.academy(session)
        return tier(session, wish.offer.tier_id).name_in(academy.language if academy is not None else "en")
    assert wish.goods is not None  # noqa: S101 - such an offer names a product or a tier
    return wish.goods.title


def _had_trial(session: Session, wish: Wish) -> bool:
    subject_id = wish.offer.tier_id or wish.offer.product_id
    return wish.person_id is not None and subject_id is not None and had_trial(session, wish.person_id, subject_id)


def _is_back(session: Session, wish: Wish) -> bool:
    """Say whether she has subscribed to this before: a first price is for newcomers."""
    offer = wish.offer
    subject = Subscription.product_id == offer.product_id if offer.product_id else Subscription.tier_id == offer.tier_id
    known = select(Subscription.id).where(Subscription.person_id == wish.person_id, subject)
    return wish.person_id is not None and session.scalar(known.limit(1)) is not None


def _card(session: Session, wish: Wish, plan: Plan) -> dict[str, str]:
    """Return which payment method is charged when the trial ends; `Conflict` where one is needed and none is there."""
    if not plan.trial_needs_card or wish.person_id is None:
        return {}
    found = session.scalar(
        select(PaymentMethod.id)
        .where(PaymentMethod.person_id == wish.person_id, PaymentMethod.ended_at.is_(None))
        .order_by(PaymentMethod.created_at.desc())
        .limit(1)
    )
    if found is None:
        raise Conflict(say("This trial needs a payment method that you have used here before."))
    return {"method": str(found)}


def _first_reductions(plan: Plan, *, with_trial: bool) -> tuple[Discount, ...]:
    if with_trial:
        return (Discount("trial", None, str(plan.trial), plan.price),)
    less = plan.price - plan.price_of(1)
    return (Discount("intro", None, str(plan.intro_periods), less),) if less else ()
