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
    Whole,
)
from xingtan.web.translations import in_words

OneTimeKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,80}$",
        description="Made up by the caller for this one purchase: sent again, it gives the same answer, not a second.",
    ),
]
OrderState = Literal["placed", "paid", "cancelled", "expired", "partly_refunded", "refunded", "charged_back"]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
CouponWord = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$")]


class WantedIn(In):
    """What is to be bought. `amount` is the buyer's own where the price is open; `also` are offers taken along.

    `country` is where she says she lives (ISO 3166-1); `group` the word in the link of a group that she joins.
    """

    offer: OfferId
    amount: AmountIn | None = None
    also: Annotated[tuple[OfferId, ...], Field(max_length=10)] = ()
    codes: Annotated[tuple[CouponWord, ...], Field(max_length=5)] = ()
    country: CountryCode | None = None
    group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,24}$")] | None = None


class OrderIn(WantedIn):
    """What is to be bought, `provider`: how it is paid, and `expected`: refused when it comes to another total."""

    provider: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")] | None = None
    expected: AmountIn | None = None


class Reduction(Out):
    """One reason why a line cost less."""

    kind: str
    label: str
    amount: Amount


class OrderLine(Out):
    """One thing of an order, as it was titled and priced then; `tax` is within `amount`, `returned` went back."""

    kind: str
    product_id: ProductId | None
    offer_id: OfferId | None
    title: str
    list_price: Amount
    reductions: list[Reduction]
    tax: Amount
    amount: Amount
    returned: Amount


class QuotedLine(Out):
    """One thing as it would cost now; `tax` is within `amount`."""

    kind: str
    title: str
    list_price: Amount
    reductions: list[Reduction]
    tax: Amount
    amount: Amount


class RefusedCode(Out):
    """A code that does not count, and why not, in the reader's language."""

    code: str
    reason: str


class Bill(Out):
    """What it would cost now: `list_total` less `discount`, and the tax that is added, is `total`."""

    lines: list[QuotedLine]
    list_total: Amount
    discount: Amount
    tax: Amount
    total: Amount
    refused: list[RefusedCode]

    @classmethod
    def of(cls, priced: commerce.Priced, *, language: str) -> "Bill":
        """Return the bill as programs read it."""
        quote = priced.quote
        return cls(
            lines=[
                QuotedLine(
                    kind=one.line.kind, title=one.line.title, list_price=Amount.of(one.line.list_price),
                    reductions=[
                        Reduction(kind=it.kind, label=it.label, amount=Amount.of(it.amount))
                        for it in one.line.discounts
                    ],
                    tax=Amount.of(one.taxed.tax), amount=Amount.of(one.amount),
                )
                for one in quote.lines
            ],
            list_total=Amount.of(quote.list_total), discount=Amount.of(quote.discount), tax=Amount.of(quote.tax),
            total=Amount.of(quote.total),
            refused=[RefusedCode(code=code, reason=in_words(why, language)) for code, why in priced.refused],
        )  # fmt: skip


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
    refund_most_completed_bp: int
    country: str | None
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
                OrderLine(
                    kind=line.kind, product_id=line.product_id, offer_id=line.offer_id, title=line.title,
                    list_price=Amount.of(line.list_price), tax=Amount.of(line.tax), amount=Amount.of(line.amount),
                    returned=Amount.of(line.returned),
                    reductions=[
                        Reduction(kind=one.kind, label=one.label, amount=Amount.of(one.amount))
                        for one in line.discounts
                    ],
                )
                for line in order.lines
            ],
            payments=[_payment(payment) for payment in order.payments],
            refunds=[_refund(refund) for refund in order.refunds], refund_days=order.policy.days,
            refund_most_completed_bp=order.policy.most_completed_bp, country=order.country,
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
    """How much goes back (without `amount`: all that is left), of which line (from 1; none: of all), and why."""

    amount: AmountIn | None = None
    line: Annotated[Whole, Field(ge=1, le=100)] | None = None
    reason: Literal["buyer_asked", "goodwill", "not_delivered", "duplicate", "mismatch"]


class RefundRequested(Out):
    """The refund that is on its way."""

    id: RefundId
