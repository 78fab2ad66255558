"""The refund rule, version by version."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "refund_rule",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("most_completed_bp", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("days >= 0 AND days <= 365", name=op.f("ck_refund_rule_days")),
        sa.CheckConstraint(
            "most_completed_bp >= 0 AND most_completed_bp <= 10000", name=op.f("ck_refund_rule_most_completed_bp")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_refund_rule")),
    )
