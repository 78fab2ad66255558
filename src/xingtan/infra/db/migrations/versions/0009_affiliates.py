"""Groups, affiliates, referrals."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _groups()
    _affiliates()
    _referrals()


def _groups() -> None:
    op.create_table(
        "buying_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_buying_group_decided")),
        sa.CheckConstraint("(state IN ('complete', 'failed', 'open'))", name=op.f("ck_buying_group_state")),
        sa.CheckConstraint("ends_at > opened_at", name=op.f("ck_buying_group_period")),
        sa.CheckConstraint("size >= 2 AND taken >= 0 AND taken <= size", name=op.f("ck_buying_group_taken")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_buying_group_offer_id")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_buying_group_opened_by_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_buying_group_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buying_group")),
        sa.UniqueConstraint("code", name=op.f("uq_buying_group_code")),
    )
    op.create_index("ix_buying_group_due", "buying_group", ["state", "ends_at"], unique=False)
    op.create_index("ix_buying_group_offer", "buying_group", ["offer_id", "state"], unique=False)
    op.create_table(
        "group_place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state IN ('kept', 'left', 'paid'))", name=op.f("ck_group_place_state")),
        sa.ForeignKeyConstraint(["group_id"], ["buying_group.id"], name=op.f("fk_group_place_group_id")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_group_place_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_group_place_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_group_place_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_place")),
        sa.UniqueConstraint("line_id", name=op.f("uq_group_place_line_id")),
    )
    op.create_index("ix_group_place_group", "group_place", ["group_id", "state"], unique=False)
    op.create_index("ix_group_place_person", "group_place", ["person_id"], unique=False)
    op.create_index(
        "uq_group_place_live",
        "group_place",
        ["group_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'left'"),
        postgresql_where=sa.text("state <> 'left'"),
    )


def _affiliates() -> None:
    op.create_table(
        "affiliate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=1000), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('active', 'applied', 'declined', 'ended', 'paused'))", name=op.f("ck_affiliate_state")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_affiliate_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliate")),
        sa.UniqueConstraint("code", name=op.f("uq_affiliate_code")),
        sa.UniqueConstraint("person_id", name=op.f("uq_affiliate_person_id")),
    )
    op.create_table(
        "affiliate_day",
        sa.Column("affiliate_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.CheckConstraint("clicks > 0", name=op.f("ck_affiliate_day_clicks")),
        sa.ForeignKeyConstraint(["affiliate_id"], ["affiliate.id"], name=op.f("fk_affiliate_day_affiliate_id")),
        sa.PrimaryKeyConstraint("affiliate_id", "day", name=op.f("pk_affiliate_day")),
    )
    op.create_table(
        "affiliate_program",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("mature_days", sa.Integer(), nullable=False),
        sa.Column("click", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(click IN ('first', 'last'))", name=op.f("ck_affiliate_program_click")),
        sa.CheckConstraint("mature_days >= 0 AND mature_days <= 365", name=op.f("ck_affiliate_program_mature_days")),
        sa.CheckConstraint("window_days >= 1 AND window_days <= 365", name=op.f("ck_affiliate_program_window_days")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_affiliate_program")),
    )
    op.create_table(
        "commission_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("affiliate_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("product_kind", sa.String(length=20), nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("renewals", sa.String(length=8), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(renewals = 'months') = (months IS NOT NULL)", name=op.f("ck_commission_rule_months")),
        sa.CheckConstraint("(renewals IN ('always', 'first', 'months'))", name=op.f("ck_commission_rule_renewals")),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name=op.f("ck_commission_rule_period")),
        sa.CheckConstraint("product_id IS NULL OR product_kind IS NULL", name=op.f("ck_commission_rule_one_scope")),
        sa.CheckConstraint("rate_bp >= 0 AND rate_bp <= 9000", name=op.f("ck_commission_rule_rate_bp")),
        sa.ForeignKeyConstraint(["affiliate_id"], ["affiliate.id"], name=op.f("fk_commission_rule_affiliate_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_commission_rule_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_rule")),
    )
    op.create_table(
        "order_attribution",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("affiliate_id", sa.Uuid(), nullable=False),
        sa.Column("clicked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["affiliate_id"], ["affiliate.id"], name=op.f("fk_order_attribution_affiliate_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_order_attribution_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_attribution")),
    )
    op.create_index("ix_order_attribution_affiliate", "order_attribution", ["affiliate_id"], unique=False)
    op.create_table(
        "commission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("affiliate_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reversed_minor", sa.BigInteger(), nullable=False),
        sa.Column("accrued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matures_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor * 10000 <= net_minor * rate_bp", name=op.f("ck_commission_rule")),
        sa.CheckConstraint("amount_minor > 0 AND net_minor > 0", name=op.f("ck_commission_amount_minor")),
        sa.CheckConstraint(
            "reversed_minor >= 0 AND reversed_minor <= amount_minor", name=op.f("ck_commission_reversed_minor")
        ),
        sa.ForeignKeyConstraint(["affiliate_id"], ["affiliate.id"], name=op.f("fk_commission_affiliate_id")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_commission_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_commission_order_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["commission_rule.id"], name=op.f("fk_commission_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission")),
        sa.UniqueConstraint("line_id", name=op.f("uq_commission_line_id")),
    )
    op.create_index("ix_commission_affiliate", "commission", ["affiliate_id", "accrued_at"], unique=False)
    op.create_table(
        "payout_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("until <= created_at", name=op.f("ck_payout_batch_until")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batch")),
    )
    op.create_table(
        "payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("affiliate_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state IN ('called_off', 'drawn_up', 'paid'))", name=op.f("ck_payout_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payout_amount_minor")),
        sa.ForeignKeyConstraint(["affiliate_id"], ["affiliate.id"], name=op.f("fk_payout_affiliate_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["payout_batch.id"], name=op.f("fk_payout_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint(
            "batch_id", "affiliate_id", "currency", name=op.f("uq_payout_batch_id_affiliate_id_currency")
        ),
    )
    op.create_index("ix_payout_affiliate", "payout", ["affiliate_id"], unique=False)
    op.create_table(
        "commission_move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("affiliate_id", sa.Uuid(), nullable=False),
        sa.Column("commission_id", sa.Uuid(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matures_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind IN ('accrual', 'payout', 'reversal'))", name=op.f("ck_commission_move_kind")),
        sa.CheckConstraint(
            "(kind IN ('accrual', 'reversal')) = (commission_id IS NOT NULL)",
            name=op.f("ck_commission_move_commission"),
        ),
        sa.CheckConstraint(
            "amount_minor <> 0 AND (kind = 'accrual') = (amount_minor > 0)", name=op.f("ck_commission_move_sign")
        ),
        sa.ForeignKeyConstraint(["affiliate_id"], ["affiliate.id"], name=op.f("fk_commission_move_affiliate_id")),
        sa.ForeignKeyConstraint(["commission_id"], ["commission.id"], name=op.f("fk_commission_move_commission_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_commission_move_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_move")),
    )
    op.create_index("ix_commission_move_affiliate", "commission_move", ["affiliate_id", "at"], unique=False)
    op.create_index(
        "ix_commission_move_unpaid",
        "commission_move",
        ["affiliate_id"],
        unique=False,
        sqlite_where=sa.text("payout_id IS NULL"),
        postgresql_where=sa.text("payout_id IS NULL"),
    )


def _referrals() -> None:
    op.create_table(
        "referral_program",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("off_bp", sa.Integer(), nullable=False),
        sa.Column("reward_bp", sa.Integer(), nullable=False),
        sa.Column("most_rewards", sa.Integer(), nullable=False),
        sa.Column("mature_days", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("mature_days >= 0 AND mature_days <= 365", name=op.f("ck_referral_program_mature_days")),
        sa.CheckConstraint("most_rewards >= 1 AND most_rewards <= 1000", name=op.f("ck_referral_program_most_rewards")),
        sa.CheckConstraint("off_bp >= 0 AND off_bp <= 5000", name=op.f("ck_referral_program_off_bp")),
        sa.CheckConstraint("reward_bp >= 0 AND reward_bp <= 5000", name=op.f("ck_referral_program_reward_bp")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_referral_program")),
    )
    op.create_table(
        "referral_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_referral_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_link")),
        sa.UniqueConstraint("code", name=op.f("uq_referral_link_code")),
        sa.UniqueConstraint("person_id", name=op.f("uq_referral_link_person_id")),
    )
    op.create_table(
        "referral_share",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= total AND total = 1", name=op.f("ck_referral_share_taken")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_referral_share_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_referral_share")),
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("friend_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reward_bp", sa.Integer(), nullable=False),
        sa.Column("reward_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matures_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'rewarded') = (reward_minor > 0)", name=op.f("ck_referral_reward")),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_referral_decided")),
        sa.CheckConstraint("(state IN ('rewarded', 'void', 'waiting'))", name=op.f("ck_referral_state")),
        sa.CheckConstraint("reward_bp >= 0 AND reward_bp <= 5000", name=op.f("ck_referral_reward_bp")),
        sa.ForeignKeyConstraint(["friend_id"], ["person.id"], name=op.f("fk_referral_friend_id")),
        sa.ForeignKeyConstraint(["link_id"], ["referral_link.id"], name=op.f("fk_referral_link_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_referral_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("order_id", name=op.f("uq_referral_order_id")),
    )
    op.create_index("ix_referral_due", "referral", ["state", "matures_at"], unique=False)
    op.create_index("ix_referral_link", "referral", ["link_id", "state"], unique=False)
    op.create_index(
        "uq_referral_live",
        "referral",
        ["friend_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'void'"),
        postgresql_where=sa.text("state <> 'void'"),
    )


def downgrade() -> None:
    """Drop them."""
    tables = (
        "referral",
        "referral_share",
        "referral_link",
        "referral_program",
        "commission_move",
        "payout",
        "payout_batch",
        "commission",
        "order_attribution",
        "commission_rule",
        "affiliate_program",
        "affiliate_day",
        "affiliate",
        "group_place",
        "buying_group",
    )
    for table in tables:
        op.drop_table(table)
