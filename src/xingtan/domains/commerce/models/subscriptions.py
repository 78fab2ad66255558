"""Rows of what is paid again and again: tiers, subscriptions, billing periods.

1. Billing periods tile time: each but the first begins in the very instant in which another of its subscription ends
   (a foreign key to it), and no two begin or end together: neither gap nor overlap, by constraints alone (E8).
2. A person has one live subscription of a product or tier at most, and one trial of it ever.
3. At most one order of a subscription waits for money. 4. A subscription copies its plan: a later price is not hers.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import BILLING_PERIOD, SUBSCRIPTION
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

SUBSCRIPTION_KINDS = ("subscription", "instalments")
PERIOD_KINDS = ("trial", "regular", "pause")
RULE_KINDS = ("everything", "kind", "topic", "product")
"""What a tier opens: every product, all of a kind, all about a topic, one product."""

OVER = ("completed", "ended")
"""States in which nothing more is asked of anybody."""

_LIVE = f"NOT {one_of('state', OVER)}"


class Tier(Base):
    """A membership: what it is called in each language, and how much less its members pay for everything else."""

    __tablename__ = "tier"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("discount_bp >= 0 AND discount_bp < 10000", name="discount_bp"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80))
    names: Mapped[dict[str, Any]]
    summaries: Mapped[dict[str, Any]]
    position: Mapped[int]
    discount_bp: Mapped[int]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class TierRule(Base):
    """One thing that a tier opens: `word` is a product kind or a topic's slug."""

    __tablename__ = "tier_rule"
    __table_args__ = (
        CheckConstraint(one_of("kind", RULE_KINDS), name="kind"),
        CheckConstraint("(kind IN ('kind', 'topic')) = (word IS NOT NULL)", name="word"),
        CheckConstraint("(kind = 'product') = (product_id IS NOT NULL)", name="product_id"),
        Index("ix_tier_rule_tier", "tier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tier_id: Mapped[UUID] = mapped_column(ForeignKey("tier.id"))
    kind: Mapped[str] = mapped_column(String(16))
    word: Mapped[str | None] = mapped_column(String(80))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))


