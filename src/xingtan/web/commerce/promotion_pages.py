"""What the templates of promotion are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.web.commerce.pages import Errors


@dataclass(frozen=True, slots=True)
class CouponsPage:
    """Coupons in the studio, what each has brought in (with the right to numbers), and a form for another."""

    template: ClassVar[str] = "commerce/promotions/coupons.html"
    coupons: Sequence[promotions.CouponView]
    ids: Mapping[UUID, str]
    figures: Mapping[UUID, Sequence[promotions.CouponFigures]]
    products: Sequence[tuple[str, str]]
    titles: Mapping[UUID, str]
    currencies: Sequence[str]
    values: Mapping[str, str]
    chosen: Sequence[str] = ()
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchesPage:
    """Batches of redeem codes in the studio, and the form for another."""

    template: ClassVar[str] = "commerce/promotions/batches.html"
    batches: Sequence[promotions.BatchView]
    ids: Mapping[UUID, str]
    gives: Sequence[tuple[str, str]]
    titles: Mapping[UUID | None, str]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One batch of redeem codes."""

    template: ClassVar[str] = "commerce/promotions/batch.html"
    batch: promotions.BatchView
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class BesidePage:
    """Add-ons and purchasing power in the studio, with their forms."""

    template: ClassVar[str] = "commerce/promotions/beside.html"
    add_ons: Sequence[promotions.AddOnView]
    ids: Mapping[UUID, str]
    countries: Sequence[promotions.PurchasingPowerView]
    products: Sequence[tuple[str, str]]
    titles: Mapping[UUID, str]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftPage:
    """Checkouts that were left, and how many gifts are in which state, in the studio."""

    template: ClassVar[str] = "commerce/promotions/left.html"
    checkouts: Sequence[promotions.AbandonedView]
    names: Mapping[UUID, str]
    titles: Mapping[UUID, str]
    gifts: Mapping[str, int]
    older: str | None


@dataclass(frozen=True, slots=True)
class RedeemPage:
    """Where a code is typed; `given`: what it gave, at `path`; `until`: for how long (None: for ever)."""

    template: ClassVar[str] = "commerce/promotions/redeem.html"
    code: str = ""
    given: str = ""
    path: str = ""
    starts_at: datetime | None = None
    until: datetime | None = None
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GivePage:
    """A product as a gift: its price, the letter, how to pay."""

    template: ClassVar[str] = "commerce/promotions/give.html"
    product: catalog.ProductCard
    offer: commerce.OfferView
    offer_public_id: str
    providers: Sequence[str]
    key: str
    days: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MyGiftsPage:
    """The gifts that the reader has paid for, with their links. `open_id`: the one whose form has faults."""

    template: ClassVar[str] = "commerce/promotions/my_gifts.html"
    gifts: Sequence[promotions.GiftView]
    ids: Mapping[UUID, str]
    titles: Mapping[UUID, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """A gift, for whoever holds its link. `giver` is empty when the giver's account is closed."""

    template: ClassVar[str] = "commerce/promotions/claim.html"
    gift: promotions.OfferedGift
    product: catalog.ProductCard
    giver: str
    token: str
    is_mine: bool
    errors: Errors = field(default_factory=dict)
