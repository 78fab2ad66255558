"""What promotion tells: frozen rows, never ORM objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.commerce.views import OfferView


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon. `state`: live, coming, over, used_up, paused, ended; `taken` counts what orders hold or have used."""

    id: UUID
    code: str
    note: str
    state: str
    share_bp: int | None
    amounts: tuple[Money, ...]
    least: tuple[Money, ...]
    product_ids: tuple[UUID, ...]
    kinds: tuple[str, ...]
    periods: int | None
    total: int | None
    taken: int
    per_person: int | None
    is_stackable: bool
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CouponFigures:
    """What one coupon has done in one currency: paid orders, what it took off, what they came to, what went back."""

    coupon_id: UUID
    orders: int
    taken_off: Money
    sales: Money
    returned: Money

    @property
    def net(self) -> Money:
        """Return what came of its orders less what went back."""
        return self.sales - self.returned


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch of redeem codes. `state`: new (no codes yet), live, paused, over, ended."""

    id: UUID
    title: str
    state: str
    product_id: UUID | None
    tier_id: UUID | None
    days: int | None
    total: int
    taken: int
    per_person: int
    ends_at: datetime | None
    made_at: datetime | None
    created_at: datetime

    @property
    def may_be_made(self) -> bool:
        """Say whether its codes can be made, or made anew."""
        return self.taken == 0 and self.state in {"new", "live", "paused"}


@dataclass(frozen=True, slots=True)
class RedeemedView:
    """What a redeem code gave: a product, or days of a tier; from when until when (None: for ever)."""

    product_id: UUID | None
    tier_id: UUID | None
    starts_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class GiftView:
    """A gift as its giver sees it. `token` is the secret part of its link, `number` its order's."""

    id: UUID
    product_id: UUID
    number: str
    state: str
    token: str
    email: str | None
    message: str
    send_at: datetime | None
    sent_at: datetime | None
    ends_at: datetime | None
    claimed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedGift:
    """A gift as whoever claimed it remembers it."""

    product_id: UUID
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class MyCode:
    """A redeem code that a person has used: what it gave, and for how many days (None: for ever)."""

    product_id: UUID | None
    tier_id: UUID | None
    days: int | None
    redeemed_at: datetime


@dataclass(frozen=True, slots=True)
class OfferedGift:
    """A gift as whoever holds its link sees it. `is_open`: it can be claimed now."""

    product_id: UUID
    giver_id: UUID
    message: str
    ends_at: datetime | None
    claimed_by_id: UUID | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class PurchasingPowerView:
    """What living in a country takes off every price."""

    country: str
    off_bp: int


@dataclass(frozen=True, slots=True)
class AddOnView:
    """A product that is offered beside another (None: beside any), at the `place`: checkout, after."""

    id: UUID
    product_id: UUID | None
    offered_id: UUID
    place: str
    note: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OfferedAddOn:
    """A product that is offered beside another to a buyer, by which price, and why, by language."""

    product_id: UUID
    title: str
    offer: OfferView
    note: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AbandonedView:
    """A checkout that was left. `order_id`: the order that expired, None where none was placed."""

    id: UUID
    person_id: UUID
    product_id: UUID
    order_id: UUID | None
    amount: Money
    opened_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True)
class AbandonedPage:
    """Checkouts that were left, newest first; `next_cursor` continues behind them, None at the end."""

    checkouts: tuple[AbandonedView, ...]
    next_cursor: str | None
