"""Providers: what the sandbox knows of mandates and disputes, transfers by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_TABLES = (
    "manual_refund",
    "manual_transfer",
    "sandbox_dispute",
    "sandbox_slow_refund",
    "sandbox_terms",
    "sandbox_mandate",
)


def upgrade() -> None:
    """Make the tables."""
    _sandbox()
    _transfers()


def _sandbox() -> None:
    op.create_table(
        "sandbox_mandate",
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("behaviour", sa.String(16), nullable=False),
        sa.Column("declines_left", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.CheckConstraint(
            "behaviour IN ('pays', 'expired', 'answers_late')", name=op.f("ck_sandbox_mandate_behaviour")
        ),
        sa.CheckConstraint("declines_left >= 0", name=op.f("ck_sandbox_mandate_declines_left")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_sandbox_mandate")),
    )
    op.create_table(
        "sandbox_terms",
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("wants_mandate", sa.Boolean(), nullable=False),
        sa.Column("mandate", sa.String(40), nullable=True),
        sa.Column("refunds", sa.String(16), nullable=False),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_sandbox_terms_fee_minor")),
        sa.CheckConstraint("refunds IN ('at_once', 'slow')", name=op.f("ck_sandbox_terms_refunds")),
        sa.ForeignKeyConstraint(["reference"], ["sandbox_payment.reference"], name=op.f("fk_sandbox_terms_reference")),
        sa.ForeignKeyConstraint(["mandate"], ["sandbox_mandate.reference"], name=op.f("fk_sandbox_terms_mandate")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_sandbox_terms")),
    )
    op.create_table(
        "sandbox_slow_refund",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'succeeded', 'failed')", name=op.f("ck_sandbox_slow_refund_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_sandbox_slow_refund_amount_minor")),
        sa.ForeignKeyConstraint(
            ["reference"], ["sandbox_payment.reference"], name=op.f("fk_sandbox_slow_refund_reference")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sandbox_slow_refund")),
    )
    op.create_index("ix_sandbox_slow_refund_reference", "sandbox_slow_refund", ["reference"])
    op.create_table(
        "sandbox_dispute",
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("payment", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_sandbox_dispute_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_sandbox_dispute_amount_minor")),
        sa.ForeignKeyConstraint(["payment"], ["sandbox_payment.reference"], name=op.f("fk_sandbox_dispute_payment")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_sandbox_dispute")),
    )
    op.create_index("ix_sandbox_dispute_payment", "sandbox_dispute", ["payment"])


def _transfers() -> None:
    op.create_table(
        "manual_transfer",
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("received_minor", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(80), nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'arrived', 'rejected')", name=op.f("ck_manual_transfer_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_manual_transfer_amount_minor")),
        sa.CheckConstraint(
            "(state = 'arrived') = (received_minor > 0)", name=op.f("ck_manual_transfer_received_minor")
        ),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_manual_transfer_decided_at")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_manual_transfer_payment_id")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_manual_transfer")),
    )
    op.create_index("ix_manual_transfer_state", "manual_transfer", ["state", "created_at"])
    op.create_table(
        "manual_refund",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'sent', 'refused')", name=op.f("ck_manual_refund_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_manual_refund_amount_minor")),
        sa.ForeignKeyConstraint(["reference"], ["manual_transfer.reference"], name=op.f("fk_manual_refund_reference")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_manual_refund")),
    )
    op.create_index("ix_manual_refund_reference", "manual_refund", ["reference"])
    op.create_index("ix_manual_refund_state", "manual_refund", ["state", "created_at"])


def downgrade() -> None:
    """Drop them."""
    for name in _TABLES:
        op.drop_table(name)
