"""Coupons, redeem codes, gifts."""

revision = "0008_promotions"
down_revision = "0007_wallets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
