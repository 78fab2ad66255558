"""Opening day: the first tables.

Money is balanced and history kept by triggers: see books, audit and catalog.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xingtan.infra.search.index import create_search, drop_search

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON_ = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit entries never change'); END
    """,
    """
    CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit entries never change'); END
    """,
    """
    CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry
WHEN (SELECT COUNT(*) FROM posting WHERE entry_id = NEW.id) < 2
   OR EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.id GROUP BY currency HAVING SUM(amount_minor) <> 0)
BEGIN SELECT RAISE(ABORT, 'a journal entry balances'); END
    """,
    """
    CREATE TRIGGER posting_entry_is_open BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'a closed journal entry takes no more postings'); END
    """,
    """
    CREATE TRIGGER journal_entry_never_updates BEFORE UPDATE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END
    """,
    """
    CREATE TRIGGER journal_entry_never_deletes BEFORE DELETE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END
    """,
    """
    CREATE TRIGGER posting_never_updates BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END
    """,
    """
    CREATE TRIGGER posting_never_deletes BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS product_version_update_refused BEFORE UPDATE ON product_version BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS product_version_delete_refused BEFORE DELETE ON product_version BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS lesson_version_update_refused BEFORE UPDATE ON lesson_version BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS lesson_version_delete_refused BEFORE DELETE ON lesson_version BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END
    """,
)

POSTGRESQL_TRIGGERS = (
    """
    CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit entries never change'; END $$
    """,
    """
    CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE FUNCTION journal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT COUNT(*) FROM posting WHERE entry_id = NEW.id) < 2
   OR EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.id GROUP BY currency HAVING SUM(amount_minor) <> 0) THEN
    RAISE EXCEPTION 'a journal entry balances' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
    """,
    """
    CREATE FUNCTION posting_entry_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id) THEN
    RAISE EXCEPTION 'a closed journal entry takes no more postings' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
    """,
    """
    CREATE FUNCTION books_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the books are append-only' USING ERRCODE = 'check_violation'; END $$
    """,
    """
    CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry
FOR EACH ROW EXECUTE FUNCTION journal_entry_balances()
    """,
    """
    CREATE TRIGGER posting_entry_is_open BEFORE INSERT ON posting
FOR EACH ROW EXECUTE FUNCTION posting_entry_is_open()
    """,
    """
    CREATE TRIGGER journal_entry_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
FOR EACH STATEMENT EXECUTE FUNCTION books_are_append_only()
    """,
    """
    CREATE TRIGGER posting_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
FOR EACH STATEMENT EXECUTE FUNCTION books_are_append_only()
    """,
    """
    CREATE OR REPLACE FUNCTION catalog_version_refused() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'a version is never changed'; END $$
    """,
    """
    CREATE OR REPLACE TRIGGER product_version_refused BEFORE UPDATE OR DELETE ON product_version FOR EACH ROW EXECUTE FUNCTION catalog_version_refused()
    """,
    """
    CREATE OR REPLACE TRIGGER lesson_version_refused BEFORE UPDATE OR DELETE ON lesson_version FOR EACH ROW EXECUTE FUNCTION catalog_version_refused()
    """,
)


