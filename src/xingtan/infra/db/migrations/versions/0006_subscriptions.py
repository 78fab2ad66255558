"""Subscriptions, tiers, billing periods."""

revision = "0006_subscriptions"
down_revision = "0005_one_order"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