class TierPerk(Base):
    """Something else that members get: `code` is known to the part of the house that gives it, e.g. a forum."""

    __tablename__ = "tier_perk"
    __table_args__ = (UniqueConstraint("tier_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tier_id: Mapped[UUID] = mapped_column(ForeignKey("tier.id"))
    code: Mapped[str] = mapped_column(String(40))
    labels: Mapped[dict[str, Any]]
    position: Mapped[int]


class SubscriptionRules(Base):
    """The academy's own numbers: when a failed payment is tried again, when letters are written, what is offered.

    One row, with id 1; without it the defaults of `rules.dunning.Policy` hold, and nothing is offered to stay.
    """

    __tablename__ = "subscription_rules"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("save_bp >= 0 AND save_bp <= 10000 AND save_periods >= 0", name="save"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dunning_days: Mapped[list[Any]]
    ask_days: Mapped[int]
    remind_days: Mapped[int]
    trial_remind_days: Mapped[int]
    pause_days_at_most: Mapped[int]
    save_bp: Mapped[int]
    save_periods: Mapped[int]
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[UUID | None]


class Subscription(Base):
    """What one person pays again and again, for a product or a tier.

    The plan: `price_minor` is each period's, of instalments (`count`) the whole. The grid: periods are counted from
    `anchor_at`, `anchored` of them so far, in `zone`. `period_ends_at` repeats the end of the last billing period.
    `access_id` names the present stretch of access: the rights that it gave have it for their source.
    `carry_minor` is kept for later payments, or (below nothing) is added to the next. `next_at` is when the nightly
    run has to look again; null: never.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint(one_of("state", SUBSCRIPTION.states), name="state"),
        CheckConstraint(one_of("kind", SUBSCRIPTION_KINDS), name="kind"),
        CheckConstraint("(kind = 'instalments') = (count IS NOT NULL)", name="count"),
        CheckConstraint("(product_id IS NULL) <> (tier_id IS NULL)", name="subject"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("price_minor > 0 AND (intro_minor IS NULL OR intro_minor >= 0)", name="price_minor"),
        CheckConstraint("save_bp >= 0 AND save_bp <= 10000 AND save_left >= 0", name="save"),
        CheckConstraint(f"{one_of('state', OVER)} = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint(f"{_LIVE} OR next_at IS NULL", name="next_at"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_reason"),
        UniqueConstraint("person_id", "trial_of"),
        UniqueConstraint("open_order_id"),
        UniqueConstraint("first_order_id"),
        Index(
            "uq_subscription_product", "person_id", "product_id", unique=True,
            sqlite_where=text(_LIVE), postgresql_where=text(_LIVE),
        ),
        Index(
            "uq_subscription_tier", "person_id", "tier_id", unique=True,
            sqlite_where=text(_LIVE), postgresql_where=text(_LIVE),
        ),
        Index(
            "ix_subscription_next", "next_at", "id",
            sqlite_where=text("next_at IS NOT NULL"), postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index("ix_subscription_newest", "created_at", "id"),
        Index("ix_subscription_tier", "tier_id", "id"),
        Index("ix_subscription_offer", "offer_id", "id"),
        Index("ix_subscription_access", "access_id"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    tier_id: Mapped[UUID | None] = mapped_column(ForeignKey("tier.id"))
    first_order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    title: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    intro_minor: Mapped[int | None] = mapped_column(BigInteger)
    intro_periods: Mapped[int]
    every: Mapped[str] = mapped_column(String(20))
    count: Mapped[int | None]
    zone: Mapped[str] = mapped_column(String(60))
    anchor_at: Mapped[datetime]
    anchored: Mapped[int]
    periods: Mapped[int]
    payments: Mapped[int]
    period_ends_at: Mapped[datetime]
    access_id: Mapped[UUID]
    method_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_method.id"))
    carry_minor: Mapped[int] = mapped_column(BigInteger)
    save_bp: Mapped[int]
    save_left: Mapped[int]
    saved_at: Mapped[datetime | None]
    trial_of: Mapped[UUID | None]
    open_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_order.id"))
    next_offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"))
    next_from: Mapped[datetime | None]
    due_since: Mapped[datetime | None]
    dunned: Mapped[int]
    reminded: Mapped[int]
    pause_until: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(20))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class BillingPeriod(Base):
    """A stretch of a subscription's time under one plan: from `starts_at` until `ends_at` (exclusive).

    `value_minor` is what the stretch is worth; `price_minor` what the whole period from `whole_starts_at` until
    `whole_ends_at`, of which it is all or (after a change of plan) a part, costs. `follows_at` is `starts_at` again,
    null for the first.
    """

    __tablename__ = "billing_period"
    __table_args__ = (
        CheckConstraint(one_of("state", BILLING_PERIOD.states), name="state"),
        CheckConstraint(one_of("kind", PERIOD_KINDS), name="kind"),
        CheckConstraint("ends_at > starts_at AND whole_ends_at > whole_starts_at", name="period"),
        CheckConstraint("value_minor >= 0 AND price_minor >= 0", name="value_minor"),
        CheckConstraint("(number = 1) = (follows_at IS NULL) AND number >= 1", name="number"),
        CheckConstraint("follows_at IS NULL OR follows_at = starts_at", name="no_gap"),
        UniqueConstraint("subscription_id", "number"),
        UniqueConstraint("subscription_id", "starts_at"),
        UniqueConstraint("subscription_id", "ends_at"),
        UniqueConstraint("subscription_id", "follows_at"),
        ForeignKeyConstraint(
            ["subscription_id", "follows_at"], ["billing_period.subscription_id", "billing_period.ends_at"]
        ),
        Index("ix_billing_period_order", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscription.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    follows_at: Mapped[datetime | None]
    whole_starts_at: Mapped[datetime]
    whole_ends_at: Mapped[datetime]
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    value_minor: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_order.id"))
    created_at: Mapped[datetime]
