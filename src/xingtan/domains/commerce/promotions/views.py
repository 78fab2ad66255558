"""What promotion tells: frozen rows, never ORM objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.money import Money


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
    """What a redeem code gave: a product, from when until when (None: for ever)."""

    product_id: UUID
    starts_at: datetime
    until: datetime | None


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
class AbandonedView:
    """A checkout that was left. `order_id`: the order that expired, None where none was placed."""

    id: UUID
    person_id: UUID
    product_id: UUID
    order_id: UUID | None
    amount: Money
    opened_at: datetime
    left_at: datetime
