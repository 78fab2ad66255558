"""What commerce tells: frozen rows, never ORM objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from xingtan.core.money import Money, total


@dataclass(frozen=True, slots=True)
class OfferView:
    """A price of a product, a tier, or (neither) a pack.

    `price` is what it costs, or what is suggested where the buyer decides above `floor`.
    """

    id: UUID
    product_id: UUID | None
    model: str
    price: Money
    floor: Money | None
    starts_at: datetime
    ends_at: datetime | None
    retired_at: datetime | None
    created_at: datetime
    tier_id: UUID | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
    stock_total: int | None = None
    stock_taken: int = 0

    @property
    def is_limited(self) -> bool:
        """Say whether only so many can be had at this price."""
        return self.stock_total is not None

    @property
    def stock_left(self) -> int | None:
        """Return how many can still be had at this price; None: any number."""
        return None if self.stock_total is None else self.stock_total - self.stock_taken

    @property
    def is_free(self) -> bool:
        """Say whether nothing is to be paid."""
        return self.model == "free"

    @property
    def is_open_priced(self) -> bool:
        """Say whether the buyer decides how much."""
        return self.model == "pay_what_you_want"

    def is_live(self, at: datetime) -> bool:
        """Say whether it can be bought by at the instant `at`."""
        is_current = self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
        return is_current and (self.retired_at is None or at < self.retired_at)


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """The refund rule that an order was placed under: all of it back within `days` of paying, for the asking.

    `most_completed_bp`: only while at most so much of it has been learned, in basis points.
    """

    days: int
    version: int
    most_completed_bp: int = 10_000

    def as_row(self) -> dict[str, int]:
        """Return the rule as it is stored with an order."""
        return {"days": self.days, "version": self.version, "most_completed_bp": self.most_completed_bp}

    def until(self, paid_at: datetime) -> datetime:
        """Return the instant until which (exclusive) the rule holds."""
        return paid_at + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class DiscountView:
    """One reason why a line cost less."""

    kind: str
    source_id: UUID | None
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class LineView:
    """One thing of an order, as it was titled and priced then; `tax` is within `amount`, `returned` went back."""

    id: UUID
    kind: str
    product_id: UUID | None
    offer_id: UUID | None
    subject_id: UUID | None
    title: str
    amount: Money
    list_price: Money
    discounts: tuple[DiscountView, ...]
    tax: Money
    tax_bp: int
    returned: Money
    facts: Mapping[str, Any]

    @property
    def is_tax_added(self) -> bool:
        """Say whether the tax was added to the price, and not contained in it."""
        return self.amount > self.list_price - total([one.amount for one in self.discounts], self.list_price.currency)


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One try to pay. `received` is what came (None: nothing yet); `refundable` is what may still go back."""

    id: UUID
    provider: str
    state: str
    amount: Money
    received: Money | None
    refundable: Money
    reference: str | None
    redirect_url: str | None
    qr: str | None
    fee: Money
    disputed: Money
    failure_code: str | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money on its way back, or back already (`succeeded`)."""

    id: UUID
    payment_id: UUID
    state: str
    amount: Money
    reason: str
    failure_code: str | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with everything that belongs to it."""

    id: UUID
    number: str
    kind: str
    person_id: UUID
    country: str | None
    state: str
    total: Money
    refunded: Money
    lines: tuple[LineView, ...]
    payments: tuple[PaymentView, ...]
    refunds: tuple[RefundView, ...]
    policy: RefundPolicy
    language: str
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None

    @property
    def product_ids(self) -> tuple[UUID, ...]:
        """Return the products of the lines that are about one."""
        return tuple(line.product_id for line in self.lines if line.product_id is not None)

    @property
    def kept_payment(self) -> PaymentView | None:
        """Return the payment whose money paid this order, None while there is none and for a free order."""
        kept = (
            one for one in self.payments if one.state in {"succeeded", "partly_refunded", "refunded", "charged_back"}
        )
        return next(kept, None)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as lists show it."""

    id: UUID
    number: str
    person_id: UUID
    state: str
    total: Money
    refunded: Money
    titles: tuple[str, ...]
    placed_at: datetime
    paid_at: datetime | None
    needs_attention: bool


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders, newest first; `next_cursor` continues behind them, None at the end."""

    orders: tuple[OrderRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a list wants; None: any. `line_kind`: with such a line; `placed_until` is exclusive."""

    state: str | None = None
    person_id: UUID | None = None
    product_id: UUID | None = None
    number: str | None = None
    needs_attention: bool = False
    line_kind: str | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DaySales:
    """One day in the academy's zone and one currency: what was paid on it, and what went back on it."""

    day: date
    orders: int
    gross: Money
    refunded: Money

    @property
    def net(self) -> Money:
        """Return what was paid less what went back."""
        return self.gross - self.refunded


@dataclass(frozen=True, slots=True)
class SalesSummary:
    """A period's sums in one currency. `buyers` counts people, `free_orders` those that cost nothing."""

    currency: str
    orders: int
    free_orders: int
    buyers: int
    gross: Money
    refunded: Money
    refunds: int

    @property
    def net(self) -> Money:
        """Return what was paid less what went back."""
        return self.gross - self.refunded
