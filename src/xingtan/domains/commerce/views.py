"""What commerce tells: frozen rows, never ORM objects."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from xingtan.core.money import Money


@dataclass(frozen=True, slots=True)
class OfferView:
    """A price of one product. `price` is what it costs, or what is suggested where the buyer decides above `floor`."""

    id: UUID
    product_id: UUID
    model: str  # once, free, pay_what_you_want
    price: Money
    floor: Money | None
    starts_at: datetime
    ends_at: datetime | None
    retired_at: datetime | None
    created_at: datetime

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
    """The refund rule that an order was placed under: all of it back within `days` of paying, for the asking."""

    days: int
    version: int

    def until(self, paid_at: datetime) -> datetime:
        """Return the instant until which (exclusive) the rule holds."""
        return paid_at + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class LineView:
    """One product of an order, as it was titled and priced then."""

    product_id: UUID
    offer_id: UUID
    title: str
    amount: Money


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
    person_id: UUID
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
    def kept_payment(self) -> PaymentView | None:
        """Return the payment whose money paid this order, None while there is none and for a free order."""
        kept = (one for one in self.payments if one.state in {"succeeded", "partly_refunded", "refunded"})
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
    """Which orders a list wants; None: any. `number` is the beginning of an order's number."""

    state: str | None = None
    person_id: UUID | None = None
    product_id: UUID | None = None
    number: str | None = None
    needs_attention: bool = False


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
