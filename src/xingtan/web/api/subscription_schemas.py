"""Subscriptions and tiers as programs read and write them."""

from typing import Annotated, Literal

from pydantic import Field

from xingtan.domains.commerce import subscribing
from xingtan.web.api.fields import (
    Amount,
    AmountIn,
    At,
    In,
    Instant,
    Line,
    MethodId,
    OfferId,
    Out,
    PersonId,
    ProductId,
    SubscriptionId,
    TierId,
    Whole,
)

Mode = Literal["at_period_end", "prorate_now", "full_now", "next_invoice"]
State = Literal["trialing", "active", "past_due", "paused", "cancelled", "completed", "ended"]
Texts = Annotated[dict[Literal["zh", "en"], Line], Field(max_length=2)]
Interval = Annotated[str, Field(max_length=20, examples=["P1M", "P1Y"])]


class PlanOut(Out):
    """What is paid, and how often (ISO 8601). `count`: in so many parts; of these `price` is the whole."""

    offer_id: OfferId
    product_id: ProductId | None
    tier_id: TierId | None
    interval: str
    price: Amount
    monthly: Amount
    trial: str | None
    intro_price: Amount | None
    intro_periods: int
    count: int | None

    @classmethod
    def of(cls, one: subscribing.PlanOffer) -> "PlanOut":
        """Return the plan as programs read it."""
        plan = one.plan
        return cls(
            offer_id=one.offer.id, product_id=one.offer.product_id, tier_id=one.offer.tier_id,
            interval=str(plan.every), price=Amount.of(plan.price), monthly=Amount.of(plan.monthly),
            trial=str(plan.trial) if plan.trial is not None else None, intro_price=Amount.of_any(plan.intro_price),
            intro_periods=plan.intro_periods, count=plan.count,
        )  # fmt: skip


class RuleOut(Out):
    """One thing that a tier opens: everything, a kind, a topic (`word`), a product."""

    kind: str
    word: str | None
    product_id: ProductId | None


class PerkOut(Out):
    """Something else that members get."""

    code: str
    labels: dict[str, str]


class TierOut(Out):
    """A membership: what it opens and gives, and its plans."""

    id: TierId
    slug: str
    names: dict[str, str]
    summaries: dict[str, str]
    discount_bp: int
    rules: list[RuleOut]
    perks: list[PerkOut]
    retired_at: At | None

    @classmethod
    def of(cls, tier: subscribing.TierView) -> "TierOut":
        """Return the tier as programs read it."""
        return cls(
            id=tier.id, slug=tier.slug, names=dict(tier.names), summaries=dict(tier.summaries),
            discount_bp=tier.discount_bp,
            rules=[RuleOut(kind=one.kind, word=one.word, product_id=one.product_id) for one in tier.rules],
            perks=[PerkOut(code=one.code, labels=dict(one.labels)) for one in tier.perks], retired_at=tier.retired_at,
        )  # fmt: skip


class RuleIn(In):
    """One thing that a tier is to open."""

    kind: Literal["everything", "kind", "topic", "product"]
    word: Line | None = None
    product_id: ProductId | None = None


class PerkIn(In):
    """Something else that members are to get."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    labels: Texts


class TierIn(In):
    """A tier as it is to be."""

    slug: Line
    names: Texts
    summaries: Texts = Field(default_factory=dict)
    rules: Annotated[list[RuleIn], Field(max_length=200)]
    perks: Annotated[list[PerkIn], Field(max_length=50)] = Field(default_factory=list)
    discount_bp: Annotated[Whole, Field(ge=0, lt=10_000)] = 0
    position: Annotated[Whole, Field(ge=0)] = 0


class PlanIn(In):
    """A plan to put on sale, of a tier or of a product; `count`: in so many parts."""

    tier_id: TierId | None = None
    product_id: ProductId | None = None
    price: AmountIn
    interval: Interval
    trial: Interval | None = None
    card: Literal["none", "required"] = "none"
    intro_price: AmountIn | None = None
    intro_periods: Annotated[Whole, Field(ge=0, le=36)] = 0
    count: Annotated[Whole, Field(ge=2, le=60)] | None = None


class PeriodOut(Out):
    """A stretch of a subscription's time; `order_number` is what paid it."""

    number: int
    kind: str
    state: str
    starts_at: At
    ends_at: At
    value: Amount
    order_number: str | None


