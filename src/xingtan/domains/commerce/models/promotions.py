"""Rows of promotion.

1. A coupon's uses and a person's share of them are counted in rows: `taken <= total`, a constraint (M12).
2. Of a redeem code the hash alone is kept. 3. A code and a gift are claimed by one person at most (E5).
4. Columns ending in `_sealed` hold vault ciphertext of the giver.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import GIFT, REDEEM_CODE
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

COUNTED = "taken >= 0 AND (total IS NULL OR (total > 0 AND taken <= total))"


class Coupon(Base):
    """A word that lowers a price: by `share_bp`, or by `amounts` (currency → minor units).

    `least` is the least order amount by currency; `kinds` are the kinds of line that it is for (empty: any); `periods`
    for how many billing periods it lasts (null: all). `per_person` limits each person's uses, `total` everybody's.
    """

    __tablename__ = "coupon"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("share_bp IS NULL OR (share_bp > 0 AND share_bp <= 10000)", name="share_bp"),
        CheckConstraint("periods IS NULL OR periods > 0", name="periods"),
        CheckConstraint("per_person IS NULL OR per_person > 0", name="per_person"),
        CheckConstraint("ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name="period"),
        CheckConstraint(COUNTED, name="counted"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200))
    share_bp: Mapped[int | None]
    amounts: Mapped[dict[str, Any]]
    least: Mapped[dict[str, Any]]
    kinds: Mapped[list[Any]]
    periods: Mapped[int | None]
    total: Mapped[int | None]
    taken: Mapped[int]
    per_person: Mapped[int | None]
    is_stackable: Mapped[bool]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class CouponProduct(Base):
    """A product that a coupon is for; a coupon without such rows is for all."""

    __tablename__ = "coupon_product"

    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupon.id"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)


class CouponShare(Base):
    """How often one person has taken a coupon that limits each person."""

    __tablename__ = "coupon_share"
    __table_args__ = (UniqueConstraint("coupon_id", "person_id"), CheckConstraint(COUNTED, name="counted"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupon.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    total: Mapped[int | None]
    taken: Mapped[int]


class CodeBatch(Base):
    """A number of redeem codes of one kind: a product, or a membership tier, for `days` (null: for ever).

    `taken` counts the redeemed ones.
    """

    __tablename__ = "code_batch"
    __table_args__ = (
        CheckConstraint("total > 0 AND total <= 10000 AND taken >= 0 AND taken <= total", name="counted"),
        CheckConstraint("days IS NULL OR days > 0", name="days"),
        CheckConstraint("(product_id IS NULL) <> (tier_id IS NULL)", name="gives"),
        CheckConstraint("tier_id IS NULL OR days IS NOT NULL", name="tier_days"),
        CheckConstraint("per_person > 0", name="per_person"),
        CheckConstraint("ends_at IS NULL OR ends_at > created_at", name="period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    tier_id: Mapped[UUID | None]
    days: Mapped[int | None]
    total: Mapped[int]
    taken: Mapped[int]
    per_person: Mapped[int]
    ends_at: Mapped[datetime | None]
    made_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class RedeemCode(Base):
    """One code of a batch. Its letters are in the file that was handed over, and nowhere here."""

    __tablename__ = "redeem_code"
    __table_args__ = (
        UniqueConstraint("code_hash"),
        CheckConstraint(one_of("state", REDEEM_CODE.states), name="state"),
        CheckConstraint(
            "(state = 'redeemed') = (redeemed_at IS NOT NULL) AND (state = 'redeemed') = (person_id IS NOT NULL)",
            name="redeemed",
        ),
        Index("ix_redeem_code_batch", "batch_id", "state"),
        Index("ix_redeem_code_person", "person_id", "batch_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("code_batch.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    state: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    redeemed_at: Mapped[datetime | None]


class Gift(Base):
    """A product that somebody has bought, or is about to buy, for somebody else.

    The link's token is kept as a hash to find it by, and sealed for the giver to hand it over. `send_at`: when the
    letter goes out, null without an address or once it is sent. `ends_at`: until when it can be claimed, null for ever.
    """

    __tablename__ = "gift"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint(one_of("state", GIFT.states), name="state"),
        CheckConstraint("(claimed_by_id IS NULL) = (claimed_at IS NULL)", name="claimed"),
        CheckConstraint("state <> 'claimed' OR claimed_by_id IS NOT NULL", name="claimed_by"),
        CheckConstraint("email_sealed IS NOT NULL OR send_at IS NULL", name="letter"),
        Index("ix_gift_giver", "giver_id", "created_at"),
        Index("ix_gift_claimed_by", "claimed_by_id"),
        Index("ix_gift_send", "send_at"),
        Index("ix_gift_state", "state", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    giver_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_order.id"))
    state: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    message_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(8))
    send_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    claimed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PurchasingPower(Base):
    """What living in a country takes off every price."""

    __tablename__ = "purchasing_power"
    __table_args__ = (
        CheckConstraint("length(country) = 2", name="country"),
        CheckConstraint("off_bp > 0 AND off_bp <= 9000", name="off_bp"),
    )

    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    off_bp: Mapped[int]
    changed_at: Mapped[datetime]


class AddOn(Base):
    """A price that is shown beside a product (`product_id` null: beside any): at the checkout, or after paying."""

    __tablename__ = "add_on"
    __table_args__ = (
        CheckConstraint("place IN ('checkout', 'after')", name="place"),
        Index("ix_add_on_product", "product_id", "place"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    offered_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    place: Mapped[str] = mapped_column(String(16))
    note: Mapped[dict[str, Any]]
    position: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AbandonedCheckout(Base):
    """A checkout that somebody left, who agrees to letters. `left_at` null: it may still be open.

    `order_id` is the order that expired, null where none was placed.
    """

    __tablename__ = "abandoned_checkout"
    __table_args__ = (
        UniqueConstraint("person_id", "product_id"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        Index("ix_abandoned_checkout_opened", "opened_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_order.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    opened_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
