"""Paying per use: credits bought at once, and each use charged.

1. A use of one thing (a lesson, one of its minutes, a question) is charged once per person, until it is given back.
2. No more is taken of a lot than was bought (M6). 3. What is paid for and not used is the lot's `unearned_minor`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

UNITS = ("lesson", "minute", "question")
"""What is counted when one pays per use."""


class CreditLot(Base):
    """`total` uses bought at once, of one product or (null) of any that counts this unit; `taken` of them used.

    `unit_minor` is what one use earns; the last one earns what is left. After `ended_at` nothing can be taken.
    """

    __tablename__ = "credit_lot"
    __table_args__ = (
        UniqueConstraint("line_id"),
        CheckConstraint(one_of("unit", UNITS), name="unit"),
        CheckConstraint("total > 0 AND taken >= 0 AND taken <= total", name="taken"),
        CheckConstraint("unearned_minor >= 0 AND unit_minor >= 0", name="unearned_minor"),
        CheckConstraint("(taken < total AND ended_at IS NULL) OR unearned_minor = 0", name="used_up"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
        Index("ix_credit_lot_person", "person_id", "unit", "created_at"),
        Index("ix_credit_lot_ends_at", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    title: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(10))
    total: Mapped[int]
    taken: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    unit_minor: Mapped[int] = mapped_column(BigInteger)
    unearned_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))


class UseCharge(Base):
    """One use, charged: `subject_id` is the lesson or question, `bucket` the minute of it (0 for the others).

    Paid by a credit (`lot_id`) or from the wallet (`wallet_entry_id`); `amount_minor` is what it cost,
    `tax_minor` the tax within it (credits were taxed when they were bought).
    """

    __tablename__ = "use_charge"
    __table_args__ = (
        CheckConstraint(one_of("unit", UNITS), name="unit"),
        CheckConstraint("bucket >= 0 AND (unit = 'minute' OR bucket = 0)", name="bucket"),
        CheckConstraint("(lot_id IS NULL) <> (wallet_entry_id IS NULL)", name="paid_by"),
        CheckConstraint("amount_minor >= 0 AND tax_minor >= 0 AND tax_minor <= amount_minor", name="amount_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        Index(
            "uq_use_charge_once", "person_id", "unit", "subject_id", "bucket", unique=True,
            sqlite_where=text("reversed_at IS NULL"), postgresql_where=text("reversed_at IS NULL"),
        ),
        Index("ix_use_charge_product", "product_id", "charged_at"),
        Index("ix_use_charge_person", "person_id", "charged_at"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    unit: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[UUID]
    bucket: Mapped[int]
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_lot.id"))
    wallet_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("wallet_entry.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    charged_at: Mapped[datetime]
    reversed_at: Mapped[datetime | None]
