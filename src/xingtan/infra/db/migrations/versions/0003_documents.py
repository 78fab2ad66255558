"""Documents: series, fiscal documents, tax rates, billing profiles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON_ = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER fiscal_document_is_frozen BEFORE UPDATE ON fiscal_document
WHEN OLD.number IS NOT NULL OR NEW.number IS NULL OR NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.series IS NOT OLD.series OR NEW.year IS NOT OLD.year OR NEW.order_id IS NOT OLD.order_id OR NEW.order_number IS NOT OLD.order_number OR NEW.person_id IS NOT OLD.person_id OR NEW.entry_key IS NOT OLD.entry_key OR NEW.names_id IS NOT OLD.names_id OR NEW.reason IS NOT OLD.reason OR NEW.currency IS NOT OLD.currency OR NEW.net_minor IS NOT OLD.net_minor OR NEW.tax_minor IS NOT OLD.tax_minor OR NEW.gross_minor IS NOT OLD.gross_minor OR NEW.issued_at IS NOT OLD.issued_at OR NEW.issued_on IS NOT OLD.issued_on OR NEW.language IS NOT OLD.language OR NEW.paid_by IS NOT OLD.paid_by OR NEW.seller IS NOT OLD.seller OR NEW.buyer_sealed IS NOT OLD.buyer_sealed
BEGIN SELECT RAISE(ABORT, 'a fiscal document never changes'); END
    """,
    """
    CREATE TRIGGER fiscal_document_never_deletes BEFORE DELETE ON fiscal_document
BEGIN SELECT RAISE(ABORT, 'a fiscal document never changes'); END
    """,
    """
    CREATE TRIGGER fiscal_document_line_never_updates BEFORE UPDATE ON fiscal_document_line
BEGIN SELECT RAISE(ABORT, 'a fiscal document never changes'); END
    """,
    """
    CREATE TRIGGER fiscal_document_line_never_deletes BEFORE DELETE ON fiscal_document_line
BEGIN SELECT RAISE(ABORT, 'a fiscal document never changes'); END
    """,
)

POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION fiscal_document_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a fiscal document never changes' USING ERRCODE = 'check_violation'; END $$
    """,
    """
    CREATE FUNCTION fiscal_document_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.number IS NOT NULL OR NEW.number IS NULL OR to_jsonb(NEW) - 'number' <> to_jsonb(OLD) - 'number' THEN
    RAISE EXCEPTION 'a fiscal document never changes' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
    """,
    """
    CREATE TRIGGER fiscal_document_is_frozen BEFORE UPDATE ON fiscal_document
FOR EACH ROW EXECUTE FUNCTION fiscal_document_is_frozen()
    """,
    """
    CREATE TRIGGER fiscal_document_never_deletes BEFORE DELETE OR TRUNCATE ON fiscal_document
FOR EACH STATEMENT EXECUTE FUNCTION fiscal_document_never_changes()
    """,
    """
    CREATE TRIGGER fiscal_document_line_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON fiscal_document_line
FOR EACH STATEMENT EXECUTE FUNCTION fiscal_document_never_changes()
    """,
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "document_series",
        sa.Column("series", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.CheckConstraint("last_number >= 0", name=op.f("ck_document_series_last_number")),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_document_series")),
    )
    op.create_table(
        "seller_profile",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tax_number", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_seller_profile_only_one")),
        sa.CheckConstraint("length(country) = 2", name=op.f("ck_seller_profile_country")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller_profile")),
    )
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("is_inclusive", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("country IS NULL OR length(country) = 2", name=op.f("ck_tax_rate_country")),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name=op.f("ck_tax_rate_period")),
        sa.CheckConstraint("rate_bp BETWEEN 0 AND 10000", name=op.f("ck_tax_rate_rate_bp")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
    )
    op.create_table(
        "billing_profile",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tax_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind IN ('company', 'person'))", name=op.f("ck_billing_profile_kind")),
        sa.CheckConstraint("length(country) = 2", name=op.f("ck_billing_profile_country")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_billing_profile_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_billing_profile")),
    )
    op.create_table(
        "fiscal_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("series", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("entry_key", sa.String(length=120), nullable=False),
        sa.Column("names_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("paid_by", sa.String(length=20), nullable=False),
        sa.Column("seller", JSON_, nullable=False),
        sa.Column("buyer_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(kind = 'receipt') = (names_id IS NULL)", name=op.f("ck_fiscal_document_names")),
        sa.CheckConstraint("(kind IN ('credit_note', 'invoice', 'receipt'))", name=op.f("ck_fiscal_document_kind")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_fiscal_document_currency")),
        sa.CheckConstraint(
            "net_minor + tax_minor = gross_minor AND net_minor >= 0 AND tax_minor >= 0",
            name=op.f("ck_fiscal_document_adds_up"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_fiscal_document_number")),
        sa.ForeignKeyConstraint(["names_id"], ["fiscal_document.id"], name=op.f("fk_fiscal_document_names_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_fiscal_document_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_fiscal_document_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiscal_document")),
        sa.UniqueConstraint("kind", "entry_key", name=op.f("uq_fiscal_document_kind_entry_key")),
        sa.UniqueConstraint("series", "year", "number", name=op.f("uq_fiscal_document_series_year_number")),
    )
    op.create_index("ix_fiscal_document_names", "fiscal_document", ["names_id"], unique=False)
    op.create_index("ix_fiscal_document_newest", "fiscal_document", ["issued_at", "id"], unique=False)
    op.create_index("ix_fiscal_document_order", "fiscal_document", ["order_id"], unique=False)
    op.create_index("ix_fiscal_document_person", "fiscal_document", ["person_id", "issued_at"], unique=False)
    op.create_index(
        "ix_fiscal_document_waiting",
        "fiscal_document",
        ["issued_at", "id"],
        unique=False,
        sqlite_where=sa.text("number IS NULL"),
        postgresql_where=sa.text("number IS NULL"),
    )
    op.create_table(
        "fiscal_document_line",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.CheckConstraint("(mode IN ('exclusive', 'inclusive'))", name=op.f("ck_fiscal_document_line_mode")),
        sa.CheckConstraint(
            "net_minor + tax_minor = gross_minor AND net_minor >= 0 AND tax_minor >= 0",
            name=op.f("ck_fiscal_document_line_adds_up"),
        ),
        sa.CheckConstraint("rate_bp BETWEEN 0 AND 10000", name=op.f("ck_fiscal_document_line_rate_bp")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["fiscal_document.id"], name=op.f("fk_fiscal_document_line_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "position", name=op.f("pk_fiscal_document_line")),
    )
    connection = op.get_bind()
    for statement in SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("fiscal_document_line")
    op.drop_index(
        "ix_fiscal_document_waiting",
        table_name="fiscal_document",
        sqlite_where=sa.text("number IS NULL"),
        postgresql_where=sa.text("number IS NULL"),
    )
    op.drop_index("ix_fiscal_document_person", table_name="fiscal_document")
    op.drop_index("ix_fiscal_document_order", table_name="fiscal_document")
    op.drop_index("ix_fiscal_document_newest", table_name="fiscal_document")
    op.drop_index("ix_fiscal_document_names", table_name="fiscal_document")
    op.drop_table("fiscal_document")
    op.drop_table("billing_profile")
    op.drop_table("tax_rate")
    op.drop_table("seller_profile")
    op.drop_table("document_series")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("fiscal_document_is_frozen", "fiscal_document_never_changes"):
            op.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
