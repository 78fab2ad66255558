"""Wallets, credits, uses, custom service; rights to a part of a product."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)

_SQLITE = (
    """CREATE TRIGGER wallet_entry_follows BEFORE INSERT ON wallet_entry
WHEN NOT coalesce(NEW.balance_minor - NEW.amount_minor = CASE WHEN NEW.number = 1 THEN 0 ELSE (SELECT balance_minor FROM wallet_entry WHERE wallet_id = NEW.wallet_id AND number = NEW.number - 1) END
   AND NEW.bonus_balance_minor - NEW.bonus_minor = CASE WHEN NEW.number = 1 THEN 0 ELSE (SELECT bonus_balance_minor FROM wallet_entry WHERE wallet_id = NEW.wallet_id AND number = NEW.number - 1) END, FALSE)
BEGIN SELECT RAISE(ABORT, 'a wallet entry follows the one before it'); END""",
    """CREATE TRIGGER wallet_entry_never_updates BEFORE UPDATE ON wallet_entry
BEGIN SELECT RAISE(ABORT, 'wallet entries never change'); END""",
    """CREATE TRIGGER wallet_entry_never_deletes BEFORE DELETE ON wallet_entry
BEGIN SELECT RAISE(ABORT, 'wallet entries never change'); END""",
)

_POSTGRESQL = (
    """CREATE FUNCTION wallet_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT coalesce(NEW.balance_minor - NEW.amount_minor = CASE WHEN NEW.number = 1 THEN 0 ELSE (SELECT balance_minor FROM wallet_entry WHERE wallet_id = NEW.wallet_id AND number = NEW.number - 1) END
   AND NEW.bonus_balance_minor - NEW.bonus_minor = CASE WHEN NEW.number = 1 THEN 0 ELSE (SELECT bonus_balance_minor FROM wallet_entry WHERE wallet_id = NEW.wallet_id AND number = NEW.number - 1) END, FALSE) THEN
    RAISE EXCEPTION 'a wallet entry follows the one before it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE FUNCTION wallet_entries_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'wallet entries never change' USING ERRCODE = 'check_violation'; END $$""",
    """CREATE TRIGGER wallet_entry_follows BEFORE INSERT ON wallet_entry
FOR EACH ROW EXECUTE FUNCTION wallet_entry_follows()""",
    """CREATE TRIGGER wallet_entry_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entry
FOR EACH STATEMENT EXECUTE FUNCTION wallet_entries_never_change()""",
)

_TABLES = (
    "withdrawal",
    "use_charge",
    "credit_lot",
    "wallet_entry",
    "service_quote",
    "service_message",
    "service_delivery",
    "wallet",
    "service_request",
    "part_entitlement",
)


