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


def downgrade() -> None:
    """Drop them."""
    for table in ("group_place", "buying_group"):
        op.drop_table(table)
