"""Rows of fiscal documents.

1. A document and its lines never change and are never deleted, but for one step: a number is given to a document that
   has none. The database refuses anything else. 2. A number is given once per series and year. 3. net + tax = gross in
   every line and every document. 4. A fact (`entry_key`) has one document of each kind. 5. The buyer is sealed.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base

KINDS = ("receipt", "invoice", "credit_note")
SERIES = {"receipt": "RCP", "invoice": "INV", "credit_note": "CRN"}
BUYER_KINDS = ("person", "company")
SELLER_ID = 1
_WAITING = "number IS NULL"
_ADDS_UP = "net_minor + tax_minor = gross_minor AND net_minor >= 0 AND tax_minor >= 0"


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"({column} IN ({', '.join(repr(word) for word in sorted(words))}))"


class DocumentSeries(Base):
    """The count of a series in a year. Its row is locked by whoever gives the next number."""

    __tablename__ = "document_series"
    __table_args__ = (CheckConstraint("last_number >= 0", name="last_number"),)

    series: Mapped[str] = mapped_column(String(8), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class FiscalDocument(Base):
    """A receipt, an invoice or a credit note. `entry_key` is the key of the entry in the books that it is about.

    `names_id` is the document that it names: the receipt of an invoice, what a credit note corrects. Seller and lines
    are as on the day of issue. `buyer_sealed` is JSON.
    """

    __tablename__ = "fiscal_document"
    __table_args__ = (
        UniqueConstraint("kind", "entry_key"),
        UniqueConstraint("series", "year", "number"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint(_ADDS_UP, name="adds_up"),
        CheckConstraint("(kind = 'receipt') = (names_id IS NULL)", name="names"),
        Index("ix_fiscal_document_order", "order_id"),
        Index("ix_fiscal_document_person", "person_id", "issued_at"),
        Index("ix_fiscal_document_newest", "issued_at", "id"),
        Index("ix_fiscal_document_names", "names_id"),
        Index(
            "ix_fiscal_document_waiting", "issued_at", "id",
            sqlite_where=text(_WAITING), postgresql_where=text(_WAITING),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    series: Mapped[str] = mapped_column(String(8))
    year: Mapped[int]
    number: Mapped[int | None]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    order_number: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    entry_key: Mapped[str] = mapped_column(String(120))
    names_id: Mapped[UUID | None] = mapped_column(ForeignKey("fiscal_document.id"))
    reason: Mapped[str | None] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    gross_minor: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime]
    issued_on: Mapped[date]
    language: Mapped[str] = mapped_column(String(8))
    paid_by: Mapped[str] = mapped_column(String(20))
    seller: Mapped[dict[str, Any]]
    buyer_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class FiscalDocumentLine(Base):
    """One line of a document: what, and how much, with the rate by which it was taxed."""

    __tablename__ = "fiscal_document_line"
    __table_args__ = (
        CheckConstraint(_ADDS_UP, name="adds_up"),
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate_bp"),
        CheckConstraint(_one_of("mode", ("inclusive", "exclusive")), name="mode"),
    )

    document_id: Mapped[UUID] = mapped_column(ForeignKey("fiscal_document.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(200))
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    gross_minor: Mapped[int] = mapped_column(BigInteger)
    rate_bp: Mapped[int]
    mode: Mapped[str] = mapped_column(String(10))


class TaxRate(Base):
    """A rate of tax, where it holds, for what, and when; `country` and `kind` null: any."""

    __tablename__ = "tax_rate"
    __table_args__ = (
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate_bp"),
        CheckConstraint("country IS NULL OR length(country) = 2", name="country"),
        CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    country: Mapped[str | None] = mapped_column(String(2))
    kind: Mapped[str | None] = mapped_column(String(20))
    rate_bp: Mapped[int]
    is_inclusive: Mapped[bool]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class BillingProfile(Base):
    """What a person wants to stand on her invoices: 抬头, 税号, address."""

    __tablename__ = "billing_profile"
    __table_args__ = (
        CheckConstraint(_one_of("kind", BUYER_KINDS), name="kind"),
        CheckConstraint("length(country) = 2", name="country"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    country: Mapped[str] = mapped_column(String(2))
    title_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    tax_number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class SellerProfile(Base):
    """What stands on documents about the academy; there is one row, or none."""

    __tablename__ = "seller_profile"
    __table_args__ = (
        CheckConstraint(f"id = {SELLER_ID}", name="only_one"),
        CheckConstraint("length(country) = 2", name="country"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    country: Mapped[str] = mapped_column(String(2))
    name: Mapped[str] = mapped_column(String(200))
    tax_number: Mapped[str] = mapped_column(String(30))
    address: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(300))
    updated_at: Mapped[datetime]


_FROZEN = [column.name for column in FiscalDocument.__table__.columns if column.name != "number"]
_UNLIKE = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FROZEN)
_NEVER = "a fiscal document never changes"

_SQLITE = (
    f"""CREATE TRIGGER fiscal_document_is_frozen BEFORE UPDATE ON fiscal_document
WHEN OLD.number IS NOT NULL OR NEW.number IS NULL OR {_UNLIKE}
BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END""",
    f"""CREATE TRIGGER fiscal_document_never_deletes BEFORE DELETE ON fiscal_document
BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END""",
    f"""CREATE TRIGGER fiscal_document_line_never_updates BEFORE UPDATE ON fiscal_document_line
BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END""",
    f"""CREATE TRIGGER fiscal_document_line_never_deletes BEFORE DELETE ON fiscal_document_line
BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END""",
)

_POSTGRESQL = (
    f"""CREATE FUNCTION fiscal_document_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{_NEVER}' USING ERRCODE = 'check_violation'; END $$""",
    f"""CREATE FUNCTION fiscal_document_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.number IS NOT NULL OR NEW.number IS NULL OR to_jsonb(NEW) - 'number' <> to_jsonb(OLD) - 'number' THEN
    RAISE EXCEPTION '{_NEVER}' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE TRIGGER fiscal_document_is_frozen BEFORE UPDATE ON fiscal_document
FOR EACH ROW EXECUTE FUNCTION fiscal_document_is_frozen()""",
    """CREATE TRIGGER fiscal_document_never_deletes BEFORE DELETE OR TRUNCATE ON fiscal_document
FOR EACH STATEMENT EXECUTE FUNCTION fiscal_document_never_changes()""",
    """CREATE TRIGGER fiscal_document_line_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON fiscal_document_line
FOR EACH STATEMENT EXECUTE FUNCTION fiscal_document_never_changes()""",
)

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
"""What guards the documents, per dialect, in order; run after both tables are made."""

for _dialect, _statements in TRIGGERS.items():
    for _statement in _statements:
        event.listen(FiscalDocumentLine.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
