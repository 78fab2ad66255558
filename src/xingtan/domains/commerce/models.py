"""Rows of commerce.

1. A price never changes: a new price is a new offer, and an order line keeps the offer it was bought by.
2. Amounts are minor units with their currency; an order, its lines and its wanted payment share one currency.
3. At most one payment of an order is kept (`uq_payment_kept`): M7 as a constraint.
4. What is being given back never exceeds what came (`refunding_minor <= received_minor`): M5 as a constraint.
5. A provider's reference belongs to one payment. 6. A one-time key belongs to one request of one principal.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import KEPT, ORDER, PAYMENT, REFUND
from xingtan.infra.db import Base

OFFER_MODELS = ("once", "free", "pay_what_you_want")

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ()}
"""Commerce keeps its promises by constraints alone."""


def _one_of(column: str, words: tuple[str, ...] | frozenset[str]) -> str:
    return f"({column} IN ({', '.join(repr(word) for word in sorted(words))}))"


class Offer(Base):
    """A price at which a product can be had, from `starts_at` until `ends_at` (exclusive) or until it is retired.

    `amount_minor` is the price (`once`), nothing (`free`), or the amount suggested (`pay_what_you_want`, with
    `floor_minor` as the least). `terms` holds what other models need: periods, trials, seats.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint(_one_of("model", OFFER_MODELS), name="model"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint(
            "(model = 'free' AND amount_minor = 0 AND floor_minor IS NULL)"
            " OR (model = 'once' AND amount_minor > 0 AND floor_minor IS NULL)"
            " OR (model = 'pay_what_you_want' AND floor_minor IS NOT NULL AND floor_minor >= 0"
            " AND amount_minor >= floor_minor)",
            name="amount",
        ),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="period"),
        Index("ix_offer_product", "product_id", "retired_at", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    model: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    floor_minor: Mapped[int | None] = mapped_column(BigInteger)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    terms: Mapped[dict[str, Any]]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class SalesOrder(Base):
    """What one person wants to buy at once. `number` is for people and tells nothing about how many there are."""

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(_one_of("state", ORDER.states), name="state"),
        CheckConstraint("total_minor >= 0", name="total_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(state IN ('placed', 'cancelled', 'expired')) = (paid_at IS NULL)", name="paid"),
        Index("ix_sales_order_person", "person_id", "placed_at"),
        Index("ix_sales_order_newest", "placed_at", "id"),
        Index("ix_sales_order_state", "state", "expires_at"),
        Index("ix_sales_order_paid", "paid_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    placed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    policy: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(8))


class OrderLine(Base):
    """One product of an order, titled and priced as on the day of ordering."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "product_id"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        Index("ix_order_line_product", "product_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class Payment(Base):
    """One try to pay an order at one provider. `ask_at` is when the provider is asked again, null when all is known."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(_one_of("state", PAYMENT.states), name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(received_minor IS NULL) = (received_currency IS NULL)", name="received"),
        CheckConstraint(
            "refunding_minor >= 0 AND refunding_minor <= coalesce(received_minor, 0)", name="refunding_minor"
        ),
        CheckConstraint(f"NOT {_one_of('state', KEPT)} OR coalesce(received_minor, 0) = amount_minor", name="kept"),
        UniqueConstraint("provider", "provider_reference"),
        Index(
            "uq_payment_kept", "order_id", unique=True,
            sqlite_where=text(_one_of("state", KEPT)), postgresql_where=text(_one_of("state", KEPT)),
        ),
        Index("ix_payment_order", "order_id"),
        Index(
            "ix_payment_ask", "ask_at",
            sqlite_where=text("ask_at IS NOT NULL"), postgresql_where=text("ask_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    provider: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    provider_reference: Mapped[str | None] = mapped_column(String(120))
    redirect_url: Mapped[str | None] = mapped_column(String(500))
    received_minor: Mapped[int | None] = mapped_column(BigInteger)
    received_currency: Mapped[str | None] = mapped_column(String(3))
    refunding_minor: Mapped[int] = mapped_column(BigInteger)
    failure_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]


class Refund(Base):
    """Money on its way back to the buyer. The provider is asked by a job, under a key that derives from `id`."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint(_one_of("state", REFUND.states), name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        Index("ix_refund_payment", "payment_id"),
        Index("ix_refund_order", "order_id"),
        Index("ix_refund_settled", "settled_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(20))
    requested_by_id: Mapped[UUID | None]
    failure_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """A one-time key: who used it, a hash of what was asked, and what came of it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_created_at", "created_at"),)

    principal: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


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
