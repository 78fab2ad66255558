"""Rows of the other side: payments and notices as the sandbox provider knows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base


class SandboxPayment(Base):
    """The other side: a payment as the sandbox provider knows it. Commerce reads it only through the protocol."""

    __tablename__ = "sandbox_payment"
    __table_args__ = (
        UniqueConstraint("merchant_key"),
        CheckConstraint("state IN ('open', 'challenged', 'succeeded', 'failed')", name="state"),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= paid_minor", name="refunded_minor"),
    )

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    merchant_key: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    paid_currency: Mapped[str] = mapped_column(String(3))
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(String(200))
    return_url: Mapped[str] = mapped_column(String(500))
    failure_code: Mapped[str | None] = mapped_column(String(60))
    challenges: Mapped[int]
    refunds: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class SandboxNotice(Base):
    """The other side: a notice that the sandbox owes the academy; delivered `deliveries` times so far."""

    __tablename__ = "sandbox_notice"
    __table_args__ = (Index("ix_sandbox_notice_reference", "reference"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(ForeignKey("sandbox_payment.reference"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    deliveries: Mapped[int]
    created_at: Mapped[datetime]
