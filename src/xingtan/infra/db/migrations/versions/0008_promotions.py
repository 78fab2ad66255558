"""Coupons, redeem codes, gifts, add-ons, purchasing power, checkouts that were left."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON_ = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TABLES = (
    "coupon",
    "purchasing_power",
    "add_on",
    "code_batch",
    "coupon_product",
    "coupon_share",
    "abandoned_checkout",
    "gift",
    "redeem_code",
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "coupon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=True),
        sa.Column("amounts", JSON_, nullable=False),
        sa.Column("least", JSON_, nullable=False),
        sa.Column("kinds", JSON_, nullable=False),
        sa.Column("periods", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("per_person", sa.Integer(), nullable=True),
        sa.Column("is_stackable", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name=op.f("ck_coupon_period")
        ),
        sa.CheckConstraint("per_person IS NULL OR per_person > 0", name=op.f("ck_coupon_per_person")),
        sa.CheckConstraint("periods IS NULL OR periods > 0", name=op.f("ck_coupon_periods")),
        sa.CheckConstraint("share_bp IS NULL OR (share_bp > 0 AND share_bp <= 10000)", name=op.f("ck_coupon_share_bp")),
        sa.CheckConstraint(
            "taken >= 0 AND (total IS NULL OR (total > 0 AND taken <= total))", name=op.f("ck_coupon_counted")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_code")),
    )
    op.create_table(
        "purchasing_power",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("off_bp", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(country) = 2", name=op.f("ck_purchasing_power_country")),
        sa.CheckConstraint("off_bp > 0 AND off_bp <= 9000", name=op.f("ck_purchasing_power_off_bp")),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_purchasing_power")),
    )
    op.create_table(
        "add_on",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("offered_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("note", JSON_, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("place IN ('checkout', 'after')", name=op.f("ck_add_on_place")),
        sa.ForeignKeyConstraint(["offered_id"], ["product.id"], name=op.f("fk_add_on_offered_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_add_on_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_add_on")),
    )
    op.create_index("ix_add_on_product", "add_on", ["product_id", "place"], unique=False)
    op.create_table(
        "code_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("tier_id", sa.Uuid(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("per_person", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(product_id IS NULL) <> (tier_id IS NULL)", name=op.f("ck_code_batch_gives")),
        sa.CheckConstraint("tier_id IS NULL OR days IS NOT NULL", name=op.f("ck_code_batch_tier_days")),
        sa.CheckConstraint("days IS NULL OR days > 0", name=op.f("ck_code_batch_days")),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > created_at", name=op.f("ck_code_batch_period")),
        sa.CheckConstraint("per_person > 0", name=op.f("ck_code_batch_per_person")),
        sa.CheckConstraint(
            "total > 0 AND total <= 10000 AND taken >= 0 AND taken <= total", name=op.f("ck_code_batch_counted")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_code_batch_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_batch")),
    )
    op.create_table(
        "coupon_product",
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_product_coupon_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_coupon_product_product_id")),
        sa.PrimaryKeyConstraint("coupon_id", "product_id", name=op.f("pk_coupon_product")),
    )
    op.create_table(
        "coupon_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "taken >= 0 AND (total IS NULL OR (total > 0 AND taken <= total))", name=op.f("ck_coupon_share_counted")
        ),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_share_coupon_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_coupon_share_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_share")),
        sa.UniqueConstraint("coupon_id", "person_id", name=op.f("uq_coupon_share_coupon_id_person_id")),
    )
    op.create_table(
        "abandoned_checkout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_abandoned_checkout_amount_minor")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_abandoned_checkout_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_abandoned_checkout_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_abandoned_checkout_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abandoned_checkout")),
        sa.UniqueConstraint("person_id", "product_id", name=op.f("uq_abandoned_checkout_person_id_product_id")),
    )
    op.create_index("ix_abandoned_checkout_opened", "abandoned_checkout", ["opened_at"], unique=False)
    op.create_table(
        "gift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("giver_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("message_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('claimed', 'ended', 'lapsed', 'ordered', 'returned', 'returning', 'waiting'))",
            name=op.f("ck_gift_state"),
        ),
        sa.CheckConstraint("state <> 'claimed' OR claimed_by_id IS NOT NULL", name=op.f("ck_gift_claimed_by")),
        sa.CheckConstraint("(claimed_by_id IS NULL) = (claimed_at IS NULL)", name=op.f("ck_gift_claimed")),
        sa.CheckConstraint("email_sealed IS NOT NULL OR send_at IS NULL", name=op.f("ck_gift_letter")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["person.id"], name=op.f("fk_gift_claimed_by_id")),
        sa.ForeignKeyConstraint(["giver_id"], ["person.id"], name=op.f("fk_gift_giver_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_gift_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_gift_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_gift_token_hash")),
    )
    op.create_index("ix_gift_claimed_by", "gift", ["claimed_by_id"], unique=False)
    op.create_index("ix_gift_giver", "gift", ["giver_id", "created_at"], unique=False)
    op.create_index("ix_gift_send", "gift", ["send_at"], unique=False)
    op.create_index("ix_gift_state", "gift", ["state", "ends_at"], unique=False)
    op.create_table(
        "redeem_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'redeemed') = (redeemed_at IS NOT NULL) AND (state = 'redeemed') = (person_id IS NOT NULL)",
            name=op.f("ck_redeem_code_redeemed"),
        ),
        sa.CheckConstraint("(state IN ('fresh', 'redeemed', 'void'))", name=op.f("ck_redeem_code_state")),
        sa.ForeignKeyConstraint(["batch_id"], ["code_batch.id"], name=op.f("fk_redeem_code_batch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_redeem_code_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redeem_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_redeem_code_code_hash")),
    )
    op.create_index("ix_redeem_code_batch", "redeem_code", ["batch_id", "state"], unique=False)
    op.create_index("ix_redeem_code_person", "redeem_code", ["person_id", "batch_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table in reversed(_TABLES):
        op.drop_table(table)
