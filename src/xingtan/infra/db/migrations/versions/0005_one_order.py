"""One order for many business models: lines, discounts, reservations, deferrals, disputes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("provider_reference", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state IN ('lost', 'open', 'won'))", name=op.f("ck_dispute_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_dispute_amount_minor")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("payment_id", "provider_reference", name=op.f("uq_dispute_payment_id_provider_reference")),
    )
    op.create_index("ix_dispute_state", "dispute", ["state"], unique=False)
    op.create_table(
        "order_discount",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('coupon', 'intro', 'member', 'owned', 'proration', 'purchasing_power', 'referral', 'save', 'trial'))",
            name=op.f("ck_order_discount_kind"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_order_discount_amount_minor")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_order_discount_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_discount")),
    )
    op.create_index("ix_order_discount_line", "order_discount", ["line_id"], unique=False)
    op.create_index("ix_order_discount_source", "order_discount", ["source_id"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('held', 'used', 'released')", name=op.f("ck_reservation_state")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_reservation_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
        sa.UniqueConstraint("order_id", "kind", "source_id", name=op.f("uq_reservation_order_id_kind_source_id")),
    )
    op.create_index("ix_reservation_source", "reservation", ["kind", "source_id"], unique=False)
    op.create_table(
        "deferral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("earned_minor", sa.BigInteger(), nullable=False),
        sa.Column("returned_minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "closed_at IS NULL OR earned_minor + returned_minor = total_minor", name=op.f("ck_deferral_closed")
        ),
        sa.CheckConstraint("earned_minor + returned_minor <= total_minor", name=op.f("ck_deferral_conserved")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_deferral_period")),
        sa.CheckConstraint(
            "total_minor > 0 AND earned_minor >= 0 AND returned_minor >= 0", name=op.f("ck_deferral_amounts")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_deferral_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferral")),
        sa.UniqueConstraint("line_id", name=op.f("uq_deferral_line_id")),
    )
    op.create_index(
        "ix_deferral_open",
        "deferral",
        ["starts_at"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "refund_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("dispute_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(refund_id IS NULL) <> (dispute_id IS NULL)", name=op.f("ck_refund_line_one_reason")),
        sa.CheckConstraint(
            "amount_minor > 0 AND tax_minor >= 0 AND tax_minor <= amount_minor", name=op.f("ck_refund_line_amounts")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_refund_line_dispute_id")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_refund_line_line_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_line_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_line")),
        sa.UniqueConstraint("dispute_id", "line_id", name=op.f("uq_refund_line_dispute_id_line_id")),
        sa.UniqueConstraint("refund_id", "line_id", name=op.f("uq_refund_line_refund_id_line_id")),
    )
    op.create_index("ix_refund_line_line", "refund_line", ["line_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table in ("refund_line", "deferral", "reservation", "order_discount", "dispute"):
        op.drop_table(table)