def upgrade() -> None:
    """Make the tables, and what keeps a wallet's entries in line."""
    op.create_table(
        "part_entitlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_part_entitlement_ended")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_part_entitlement_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_part_entitlement_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_entitlement")),
    )
    op.create_index("ix_part_entitlement_product", "part_entitlement", ["person_id", "product_id"], unique=False)
    op.create_index("ix_part_entitlement_source", "part_entitlement", ["source_id"], unique=False)
    op.create_index(
        "uq_part_entitlement_live",
        "part_entitlement",
        ["person_id", "part_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "service_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("brief_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=True),
        sa.Column("deliver_by", _AT, nullable=True),
        sa.Column("delivered_at", _AT, nullable=True),
        sa.Column("reminded_at", _AT, nullable=True),
        sa.Column("accepted_at", _AT, nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.CheckConstraint(
            "(state IN ('accepted', 'agreed', 'closed', 'declined', 'delivered', 'deposit_paid', 'disputed', 'expired', 'in_work', 'quoted', 'requested', 'withdrawn'))",
            name=op.f("ck_service_request_state"),
        ),
        sa.CheckConstraint(
            "quote_id IS NOT NULL OR (state IN ('declined', 'requested', 'withdrawn'))",
            name=op.f("ck_service_request_quote_id"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('delivered', 'disputed', 'accepted') OR delivered_at IS NOT NULL",
            name=op.f("ck_service_request_delivered_at"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_service_request_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_service_request_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request")),
        sa.UniqueConstraint("number", name=op.f("uq_service_request_number")),
    )
    op.create_index("ix_service_request_person", "service_request", ["person_id", "created_at"], unique=False)
    op.create_index("ix_service_request_product", "service_request", ["product_id"], unique=False)
    op.create_index("ix_service_request_state", "service_request", ["state", "updated_at"], unique=False)
    op.create_table(
        "wallet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("warn_below_minor", sa.BigInteger(), nullable=True),
        sa.Column("warned_at", _AT, nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.CheckConstraint("entries >= 0", name=op.f("ck_wallet_entries")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_wallet_currency")),
        sa.CheckConstraint("warn_below_minor IS NULL OR warn_below_minor > 0", name=op.f("ck_wallet_warn_below_minor")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_wallet_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet")),
        sa.UniqueConstraint("person_id", "currency", name=op.f("uq_wallet_person_id_currency")),
    )
    op.create_table(
        "service_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("file_key", sa.String(length=120), nullable=True),
        sa.Column("file_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("(file_key IS NULL) = (file_name_sealed IS NULL)", name=op.f("ck_service_delivery_file")),
        sa.CheckConstraint("(file_key IS NULL) = (file_size IS NULL)", name=op.f("ck_service_delivery_file_size")),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.id"], name=op.f("fk_service_delivery_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_delivery")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_service_delivery_request_id_number")),
    )
    op.create_table(
        "service_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=8), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("author IN ('learner', 'academy')", name=op.f("ck_service_message_author")),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.id"], name=op.f("fk_service_message_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_message")),
    )
    op.create_index("ix_service_message_request", "service_message", ["request_id", "at"], unique=False)
    op.create_table(
        "service_quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scope_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("deposit_bp", sa.Integer(), nullable=False),
        sa.Column("balance_due", sa.String(length=8), nullable=False),
        sa.Column("deliver_by", _AT, nullable=False),
        sa.Column("valid_until", _AT, nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", _AT, nullable=False),
        sa.Column("accepted_at", _AT, nullable=True),
        sa.CheckConstraint("balance_due IN ('before', 'after')", name=op.f("ck_service_quote_balance_due")),
        sa.CheckConstraint("deposit_bp > 0 AND deposit_bp <= 10000", name=op.f("ck_service_quote_deposit_bp")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_service_quote_currency")),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_service_quote_price_minor")),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.id"], name=op.f("fk_service_quote_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_quote")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_service_quote_request_id_number")),
    )
    op.create_table(
        "wallet_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("bonus_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("bonus_balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint(
            "((kind IN ('given', 'restored', 'returned', 'top_up')) AND amount_minor >= 0 AND bonus_minor >= 0 AND amount_minor + bonus_minor > 0) OR ((kind IN ('paid', 'taken_back', 'used', 'withdrawn')) AND amount_minor <= 0 AND bonus_minor <= 0 AND amount_minor + bonus_minor < 0)",
            name=op.f("ck_wallet_entry_direction"),
        ),
        sa.CheckConstraint(
            "(kind IN ('given', 'paid', 'restored', 'returned', 'taken_back', 'top_up', 'used', 'withdrawn'))",
            name=op.f("ck_wallet_entry_kind"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('paid', 'used') OR bonus_minor = 0 OR balance_minor = 0",
            name=op.f("ck_wallet_entry_bonus_last"),
        ),
        sa.CheckConstraint(
            "balance_minor >= 0 AND bonus_balance_minor >= 0", name=op.f("ck_wallet_entry_never_below_zero")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_wallet_entry_number")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallet.id"], name=op.f("fk_wallet_entry_wallet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_entry")),
        sa.UniqueConstraint("wallet_id", "key", name=op.f("uq_wallet_entry_wallet_id_key")),
        sa.UniqueConstraint("wallet_id", "number", name=op.f("uq_wallet_entry_wallet_id_number")),
    )
    op.create_index("ix_wallet_entry_source", "wallet_entry", ["source_id"], unique=False)
    op.create_table(
        "credit_lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("unearned_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("ends_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.CheckConstraint("(unit IN ('lesson', 'minute', 'question'))", name=op.f("ck_credit_lot_unit")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_credit_lot_ended")),
        sa.CheckConstraint(
            "(taken < total AND ended_at IS NULL) OR unearned_minor = 0", name=op.f("ck_credit_lot_used_up")
        ),
        sa.CheckConstraint("total > 0 AND taken >= 0 AND taken <= total", name=op.f("ck_credit_lot_taken")),
        sa.CheckConstraint("unearned_minor >= 0 AND unit_minor >= 0", name=op.f("ck_credit_lot_unearned_minor")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_credit_lot_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_credit_lot_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credit_lot_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_credit_lot_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_lot")),
        sa.UniqueConstraint("line_id", name=op.f("uq_credit_lot_line_id")),
    )
    op.create_index("ix_credit_lot_ends_at", "credit_lot", ["ends_at"], unique=False)
    op.create_index("ix_credit_lot_person", "credit_lot", ["person_id", "unit", "created_at"], unique=False)
    op.create_table(
        "use_charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.Column("wallet_entry_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("charged_at", _AT, nullable=False),
        sa.Column("reversed_at", _AT, nullable=True),
        sa.CheckConstraint("(unit IN ('lesson', 'minute', 'question'))", name=op.f("ck_use_charge_unit")),
        sa.CheckConstraint("bucket >= 0 AND (unit = 'minute' OR bucket = 0)", name=op.f("ck_use_charge_bucket")),
        sa.CheckConstraint("(lot_id IS NULL) <> (wallet_entry_id IS NULL)", name=op.f("ck_use_charge_paid_by")),
        sa.CheckConstraint(
            "amount_minor >= 0 AND tax_minor >= 0 AND tax_minor <= amount_minor",
            name=op.f("ck_use_charge_amount_minor"),
        ),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_use_charge_currency")),
        sa.ForeignKeyConstraint(["lot_id"], ["credit_lot.id"], name=op.f("fk_use_charge_lot_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_use_charge_offer_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_use_charge_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_use_charge_product_id")),
        sa.ForeignKeyConstraint(["wallet_entry_id"], ["wallet_entry.id"], name=op.f("fk_use_charge_wallet_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_charge")),
    )
    op.create_index("ix_use_charge_person", "use_charge", ["person_id", "charged_at"], unique=False)
    op.create_index("ix_use_charge_product", "use_charge", ["product_id", "charged_at"], unique=False)
    op.create_index(
        "uq_use_charge_once",
        "use_charge",
        ["person_id", "unit", "subject_id", "bucket"],
        unique=True,
        sqlite_where=sa.text("reversed_at IS NULL"),
        postgresql_where=sa.text("reversed_at IS NULL"),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("bonus_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("settled_at", _AT, nullable=True),
        sa.CheckConstraint("(state IN ('done', 'failed', 'open'))", name=op.f("ck_withdrawal_state")),
        sa.CheckConstraint("amount_minor > 0 AND bonus_minor >= 0", name=op.f("ck_withdrawal_amounts")),
        sa.ForeignKeyConstraint(["entry_id"], ["wallet_entry.id"], name=op.f("fk_withdrawal_entry_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_withdrawal_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_withdrawal_refund_id")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallet.id"], name=op.f("fk_withdrawal_wallet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_withdrawal_entry_id")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_withdrawal_refund_id")),
    )
    op.create_index("ix_withdrawal_order", "withdrawal", ["order_id", "state"], unique=False)
    op.create_index("ix_withdrawal_state", "withdrawal", ["state"], unique=False)
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Take them back."""
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION wallet_entry_follows")
        op.execute("DROP FUNCTION wallet_entries_never_change")