class SubscriptionOut(Out):
    """A subscription with its periods, the newest first. `carry` below nothing is owed with the next payment."""

    id: SubscriptionId
    person_id: PersonId
    kind: str
    state: str
    title: str
    offer_id: OfferId
    product_id: ProductId | None
    tier_id: TierId | None
    interval: str
    price: Amount
    payments: int
    count: int | None
    period_ends_at: At
    access_until: At | None
    carry: Amount
    due_since: At | None
    pause_until: At | None
    next_offer_id: OfferId | None
    open_order: str | None
    method: str | None
    cancel_reason: str | None
    started_at: At
    ended_at: At | None
    end_reason: str | None
    periods: list[PeriodOut]

    @classmethod
    def of(cls, sub: subscribing.SubscriptionView) -> "SubscriptionOut":
        """Return the subscription as programs read it."""
        return cls(
            id=sub.id, person_id=sub.person_id, kind=sub.kind, state=sub.state, title=sub.title,
            offer_id=sub.offer_id, product_id=sub.product_id, tier_id=sub.tier_id, interval=str(sub.plan.every),
            price=Amount.of(sub.plan.price), payments=sub.payments, count=sub.plan.count,
            period_ends_at=sub.period_ends_at, access_until=sub.access_until, carry=Amount.of(sub.carry),
            due_since=sub.due_since, pause_until=sub.pause_until, next_offer_id=sub.next_offer_id,
            open_order=sub.open_order, method=sub.method.label if sub.method is not None else None,
            cancel_reason=sub.cancel_reason, started_at=sub.started_at, ended_at=sub.ended_at,
            end_reason=sub.end_reason,
            periods=[
                PeriodOut(number=one.number, kind=one.kind, state=one.state, starts_at=one.starts_at,
                          ends_at=one.ends_at, value=Amount.of(one.value), order_number=one.order_number)
                for one in sub.periods
            ],
        )  # fmt: skip


class SubscriptionLine(Out):
    """A subscription as lists show it."""

    id: SubscriptionId
    person_id: PersonId
    kind: str
    state: str
    title: str
    price: Amount
    monthly: Amount
    interval: str
    period_ends_at: At
    started_at: At
    ended_at: At | None

    @classmethod
    def of(cls, row: subscribing.SubscriptionRow) -> "SubscriptionLine":
        """Return the subscription as lists show it."""
        return cls(
            id=row.id, person_id=row.person_id, kind=row.kind, state=row.state, title=row.title,
            price=Amount.of(row.price), monthly=Amount.of(row.monthly), interval=row.interval,
            period_ends_at=row.period_ends_at, started_at=row.started_at, ended_at=row.ended_at,
        )  # fmt: skip


class ChangeIn(In):
    """Which plan, and how. `at` is the instant of the preview that was shown; without it, now."""

    offer: OfferId
    mode: Mode
    at: Instant | None = None


class PreviewOut(Out):
    """What a change comes to, if it is made with this `at` within a quarter of an hour."""

    mode: str
    at: At
    credit: Amount
    charge: Amount
    due_now: Amount
    carry: Amount
    next_payment: Amount
    next_payment_at: At

    @classmethod
    def of(cls, seen: subscribing.ChangePreview) -> "PreviewOut":
        """Return the preview as programs read it."""
        return cls(
            mode=seen.mode, at=seen.at, credit=Amount.of(seen.credit), charge=Amount.of(seen.charge),
            due_now=Amount.of(seen.due_now), carry=Amount.of(seen.carry), next_payment=Amount.of(seen.next_payment),
            next_payment_at=seen.next_payment_at,
        )  # fmt: skip


class Asked(Out):
    """The subscription afterwards; `order_number` is an order of it that waits to be paid."""

    subscription: SubscriptionOut
    order_number: str | None


class CancelIn(In):
    """Why, and when."""

    reason: Literal["too_dear", "no_time", "not_for_me", "done", "other"]
    when: Literal["at_period_end", "at_once"] = "at_period_end"


class PauseIn(In):
    """Until when."""

    until: Instant


class MethodIn(In):
    """Which payment method is charged."""

    method: MethodId


class MethodOut(Out):
    """A payment method that was left here."""

    id: MethodId
    provider: str
    label: str