def upgrade() -> None:
    op.create_table(
        "academy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", JSON_, nullable=False),
        sa.Column("tagline", JSON_, nullable=False),
        sa.Column("about_md", JSON_, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("accent", sa.String(length=16), nullable=False),
        sa.Column("set_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_academy_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_academy")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("details", JSON_, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_actor_id"), "audit_entry", ["actor_id"], unique=False)
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "behaviour_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("session_key", sa.String(length=32), nullable=True),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("object_kind", sa.String(length=24), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("context", JSON_, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_behaviour_event")),
    )
    op.create_index("ix_behaviour_event_actor", "behaviour_event", ["actor", "at"], unique=False)
    op.create_index("ix_behaviour_event_day", "behaviour_event", ["day", "verb"], unique=False)
    op.create_index("ix_behaviour_event_product", "behaviour_event", ["product_id", "day"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= granted_at", name=op.f("ck_consent_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_person_id"), "consent", ["person_id"], unique=False)
    op.create_index(
        "uq_consent_live",
        "consent",
        ["person_id", "purpose"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("principal", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("result", JSON_, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint("source", "external_id", name="uq_inbox_message_source_external_id"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("args", JSON_, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_by", sa.String(length=80), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", JSON_, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", name="uq_job_key"),
    )
    op.create_index("ix_job_due", "job", ["state", "run_at"], unique=False)
    op.create_table(
        "job_schedule",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_schedule")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("memo", sa.String(length=40), nullable=False),
        sa.Column("reference_kind", sa.String(length=20), nullable=False),
        sa.Column("reference_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_journal_entry_key")),
    )
    op.create_index("ix_journal_entry_at", "journal_entry", ["at", "id"], unique=False)
    op.create_index("ix_journal_entry_reference", "journal_entry", ["reference_kind", "reference_id"], unique=False)
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("payload", JSON_, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fanned_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index("ix_outbox_event_kind", "outbox_event", ["kind", "id"], unique=False)
    op.create_index("ix_outbox_event_waiting", "outbox_event", ["fanned_out_at", "id"], unique=False)
    op.create_table(
        "passkey_challenge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenge")),
    )
    op.create_index(op.f("ix_passkey_challenge_expires_at"), "passkey_challenge", ["expires_at"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("behaviour_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email_index", name=op.f("uq_person_email_index")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("work_key", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_version_id", sa.Uuid(), nullable=True),
        sa.Column("draft_version_id", sa.Uuid(), nullable=True),
        sa.Column("source_key", sa.String(length=300), nullable=True),
        sa.Column("source_hash", sa.String(length=64), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subtitle", sa.String(length=300), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("difficulty", sa.String(length=16), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("lesson_count", sa.Integer(), nullable=False),
        sa.Column("cover_asset_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "difficulty IN ('beginner', 'intermediate', 'advanced')", name=op.f("ck_product_difficulty")
        ),
        sa.CheckConstraint(
            "kind IN ('course', 'column', 'article', 'ebook', 'podcast', 'live', 'consulting', 'bundle')",
            name=op.f("ck_product_kind"),
        ),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_product_language")),
        sa.CheckConstraint(
            "state <> 'published' OR published_version_id IS NOT NULL", name=op.f("ck_product_published_has_version")
        ),
        sa.CheckConstraint(
            "state <> 'scheduled' OR publish_at IS NOT NULL", name=op.f("ck_product_scheduled_has_instant")
        ),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired', 'scheduled')", name=op.f("ck_product_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("slug", name="uq_product_slug"),
        sa.UniqueConstraint("source_key", name="uq_product_source_key"),
    )
    op.create_index("ix_product_newest", "product", ["state", "published_at", "id"], unique=False)
    op.create_index("ix_product_shelf", "product", ["state", "position", "id"], unique=False)
    op.create_index("ix_product_work_key", "product", ["work_key"], unique=False)
    op.create_table(
        "sandbox_payment",
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("merchant_key", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_currency", sa.String(length=3), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("return_url", sa.String(length=500), nullable=False),
        sa.Column("failure_code", sa.String(length=60), nullable=True),
        sa.Column("challenges", sa.Integer(), nullable=False),
        sa.Column("refunds", JSON_, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'challenged', 'succeeded', 'failed')", name=op.f("ck_sandbox_payment_state")
        ),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND refunded_minor <= paid_minor", name=op.f("ck_sandbox_payment_refunded_minor")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_sandbox_payment")),
        sa.UniqueConstraint("merchant_key", name=op.f("uq_sandbox_payment_merchant_key")),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_link_person_id"), "sign_in_link", ["person_id"], unique=False)
    op.create_index(op.f("ix_sign_in_link_requested_at"), "sign_in_link", ["requested_at"], unique=False)
    op.create_table(
        "topic",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("names", JSON_, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("slug", name="uq_topic_slug"),
    )
    op.create_table(
        "vault_key",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("owner_id", "version", name=op.f("pk_vault_key")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", JSON_, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_api_token_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_person_id"), "api_token", ["person_id"], unique=False)
    op.create_table(
        "asset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("variants", JSON_, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_asset_size")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_asset_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
    )
    op.create_index("ix_asset_product_id", "asset", ["product_id"], unique=False)
    op.create_index("ix_asset_sha256", "asset", ["sha256"], unique=False)
    op.create_table(
        "bundle_item",
        sa.Column("bundle_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["product.id"], name=op.f("fk_bundle_item_bundle_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_bundle_item_product_id")),
        sa.PrimaryKeyConstraint("bundle_id", "product_id", name=op.f("pk_bundle_item")),
    )
    op.create_index("ix_bundle_item_product_id", "bundle_item", ["product_id"], unique=False)
    op.create_table(
        "credential",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credential_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "entitlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "source_kind IN ('order', 'grant', 'free', 'bundle-part')", name=op.f("ck_entitlement_source_kind")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_entitlement_ended")),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name=op.f("ck_entitlement_period")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_entitlement_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_entitlement_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
        sa.UniqueConstraint(
            "person_id",
            "product_id",
            "source_kind",
            "source_id",
            name=op.f("uq_entitlement_person_id_product_id_source_kind_source_id"),
        ),
    )
    op.create_index("ix_entitlement_product", "entitlement", ["product_id", "person_id"], unique=False)
    op.create_index("ix_entitlement_source", "entitlement", ["source_kind", "source_id"], unique=False)
    op.create_table(
        "feed_token",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_feed_token_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_feed_token_product_id")),
        sa.PrimaryKeyConstraint("person_id", "product_id", name=op.f("pk_feed_token")),
    )
    op.create_index("ix_feed_token_product", "feed_token", ["product_id"], unique=False)
    op.create_index("uq_feed_token_hash", "feed_token", ["token_hash"], unique=True)
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("floor_minor", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("terms", JSON_, nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(model = 'free' AND amount_minor = 0 AND floor_minor IS NULL) OR (model = 'once' AND amount_minor > 0 AND floor_minor IS NULL) OR (model = 'pay_what_you_want' AND floor_minor IS NOT NULL AND floor_minor >= 0 AND amount_minor >= floor_minor)",
            name=op.f("ck_offer_amount"),
        ),
        sa.CheckConstraint("(model IN ('free', 'once', 'pay_what_you_want'))", name=op.f("ck_offer_model")),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_offer_period")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_offer_currency")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_offer_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_product", "offer", ["product_id", "retired_at", "starts_at"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passkey_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_person_id"), "passkey", ["person_id"], unique=False)
    op.create_table(
        "posting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_posting_amount_minor")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_posting_currency")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_posting_entry_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index("ix_posting_account", "posting", ["account", "currency"], unique=False)
    op.create_index("ix_posting_entry", "posting", ["entry_id"], unique=False)
    op.create_table(
        "product_requirement",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("required_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_requirement_product_id")),
        sa.ForeignKeyConstraint(["required_id"], ["product.id"], name=op.f("fk_product_requirement_required_id")),
        sa.PrimaryKeyConstraint("product_id", "required_id", name=op.f("pk_product_requirement")),
    )
    op.create_table(
        "product_topic",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_topic_product_id")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_product_topic_topic_id")),
        sa.PrimaryKeyConstraint("product_id", "topic_id", name=op.f("pk_product_topic")),
    )
    op.create_index("ix_product_topic_topic_id", "product_topic", ["topic_id"], unique=False)
    op.create_table(
        "product_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", JSON_, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_version_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_version")),
        sa.UniqueConstraint("product_id", "number", name="uq_product_version_number"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("person_id", "code_hash", name="uq_recovery_code_person_id_code_hash"),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(op.f("ix_role_grant_person_id"), "role_grant", ["person_id"], unique=False)
    op.create_index(
        "uq_role_grant_live",
        "role_grant",
        ["person_id", "role"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "sales_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy", JSON_, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'expired', 'paid', 'partly_refunded', 'placed', 'refunded'))",
            name=op.f("ck_sales_order_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('placed', 'cancelled', 'expired')) = (paid_at IS NULL)", name=op.f("ck_sales_order_paid")
        ),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_sales_order_currency")),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_sales_order_total_minor")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sales_order_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_order_number")),
    )
    op.create_index("ix_sales_order_newest", "sales_order", ["placed_at", "id"], unique=False)
    op.create_index("ix_sales_order_paid", "sales_order", ["paid_at"], unique=False)
    op.create_index("ix_sales_order_person", "sales_order", ["person_id", "placed_at"], unique=False)
    op.create_index("ix_sales_order_state", "sales_order", ["state", "expires_at"], unique=False)
    op.create_table(
        "sandbox_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reference"], ["sandbox_payment.reference"], name=op.f("fk_sandbox_notice_reference")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_notice")),
    )
    op.create_index("ix_sandbox_notice_reference", "sandbox_notice", ["reference"], unique=False)
    op.create_table(
        "section",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source_key", sa.String(length=300), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_section_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section")),
    )
    op.create_index("ix_section_product_id", "section", ["product_id", "position"], unique=False)
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("factors", JSON_, nullable=False),
        sa.Column("awaits_factor", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_session_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_session_expires_at"), "sign_in_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sign_in_session_person_id"), "sign_in_session", ["person_id"], unique=False)
    op.create_table(
        "totp",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_totp_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_totp")),
    )
    op.create_table(
        "lesson",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("released_after_days", sa.Integer(), nullable=False),
        sa.Column("published_version_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draft_version_id", sa.Uuid(), nullable=True),
        sa.Column("source_key", sa.String(length=300), nullable=True),
        sa.Column("source_hash", sa.String(length=64), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('text', 'video', 'audio', 'file', 'quiz', 'assignment')", name=op.f("ck_lesson_kind")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_lesson_product_id")),
        sa.ForeignKeyConstraint(["section_id"], ["section.id"], name=op.f("fk_lesson_section_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson")),
        sa.UniqueConstraint("product_id", "slug", name="uq_lesson_product_id_slug"),
    )
    op.create_index("ix_lesson_section_id", "lesson", ["section_id", "position"], unique=False)
    op.create_index("ix_lesson_source", "lesson", ["product_id", "source_key"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_order_line_amount_minor")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_order_line_offer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_order_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "product_id", name=op.f("uq_order_line_order_id_product_id")),
    )
    op.create_index("ix_order_line_product", "order_line", ["product_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("provider_reference", sa.String(length=120), nullable=True),
        sa.Column("redirect_url", sa.String(length=500), nullable=True),
        sa.Column("received_minor", sa.BigInteger(), nullable=True),
        sa.Column("received_currency", sa.String(length=3), nullable=True),
        sa.Column("refunding_minor", sa.BigInteger(), nullable=False),
        sa.Column("failure_code", sa.String(length=60), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('failed', 'held', 'partly_refunded', 'pending', 'refunded', 'returned', 'started', 'succeeded', 'surplus', 'unknown'))",
            name=op.f("ck_payment_state"),
        ),
        sa.CheckConstraint(
            "NOT (state IN ('partly_refunded', 'refunded', 'succeeded')) OR coalesce(received_minor, 0) = amount_minor",
            name=op.f("ck_payment_kept"),
        ),
        sa.CheckConstraint("(received_minor IS NULL) = (received_currency IS NULL)", name=op.f("ck_payment_received")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_amount_minor")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_payment_currency")),
        sa.CheckConstraint(
            "refunding_minor >= 0 AND refunding_minor <= coalesce(received_minor, 0)",
            name=op.f("ck_payment_refunding_minor"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_payment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("provider", "provider_reference", name=op.f("uq_payment_provider_provider_reference")),
    )
    op.create_index(
        "ix_payment_ask",
        "payment",
        ["ask_at"],
        unique=False,
        sqlite_where=sa.text("ask_at IS NOT NULL"),
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )
    op.create_index("ix_payment_order", "payment", ["order_id"], unique=False)
    op.create_index(
        "uq_payment_kept",
        "payment",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("(state IN ('partly_refunded', 'refunded', 'succeeded'))"),
        postgresql_where=sa.text("(state IN ('partly_refunded', 'refunded', 'succeeded'))"),
    )
    op.create_table(
        "lesson_progress",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("position", JSON_, nullable=False),
        sa.Column("position_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fraction", sa.Double(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fraction >= 0 AND fraction <= 1", name=op.f("ck_lesson_progress_fraction")),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_lesson_progress_lesson_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lesson_progress_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_lesson_progress_product_id")),
        sa.PrimaryKeyConstraint("person_id", "lesson_id", name=op.f("pk_lesson_progress")),
    )
    op.create_index("ix_lesson_progress_lesson", "lesson_progress", ["lesson_id"], unique=False)
    op.create_index(
        "ix_lesson_progress_product", "lesson_progress", ["product_id", "person_id", "updated_at"], unique=False
    )
    op.create_index("ix_lesson_progress_recent", "lesson_progress", ["person_id", "updated_at"], unique=False)
    op.create_table(
        "lesson_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body_md", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("toc", JSON_, nullable=False),
        sa.Column("questions", JSON_, nullable=False),
        sa.Column("media_asset_id", sa.Uuid(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_lesson_version_lesson_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_version")),
        sa.UniqueConstraint("lesson_id", "number", name="uq_lesson_version_number"),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("anchor", JSON_, nullable=False),
        sa.Column("quote_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('highlight', 'note', 'bookmark')", name=op.f("ck_note_kind")),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_note_lesson_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_note_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_note_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index("ix_note_lesson", "note", ["lesson_id"], unique=False)
    op.create_index("ix_note_person_lesson", "note", ["person_id", "lesson_id"], unique=False)
    op.create_index("ix_note_product", "note", ["product_id"], unique=False)
    op.create_table(
        "quiz_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("max_points", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(submitted_at IS NULL) OR (max_points > 0)", name=op.f("ck_quiz_attempt_graded")),
        sa.CheckConstraint("points >= 0 AND points <= max_points", name=op.f("ck_quiz_attempt_points")),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_quiz_attempt_lesson_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quiz_attempt_person_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_quiz_attempt_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempt")),
    )
    op.create_index("ix_quiz_attempt_lesson", "quiz_attempt", ["lesson_id", "submitted_at"], unique=False)
    op.create_index("ix_quiz_attempt_person_lesson", "quiz_attempt", ["person_id", "lesson_id"], unique=False)
    op.create_index("ix_quiz_attempt_product", "quiz_attempt", ["product_id"], unique=False)
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=True),
        sa.Column("failure_code", sa.String(length=60), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state IN ('failed', 'requested', 'succeeded', 'unknown'))", name=op.f("ck_refund_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_amount_minor")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_refund_currency")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_refund_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    op.create_index("ix_refund_order", "refund", ["order_id"], unique=False)
    op.create_index("ix_refund_payment", "refund", ["payment_id"], unique=False)
    op.create_index("ix_refund_settled", "refund", ["settled_at"], unique=False)
    op.create_table(
        "quiz_answer",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("choices", JSON_, nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_correct", sa.Boolean(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["quiz_attempt.id"], name=op.f("fk_quiz_answer_attempt_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attempt_id", "question_key", name=op.f("pk_quiz_answer")),
    )
    op.create_index("ix_quiz_answer_question", "quiz_answer", ["question_key"], unique=False)
    # ### end Alembic commands ###
    connection = op.get_bind()
    for statement in SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        connection.exec_driver_sql(statement)
    create_search(connection)


def downgrade() -> None:
    drop_search(op.get_bind())
    op.drop_index("ix_quiz_answer_question", table_name="quiz_answer")
    op.drop_table("quiz_answer")
    op.drop_index("ix_refund_settled", table_name="refund")
    op.drop_index("ix_refund_payment", table_name="refund")
    op.drop_index("ix_refund_order", table_name="refund")
    op.drop_table("refund")
    op.drop_index("ix_quiz_attempt_product", table_name="quiz_attempt")
    op.drop_index("ix_quiz_attempt_person_lesson", table_name="quiz_attempt")
    op.drop_index("ix_quiz_attempt_lesson", table_name="quiz_attempt")
    op.drop_table("quiz_attempt")
    op.drop_index("ix_note_product", table_name="note")
    op.drop_index("ix_note_person_lesson", table_name="note")
    op.drop_index("ix_note_lesson", table_name="note")
    op.drop_table("note")
    op.drop_table("lesson_version")
    op.drop_index("ix_lesson_progress_recent", table_name="lesson_progress")
    op.drop_index("ix_lesson_progress_product", table_name="lesson_progress")
    op.drop_index("ix_lesson_progress_lesson", table_name="lesson_progress")
    op.drop_table("lesson_progress")
    op.drop_index(
        "uq_payment_kept",
        table_name="payment",
        sqlite_where=sa.text("(state IN ('partly_refunded', 'refunded', 'succeeded'))"),
        postgresql_where=sa.text("(state IN ('partly_refunded', 'refunded', 'succeeded'))"),
    )
    op.drop_index("ix_payment_order", table_name="payment")
    op.drop_index(
        "ix_payment_ask",
        table_name="payment",
        sqlite_where=sa.text("ask_at IS NOT NULL"),
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )
    op.drop_table("payment")
    op.drop_index("ix_order_line_product", table_name="order_line")
    op.drop_table("order_line")
    op.drop_index("ix_lesson_source", table_name="lesson")
    op.drop_index("ix_lesson_section_id", table_name="lesson")
    op.drop_table("lesson")
    op.drop_table("totp")
    op.drop_index(op.f("ix_sign_in_session_person_id"), table_name="sign_in_session")
    op.drop_index(op.f("ix_sign_in_session_expires_at"), table_name="sign_in_session")
    op.drop_table("sign_in_session")
    op.drop_index("ix_section_product_id", table_name="section")
    op.drop_table("section")
    op.drop_index("ix_sandbox_notice_reference", table_name="sandbox_notice")
    op.drop_table("sandbox_notice")
    op.drop_index("ix_sales_order_state", table_name="sales_order")
    op.drop_index("ix_sales_order_person", table_name="sales_order")
    op.drop_index("ix_sales_order_paid", table_name="sales_order")
    op.drop_index("ix_sales_order_newest", table_name="sales_order")
    op.drop_table("sales_order")
    op.drop_index(
        "uq_role_grant_live",
        table_name="role_grant",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(op.f("ix_role_grant_person_id"), table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_table("recovery_code")
    op.drop_table("product_version")
    op.drop_index("ix_product_topic_topic_id", table_name="product_topic")
    op.drop_table("product_topic")
    op.drop_table("product_requirement")
    op.drop_index("ix_posting_entry", table_name="posting")
    op.drop_index("ix_posting_account", table_name="posting")
    op.drop_table("posting")
    op.drop_index(op.f("ix_passkey_person_id"), table_name="passkey")
    op.drop_table("passkey")
    op.drop_index("ix_offer_product", table_name="offer")
    op.drop_table("offer")
    op.drop_index("uq_feed_token_hash", table_name="feed_token")
    op.drop_index("ix_feed_token_product", table_name="feed_token")
    op.drop_table("feed_token")
    op.drop_index("ix_entitlement_source", table_name="entitlement")
    op.drop_index("ix_entitlement_product", table_name="entitlement")
    op.drop_table("entitlement")
    op.drop_table("credential")
    op.drop_index("ix_bundle_item_product_id", table_name="bundle_item")
    op.drop_table("bundle_item")
    op.drop_index("ix_asset_sha256", table_name="asset")
    op.drop_index("ix_asset_product_id", table_name="asset")
    op.drop_table("asset")
    op.drop_index(op.f("ix_api_token_person_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("vault_key")
    op.drop_table("topic")
    op.drop_index(op.f("ix_sign_in_link_requested_at"), table_name="sign_in_link")
    op.drop_index(op.f("ix_sign_in_link_person_id"), table_name="sign_in_link")
    op.drop_table("sign_in_link")
    op.drop_table("sandbox_payment")
    op.drop_index("ix_product_work_key", table_name="product")
    op.drop_index("ix_product_shelf", table_name="product")
    op.drop_index("ix_product_newest", table_name="product")
    op.drop_table("product")
    op.drop_table("person")
    op.drop_index(op.f("ix_passkey_challenge_expires_at"), table_name="passkey_challenge")
    op.drop_table("passkey_challenge")
    op.drop_index("ix_outbox_event_waiting", table_name="outbox_event")
    op.drop_index("ix_outbox_event_kind", table_name="outbox_event")
    op.drop_table("outbox_event")
    op.drop_index("ix_journal_entry_reference", table_name="journal_entry")
    op.drop_index("ix_journal_entry_at", table_name="journal_entry")
    op.drop_table("journal_entry")
    op.drop_table("job_schedule")
    op.drop_index("ix_job_due", table_name="job")
    op.drop_table("job")
    op.drop_table("inbox_message")
    op.drop_index("ix_idempotency_key_created_at", table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(
        "uq_consent_live",
        table_name="consent",
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_index(op.f("ix_consent_person_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index("ix_behaviour_event_product", table_name="behaviour_event")
    op.drop_index("ix_behaviour_event_day", table_name="behaviour_event")
    op.drop_index("ix_behaviour_event_actor", table_name="behaviour_event")
    op.drop_table("behaviour_event")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_actor_id"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("academy")
    # ### end Alembic commands ###
    if op.get_bind().dialect.name == "postgresql":
        for name in [
            "books_are_append_only",
            "catalog_version_refused",
            "journal_entry_balances",
            "posting_entry_is_open",
            "refuse_audit_change",
        ]:
            op.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
