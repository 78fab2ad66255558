"""Orders, and the money that pays them.

1. Amounts are minor units with their currency; an order, its lines and its wanted payment share one currency.
2. A line costs its list price less its reductions (each a row), and the tax where that is added: a constraint.
3. At most one payment of an order is kept (`uq_payment_kept`): M7 as a constraint.
4. What goes back or is disputed never exceeds what came: M5 as a constraint.
5. A provider's reference belongs to one payment. 6. A one-time key belongs to one request of one principal.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import DISPUTE, KEPT, ORDER, PAYMENT, REFUND
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

ORDER_KINDS = ("checkout", "renewal", "change", "service")
"""What placed an order: a buyer at the checkout, a billing period, a change of plan, an accepted quote."""

LINE_KINDS = ("access", "rental", "subscription", "instalment", "top_up", "credits", "gift", "group", "service")
"""What a line brings about; one object for each in `commerce.lines`."""

DISCOUNT_KINDS = ("owned", "member", "purchasing_power", "coupon", "intro", "proration", "referral", "save", "trial")
"""Why a line costs less than its list price, in the order in which reductions are taken."""


class SalesOrder(Base):
    """What one person wants to buy at once. `number` is for people and tells nothing about how many there are.

    `country` is where the buyer says she lives (ISO 3166-1 alpha-2), for tax and purchasing power; null: not asked.
    """

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(one_of("state", ORDER.states), name="state"),
        CheckConstraint("total_minor >= 0", name="total_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(state IN ('placed', 'cancelled', 'expired')) = (paid_at IS NULL)", name="paid"),
        CheckConstraint(one_of("kind", ORDER_KINDS), name="kind"),
        Index("ix_sales_order_person", "person_id", "placed_at"),
        Index("ix_sales_order_newest", "placed_at", "id"),
        Index("ix_sales_order_state", "state", "expires_at"),
        Index("ix_sales_order_paid", "paid_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    placed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    policy: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(8))
    country: Mapped[str | None] = mapped_column(String(2))


class OrderLine(Base):
    """One thing of an order, titled and priced as on the day of ordering.

    `amount_minor` is what is paid for it: `list_minor` less `discount_minor`, and `tax_minor` where `tax_is_added`;
    `tax_minor` is the tax within `amount_minor` either way. `subject_id` is what it is about besides the product: a
    subscription, a group, a wallet, a quote. `facts` hold what its kind needs, e.g. for how many days.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint(one_of("kind", LINE_KINDS), name="kind"),
        CheckConstraint("amount_minor >= 0 AND list_minor >= 0", name="amount_minor"),
        CheckConstraint("discount_minor >= 0 AND discount_minor <= list_minor", name="discount_minor"),
        CheckConstraint("tax_minor >= 0 AND tax_minor <= amount_minor AND tax_bp >= 0", name="tax_minor"),
        CheckConstraint(
            "amount_minor = list_minor - discount_minor + CASE WHEN tax_is_added THEN tax_minor ELSE 0 END",
            name="adds_up",
        ),
        CheckConstraint("returned_minor >= 0 AND returned_minor <= amount_minor", name="returned_minor"),
        CheckConstraint("returned_tax_minor >= 0 AND returned_tax_minor <= tax_minor", name="returned_tax_minor"),
        Index("ix_order_line_product", "product_id"),
        Index("ix_order_line_subject", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"))
    subject_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(200))
    list_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_bp: Mapped[int]
    tax_is_added: Mapped[bool]
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    returned_minor: Mapped[int] = mapped_column(BigInteger)
    returned_tax_minor: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[dict[str, Any]]


