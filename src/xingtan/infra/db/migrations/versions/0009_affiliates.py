"""Groups, affiliates, referrals."""

revision = "0009_affiliates"
down_revision = "0008_promotions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
