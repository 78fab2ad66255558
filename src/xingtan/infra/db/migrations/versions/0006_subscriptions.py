"""Subscriptions, tiers, billing periods."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON_ = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "subscription_rules",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dunning_days", JSON_, nullable=False),
        sa.Column("ask_days", sa.Integer(), nullable=False),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.Column("trial_remind_days", sa.Integer(), nullable=False),
        sa.Column("pause_days_at_most", sa.Integer(), nullable=False),
        sa.Column("save_bp", sa.Integer(), nullable=False),
        sa.Column("save_periods", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_subscription_rules_one_row")),
        sa.CheckConstraint(
            "save_bp >= 0 AND save_bp <= 10000 AND save_periods >= 0", name=op.f("ck_subscription_rules_save")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_rules")),
    )
    op.create_table(
        "tier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("names", JSON_, nullable=False),
        sa.Column("summaries", JSON_, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("discount_bp", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("discount_bp >= 0 AND discount_bp < 10000", name=op.f("ck_tier_discount_bp")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier")),
        sa.UniqueConstraint("slug", name=op.f("uq_tier_slug")),
    )
    op.create_table(
        "tier_perk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tier_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("labels", JSON_, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tier_id"], ["tier.id"], name=op.f("fk_tier_perk_tier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_perk")),
        sa.UniqueConstraint("tier_id", "code", name=op.f("uq_tier_perk_tier_id_code")),
    )
    op.create_table(
        "tier_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tier_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("word", sa.String(length=80), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(kind = 'product') = (product_id IS NOT NULL)", name=op.f("ck_tier_rule_product_id")),
        sa.CheckConstraint("(kind IN ('everything', 'kind', 'product', 'topic'))", name=op.f("ck_tier_rule_kind")),
        sa.CheckConstraint("(kind IN ('kind', 'topic')) = (word IS NOT NULL)", name=op.f("ck_tier_rule_word")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_tier_rule_product_id")),
        sa.ForeignKeyConstraint(["tier_id"], ["tier.id"], name=op.f("fk_tier_rule_tier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_rule")),
    )
    op.create_index("ix_tier_rule_tier", "tier_rule", ["tier_id"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("tier_id", sa.Uuid(), nullable=True),
        sa.Column("first_order_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("intro_minor", sa.BigInteger(), nullable=True),
        sa.Column("intro_periods", sa.Integer(), nullable=False),
        sa.Column("every", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("anchored", sa.Integer(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("method_id", sa.Uuid(), nullable=True),
        sa.Column("carry_minor", sa.BigInteger(), nullable=False),
        sa.Column("save_bp", sa.Integer(), nullable=False),
        sa.Column("save_left", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trial_of", sa.Uuid(), nullable=True),
        sa.Column("open_order_id", sa.Uuid(), nullable=True),
        sa.Column("next_offer_id", sa.Uuid(), nullable=True),
        sa.Column("next_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dunned", sa.Integer(), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("pause_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(length=20), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'instalments') = (count IS NOT NULL)", name=op.f("ck_subscription_count")),
        sa.CheckConstraint("(kind IN ('instalments', 'subscription'))", name=op.f("ck_subscription_kind")),
        sa.CheckConstraint(
            "(state IN ('active', 'cancelled', 'completed', 'ended', 'new', 'past_due', 'paused', 'trialing'))",
            name=op.f("ck_subscription_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('completed', 'ended')) = (ended_at IS NOT NULL)", name=op.f("ck_subscription_ended")
        ),
        sa.CheckConstraint(
            "NOT (state IN ('completed', 'ended')) OR next_at IS NULL", name=op.f("ck_subscription_next_at")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_subscription_end_reason")),
        sa.CheckConstraint("(product_id IS NULL) <> (tier_id IS NULL)", name=op.f("ck_subscription_subject")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_subscription_currency")),
        sa.CheckConstraint(
            "price_minor > 0 AND (intro_minor IS NULL OR intro_minor >= 0)", name=op.f("ck_subscription_price_minor")
        ),
        sa.CheckConstraint("save_bp >= 0 AND save_bp <= 10000 AND save_left >= 0", name=op.f("ck_subscription_save")),
        sa.ForeignKeyConstraint(["first_order_id"], ["sales_order.id"], name=op.f("fk_subscription_first_order_id")),
        sa.ForeignKeyConstraint(["method_id"], ["payment_method.id"], name=op.f("fk_subscription_method_id")),
        sa.ForeignKeyConstraint(["next_offer_id"], ["offer.id"], name=op.f("fk_subscription_next_offer_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_subscription_offer_id")),
        sa.ForeignKeyConstraint(["open_order_id"], ["sales_order.id"], name=op.f("fk_subscription_open_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_subscription_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_subscription_product_id")),
        sa.ForeignKeyConstraint(["tier_id"], ["tier.id"], name=op.f("fk_subscription_tier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("first_order_id", name=op.f("uq_subscription_first_order_id")),
        sa.UniqueConstraint("open_order_id", name=op.f("uq_subscription_open_order_id")),
        sa.UniqueConstraint("person_id", "trial_of", name=op.f("uq_subscription_person_id_trial_of")),
    )
    op.create_index("ix_subscription_access", "subscription", ["access_id"], unique=False)
    op.create_index("ix_subscription_newest", "subscription", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_subscription_next",
        "subscription",
        ["next_at", "id"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_subscription_offer", "subscription", ["offer_id", "id"], unique=False)
    op.create_index("ix_subscription_tier", "subscription", ["tier_id", "id"], unique=False)
    op.create_index(
        "uq_subscription_product",
        "subscription",
        ["person_id", "product_id"],
        unique=True,
        sqlite_where=sa.text("NOT (state IN ('completed', 'ended'))"),
        postgresql_where=sa.text("NOT (state IN ('completed', 'ended'))"),
    )
    op.create_index(
        "uq_subscription_tier",
        "subscription",
        ["person_id", "tier_id"],
        unique=True,
        sqlite_where=sa.text("NOT (state IN ('completed', 'ended'))"),
        postgresql_where=sa.text("NOT (state IN ('completed', 'ended'))"),
    )
    op.create_table(
        "billing_period",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("follows_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("whole_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("whole_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind IN ('pause', 'regular', 'trial'))", name=op.f("ck_billing_period_kind")),
        sa.CheckConstraint(
            "(state IN ('due', 'free', 'paid', 'refunded', 'unpaid'))", name=op.f("ck_billing_period_state")
        ),
        sa.CheckConstraint(
            "(number = 1) = (follows_at IS NULL) AND number >= 1", name=op.f("ck_billing_period_number")
        ),
        sa.CheckConstraint(
            "ends_at > starts_at AND whole_ends_at > whole_starts_at", name=op.f("ck_billing_period_period")
        ),
        sa.CheckConstraint("follows_at IS NULL OR follows_at = starts_at", name=op.f("ck_billing_period_no_gap")),
        sa.CheckConstraint("value_minor >= 0 AND price_minor >= 0", name=op.f("ck_billing_period_value_minor")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_billing_period_offer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_billing_period_order_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id", "follows_at"],
            ["billing_period.subscription_id", "billing_period.ends_at"],
            name=op.f("fk_billing_period_subscription_id_follows_at"),
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_billing_period_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_period")),
        sa.UniqueConstraint("subscription_id", "ends_at", name=op.f("uq_billing_period_subscription_id_ends_at")),
        sa.UniqueConstraint("subscription_id", "follows_at", name=op.f("uq_billing_period_subscription_id_follows_at")),
        sa.UniqueConstraint("subscription_id", "number", name=op.f("uq_billing_period_subscription_id_number")),
        sa.UniqueConstraint("subscription_id", "starts_at", name=op.f("uq_billing_period_subscription_id_starts_at")),
    )
    op.create_index("ix_billing_period_order", "billing_period", ["order_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table in ("billing_period", "subscription", "tier_rule", "tier_perk", "tier", "subscription_rules"):
        op.drop_table(table)
