"""Coupons, redeem codes, gifts, add-ons and purchasing power as programs read and write them."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from xingtan.domains.commerce.promotions import api as promotions
from xingtan.web.api.fields import (
    AddOnId,
    Amount,
    AmountIn,
    At,
    BatchId,
    CouponId,
    Flag,
    GiftId,
    In,
    Instant,
    Line,
    OfferId,
    Out,
    PersonId,
    ProductId,
    ShortText,
    TierId,
    Whole,
)

ShareBp = Annotated[int, Strict(), Field(ge=1, le=promotions.WHOLE_BP)]


class CouponIn(In):
    """A coupon: `share_bp` of the price in basis points, or `amounts`, one for each currency."""

    code: Line
    share_bp: ShareBp | None = None
    amounts: Annotated[tuple[AmountIn, ...], Field(max_length=30)] = ()
    least: Annotated[tuple[AmountIn, ...], Field(max_length=30)] = ()
    products: Annotated[tuple[ProductId, ...], Field(max_length=200)] = ()
    kinds: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    periods: Whole | None = 1
    total: Whole | None = None
    per_person: Whole | None = None
    stackable: Flag = False
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    note: Annotated[str, Field(max_length=200)] = ""

    @property
    def command(self) -> promotions.MakeCoupon:
        """Return the coupon that is asked for."""
        return promotions.MakeCoupon(
            self.code, self.share_bp, {one.currency: one.minor for one in self.amounts},
            {one.currency: one.minor for one in self.least}, self.products, self.kinds, self.periods,
            self.total, self.per_person, self.stackable, self.starts_at, self.ends_at, self.note,
        )  # fmt: skip


class Coupon(Out):
    """A coupon. `taken` counts the uses that orders hold or have used."""

    id: CouponId
    code: str
    note: str
    state: str
    share_bp: int | None
    amounts: list[Amount]
    least: list[Amount]
    products: list[ProductId]
    kinds: list[str]
    periods: int | None
    total: int | None
    taken: int
    per_person: int | None
    stackable: bool
    starts_at: At | None
    ends_at: At | None

    @classmethod
    def of(cls, view: promotions.CouponView) -> "Coupon":
        """Return the coupon as programs read it."""
        return cls(
            id=view.id, code=view.code, note=view.note, state=view.state, share_bp=view.share_bp,
            amounts=[Amount.of(one) for one in view.amounts], least=[Amount.of(one) for one in view.least],
            products=list(view.product_ids), kinds=list(view.kinds), periods=view.periods, total=view.total,
            taken=view.taken, per_person=view.per_person, stackable=view.is_stackable, starts_at=view.starts_at,
            ends_at=view.ends_at,
        )  # fmt: skip


class BatchIn(In):
    """A batch of redeem codes: what each gives (a product, or days of a tier), how many, until when."""

    title: Line
    product: ProductId | None = None
    tier: TierId | None = None
    total: Whole
    days: Whole | None = None
    per_person: Whole = 1
    ends_at: Instant | None = None


class Batch(Out):
    """A batch of redeem codes; its codes themselves are told once, when they are made."""

    id: BatchId
    title: str
    state: str
    product_id: ProductId | None
    tier_id: TierId | None
    days: int | None
    total: int
    taken: int
    per_person: int
    ends_at: At | None
    made_at: At | None

    @classmethod
    def of(cls, view: promotions.BatchView) -> "Batch":
        """Return the batch as programs read it."""
        return cls.model_validate(view, from_attributes=True)


class Codes(Out):
    """The codes of a batch, for this once."""

    codes: list[str]


class RedeemIn(In):
    """A redeem code as it was typed."""

    code: Line


class Redeemed(Out):
    """What a redeem code gave: a product, or a membership."""

    product_id: ProductId | None
    tier_id: TierId | None
    starts_at: At
    until: At | None


class GiftLetterIn(In):
    """For whom (without `email` the giver hands the link over), with which words, and when the letter goes out."""

    email: Line | None = None
    message: ShortText = ""
    send_at: Instant | None = None

    @property
    def letter(self) -> promotions.Letter:
        """Return the letter that is asked for."""
        return promotions.Letter(self.email, self.message, self.send_at)


class GiftIn(GiftLetterIn):
    """A gift to buy."""

    offer: OfferId
    amount: AmountIn | None = None
    codes: Annotated[tuple[Line, ...], Field(max_length=promotions.MOST_CODES)] = ()
    provider: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")] | None = None


class Gift(Out):
    """A gift as its giver sees it; `path` is the link to hand over."""

    id: GiftId
    product_id: ProductId
    order_number: str
    state: str
    path: str
    email: str | None
    message: str
    send_at: At | None
    sent_at: At | None
    ends_at: At | None
    claimed_at: At | None

    @classmethod
    def of(cls, view: promotions.GiftView) -> "Gift":
        """Return the gift as programs read it."""
        return cls(
            id=view.id, product_id=view.product_id, order_number=view.number, state=view.state,
            path=f"/gift/{view.token}", email=view.email, message=view.message, send_at=view.send_at,
            sent_at=view.sent_at, ends_at=view.ends_at, claimed_at=view.claimed_at,
        )  # fmt: skip


class ClaimIn(In):
    """The secret part of a gift's link."""

    token: Line


class Claimed(Out):
    """What was behind the link."""

    product_id: ProductId


class Country(Out):
    """What living in a country takes off every price, in basis points."""

    country: str
    off_bp: int


class CountryIn(In):
    """What living in a country takes off every price, in basis points; 0 takes the country out."""

    off_bp: Whole


class AddOnIn(In):
    """Which product is offered beside which (without `product`: beside any), and where."""

    offered: ProductId
    product: ProductId | None = None
    place: Literal["checkout", "after"]
    note: dict[Literal["zh", "en"], Line] = Field(default_factory=dict, max_length=2)


class AddOn(Out):
    """A product that is offered beside another."""

    id: AddOnId
    offered_id: ProductId
    product_id: ProductId | None
    place: str
    note: dict[str, str]

    @classmethod
    def of(cls, view: promotions.AddOnView) -> "AddOn":
        """Return the add-on as programs read it."""
        return cls.model_validate(view, from_attributes=True)


class AbandonedCheckout(Out):
    """A checkout that somebody left, who agrees to letters."""

    person_id: PersonId
    product_id: ProductId
    amount: Amount
    opened_at: At
    left_at: At

    @classmethod
    def of(cls, view: promotions.AbandonedView) -> "AbandonedCheckout":
        """Return the checkout as programs read it."""
        return cls(
            person_id=view.person_id, product_id=view.product_id, amount=Amount.of(view.amount),
            opened_at=view.opened_at, left_at=view.left_at,
        )  # fmt: skip


class CouponSales(Out):
    """What paid orders with a coupon came to in one currency."""

    orders: int
    taken_off: Amount
    sales: Amount
    returned: Amount

    @classmethod
    def of(cls, view: promotions.CouponFigures) -> "CouponSales":
        """Return the figures as programs read them."""
        return cls(
            orders=view.orders, taken_off=Amount.of(view.taken_off), sales=Amount.of(view.sales),
            returned=Amount.of(view.returned),
        )  # fmt: skip