class OrderDiscount(Base):
    """One reason why a line costs less: what kind, by which coupon, tier or rule, and how much."""

    __tablename__ = "order_discount"
    __table_args__ = (
        CheckConstraint(one_of("kind", DISCOUNT_KINDS), name="kind"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_order_discount_line", "line_id"),
        Index("ix_order_discount_source", "source_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    kind: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[UUID | None]
    label: Mapped[str] = mapped_column(String(120))
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class Reservation(Base):
    """Something scarce that an order holds, has used, or has released again."""

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "source_id"),
        CheckConstraint("state IN ('held', 'used', 'released')", name="state"),
        Index("ix_reservation_source", "kind", "source_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    kind: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(16))


class Deferral(Base):
    """What a paid line earns over time, from `starts_at` until `ends_at` (exclusive).

    `earned_minor` has been posted as income so far; `returned_minor` went back before it was earned. Once `closed_at`
    is set nothing more is earned.
    """

    __tablename__ = "deferral"
    __table_args__ = (
        UniqueConstraint("line_id"),
        CheckConstraint("total_minor > 0 AND earned_minor >= 0 AND returned_minor >= 0", name="amounts"),
        CheckConstraint("earned_minor + returned_minor <= total_minor", name="conserved"),
        CheckConstraint("closed_at IS NULL OR earned_minor + returned_minor = total_minor", name="closed"),
        CheckConstraint("ends_at > starts_at", name="period"),
        Index(
            "ix_deferral_open", "starts_at",
            sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    earned_minor: Mapped[int] = mapped_column(BigInteger)
    returned_minor: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Payment(Base):
    """One try to pay an order at one provider. `ask_at` is when the provider is asked again, null when all is known."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(one_of("state", PAYMENT.states), name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(received_minor IS NULL) = (received_currency IS NULL)", name="received"),
        CheckConstraint(
            "refunding_minor >= 0 AND disputed_minor >= 0"
            " AND refunding_minor + disputed_minor <= coalesce(received_minor, 0)",
            name="refunding_minor",
        ),
        CheckConstraint("fee_minor >= 0 AND fee_minor <= coalesce(received_minor, 0)", name="fee_minor"),
        CheckConstraint(f"NOT {one_of('state', KEPT)} OR coalesce(received_minor, 0) = amount_minor", name="kept"),
        UniqueConstraint("provider", "provider_reference"),
        Index(
            "uq_payment_kept", "order_id", unique=True,
            sqlite_where=text(one_of("state", KEPT)), postgresql_where=text(one_of("state", KEPT)),
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
    redirect_url: Mapped[str | None] = mapped_column(String(2000))
    qr: Mapped[str | None] = mapped_column(String(2000))
    method_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_method.id"))
    wants_mandate: Mapped[bool]
    received_minor: Mapped[int | None] = mapped_column(BigInteger)
    received_currency: Mapped[str | None] = mapped_column(String(3))
    refunding_minor: Mapped[int] = mapped_column(BigInteger)
    disputed_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    failure_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]


class PaymentMethod(Base):
    """A buyer's word that she may be charged again: the provider's reference, and a label such as ``•••• 4242``."""

    __tablename__ = "payment_method"
    __table_args__ = (
        UniqueConstraint("provider", "reference"),
        Index("ix_payment_method_person", "person_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    provider: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(120))
    label: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Dispute(Base):
    """Money that the buyer's bank took away until it is decided whose it is."""

    __tablename__ = "dispute"
    __table_args__ = (
        UniqueConstraint("payment_id", "provider_reference"),
        CheckConstraint(one_of("state", DISPUTE.states), name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_dispute_state", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    provider_reference: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Refund(Base):
    """Money on its way back to the buyer, of the line `line_id` or (null) of all in proportion.

    The provider is asked by a job, under a key that derives from `id`.
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint(one_of("state", REFUND.states), name="state"),
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
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_line.id"))
    requested_by_id: Mapped[UUID | None]
    failure_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class RefundLine(Base):
    """Which part of a settled refund or lost dispute belongs to which line; `tax_minor` is within `amount_minor`."""

    __tablename__ = "refund_line"
    __table_args__ = (
        CheckConstraint("amount_minor > 0 AND tax_minor >= 0 AND tax_minor <= amount_minor", name="amounts"),
        CheckConstraint("(refund_id IS NULL) <> (dispute_id IS NULL)", name="one_reason"),
        UniqueConstraint("refund_id", "line_id"),
        UniqueConstraint("dispute_id", "line_id"),
        Index("ix_refund_line_line", "line_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"))
    dispute_id: Mapped[UUID | None] = mapped_column(ForeignKey("dispute.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)


class IdempotencyKey(Base):
    """A one-time key: who used it, a hash of what was asked, and what came of it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_created_at", "created_at"),)

    principal: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
