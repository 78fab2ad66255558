"""Custom service: a request, its quotes, what was written about it, and what was delivered.

1. What either side writes is sealed for the learner. 2. Quotes are numbered and never change, but for being accepted.
3. A request that is agreed upon names the quote.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import SERVICE_REQUEST
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

_BEFORE_A_QUOTE = ("requested", "declined", "withdrawn")


class ServiceRequest(Base):
    """What a learner wants to have done. `quote_id` is the newest quote's; `deliver_by` that of the accepted one."""

    __tablename__ = "service_request"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(one_of("state", SERVICE_REQUEST.states), name="state"),
        CheckConstraint(f"quote_id IS NOT NULL OR {one_of('state', _BEFORE_A_QUOTE)}", name="quote_id"),
        CheckConstraint(
            "state NOT IN ('delivered', 'disputed', 'accepted') OR delivered_at IS NOT NULL", name="delivered_at"
        ),
        Index("ix_service_request_person", "person_id", "created_at"),
        Index("ix_service_request_state", "state", "updated_at"),
        Index("ix_service_request_product", "product_id"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    state: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    brief_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    quote_id: Mapped[UUID | None]
    deliver_by: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ServiceQuote(Base):
    """What the academy would do, for how much, by when. `balance_due` says whether the rest is paid before delivery."""

    __tablename__ = "service_quote"
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        CheckConstraint("price_minor > 0", name="price_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("deposit_bp > 0 AND deposit_bp <= 10000", name="deposit_bp"),
        CheckConstraint("balance_due IN ('before', 'after')", name="balance_due"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("service_request.id"))
    number: Mapped[int]
    scope_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    deposit_bp: Mapped[int]
    balance_due: Mapped[str] = mapped_column(String(8))
    deliver_by: Mapped[datetime]
    valid_until: Mapped[datetime]
    made_by_id: Mapped[UUID | None]
    made_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]


class ServiceMessage(Base):
    """A few words from one side to the other."""

    __tablename__ = "service_message"
    __table_args__ = (
        CheckConstraint("author IN ('learner', 'academy')", name="author"),
        Index("ix_service_message_request", "request_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("service_request.id"))
    author: Mapped[str] = mapped_column(String(8))
    author_id: Mapped[UUID | None]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class ServiceDelivery(Base):
    """What was delivered: words, and at most one file."""

    __tablename__ = "service_delivery"
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        CheckConstraint("(file_key IS NULL) = (file_name_sealed IS NULL)", name="file"),
        CheckConstraint("(file_key IS NULL) = (file_size IS NULL)", name="file_size"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("service_request.id"))
    number: Mapped[int]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    file_key: Mapped[str | None] = mapped_column(String(120))
    file_name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]
