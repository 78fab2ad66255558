"""Orders, payments and refunds as programs read and write them."""

from typing import Annotated, Literal

from fastapi import Header
from pydantic import Field

from xingtan.domains.commerce import api as commerce
from xingtan.web.api.fields import (
    Amount,
    AmountIn,
    At,
    In,
    OfferId,
    OrderId,
    Out,
    PaymentId,
    PersonId,
    ProductId,
    RefundId,
)

OneTimeKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,80}$",
        description="Made up by the caller for this one purchase: sent again, it gives the same answer, not a second.",
    ),
]
OrderState = Literal["placed", "paid", "cancelled", "expired", "partly_refunded", "refunded"]


class OrderIn(In):
    """What is to be bought. `amount` is the buyer's own where the price is open; `provider`: how she pays."""

    offer: OfferId
    amount: AmountIn | None = None
    provider: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")] | None = None


class OrderLine(Out):
    """One product of an order, as it was titled and priced then."""

    product_id: ProductId
    offer_id: OfferId
    title: str
    amount: Amount


class Payment(Out):
    """One try to pay."""

    id: PaymentId
    provider: str
    state: str
    amount: Amount
    received: Amount | None
    refundable: Amount
    created_at: At
    settled_at: At | None


class Refund(Out):
    """Money on its way back, or back already (`succeeded`)."""

    id: RefundId
    payment_id: PaymentId
    state: str
    amount: Amount
    reason: str
    created_at: At
    settled_at: At | None


class Order(Out):
    """An order with everything that belongs to it."""

    id: OrderId
    number: str
    person_id: PersonId
    state: str
    total: Amount
    refunded: Amount
    lines: list[OrderLine]
    payments: list[Payment]
    refunds: list[Refund]
    refund_days: int
    language: str
    placed_at: At
    expires_at: At
    paid_at: At | None

    @classmethod
    def of(cls, order: commerce.OrderView) -> "Order":
        """Return the order as programs read it."""
        return cls(
            id=order.id, number=order.number, person_id=order.person_id, state=order.state,
            total=Amount.of(order.total), refunded=Amount.of(order.refunded),
            lines=[
                OrderLine(product_id=line.product_id, offer_id=line.offer_id, title=line.title,
                          amount=Amount.of(line.amount))
                for line in order.lines
            ],
            payments=[_payment(payment) for payment in order.payments],
            refunds=[_refund(refund) for refund in order.refunds], refund_days=order.policy.days,
            language=order.language, placed_at=order.placed_at, expires_at=order.expires_at, paid_at=order.paid_at,
        )  # fmt: skip


def _payment(payment: commerce.PaymentView) -> Payment:
    return Payment(
        id=payment.id, provider=payment.provider, state=payment.state, amount=Amount.of(payment.amount),
        received=Amount.of_any(payment.received), refundable=Amount.of(payment.refundable),
        created_at=payment.created_at, settled_at=payment.settled_at,
    )  # fmt: skip


def _refund(refund: commerce.RefundView) -> Refund:
    return Refund(
        id=refund.id, payment_id=refund.payment_id, state=refund.state, amount=Amount.of(refund.amount),
        reason=refund.reason, created_at=refund.created_at, settled_at=refund.settled_at,
    )  # fmt: skip


class Placed(Out):
    """An order just placed, and the page on which the buyer pays; null when nothing is left to pay."""

    order: Order
    payment_url: str | None


class OrderSummary(Out):
    """An order as lists show it."""

    id: OrderId
    number: str
    person_id: PersonId
    state: str
    total: Amount
    refunded: Amount
    titles: list[str]
    placed_at: At
    paid_at: At | None
    needs_attention: bool

    @classmethod
    def of(cls, row: commerce.OrderRow) -> "OrderSummary":
        """Return the order as lists show it."""
        return cls(
            id=row.id, number=row.number, person_id=row.person_id, state=row.state, total=Amount.of(row.total),
            refunded=Amount.of(row.refunded), titles=list(row.titles), placed_at=row.placed_at, paid_at=row.paid_at,
            needs_attention=row.needs_attention,
        )  # fmt: skip


class RefundIn(In):
    """How much goes back (without `amount`: all that is left), and why."""

    amount: AmountIn | None = None
    reason: Literal["buyer_asked", "goodwill", "not_delivered", "duplicate", "mismatch"]


class RefundRequested(Out):
    """The refund that is on its way."""

    id: RefundId
