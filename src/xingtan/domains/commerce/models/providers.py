"""Rows of the other sides that live in this house: the sandbox's further books, and bank transfers.

1. Commerce reads them only through the protocol. 2. What is refunded, disputed or still on its way back never exceeds
what came. 3. A transfer is decided once, and a refund by hand is sent once.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base


class SandboxTerms(Base):
    """The other side: what was agreed for a sandbox payment. `refunds`: at_once, or slow: until the tester lets go."""

    __tablename__ = "sandbox_terms"
    __table_args__ = (
        CheckConstraint("fee_minor >= 0", name="fee_minor"),
        CheckConstraint("refunds IN ('at_once', 'slow')", name="refunds"),
    )

    reference: Mapped[str] = mapped_column(ForeignKey("sandbox_payment.reference"), primary_key=True)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    wants_mandate: Mapped[bool]
    mandate: Mapped[str | None] = mapped_column(ForeignKey("sandbox_mandate.reference"))
    refunds: Mapped[str] = mapped_column(String(16))


class SandboxMandate(Base):
    """The other side: a card kept for later charges. It says no `declines_left` times more, then does as it is told."""

    __tablename__ = "sandbox_mandate"
    __table_args__ = (
        CheckConstraint("behaviour IN ('pays', 'expired', 'answers_late')", name="behaviour"),
        CheckConstraint("declines_left >= 0", name="declines_left"),
    )

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    behaviour: Mapped[str] = mapped_column(String(16))
    declines_left: Mapped[int]
    label: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class SandboxSlowRefund(Base):
    """The other side: a refund that is on its way until the tester says how it ends."""

    __tablename__ = "sandbox_slow_refund"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'succeeded', 'failed')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_sandbox_slow_refund_reference", "reference"),
    )

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    reference: Mapped[str] = mapped_column(ForeignKey("sandbox_payment.reference"))
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class SandboxDispute(Base):
    """The other side: the buyer's bank wants the money back."""

    __tablename__ = "sandbox_dispute"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'won', 'lost')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_sandbox_dispute_payment", "payment"),
    )

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    payment: Mapped[str] = mapped_column(ForeignKey("sandbox_payment.reference"))
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class ManualTransfer(Base):
    """A bank transfer that the creator looks for in her account. `purpose` is what the buyer writes into it."""

    __tablename__ = "manual_transfer"
    __table_args__ = (
        UniqueConstraint("payment_id"),
        CheckConstraint("state IN ('open', 'arrived', 'rejected')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("(state = 'arrived') = (received_minor > 0)", name="received_minor"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        Index("ix_manual_transfer_state", "state", "created_at"),
    )

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    payment_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    received_minor: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(String(80))
    return_path: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None]


class ManualRefund(Base):
    """Money that the creator sends back by hand: asked for, then sent or refused."""

    __tablename__ = "manual_refund"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'sent', 'refused')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_manual_refund_reference", "reference"),
        Index("ix_manual_refund_state", "state", "created_at"),
    )

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    reference: Mapped[str] = mapped_column(ForeignKey("manual_transfer.reference"))
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None]
