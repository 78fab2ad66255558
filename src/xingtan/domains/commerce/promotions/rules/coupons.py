"""What coupons take off, and when they are refused. Pure; counting uses is the database's."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from xingtan.core.money import Money, total, zero

WHOLE_BP = 10_000
_FORM = re.compile(r"[\w-]{3,40}")

Refusal = Literal[
    "unknown", "not_yet", "over", "used_up", "used_by_you", "not_for_this", "too_little", "not_with_others"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon as the rules see it: `share_bp` of the price, or `amounts` per currency; never both.

    `product_ids` and `kinds` (of order lines) say what it is for; empty: anything. `periods`: for how many billing
    periods of a subscription it lasts, None for all.
    """

    id: UUID
    code: str
    share_bp: int | None = None
    amounts: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    product_ids: frozenset[UUID] = frozenset()
    kinds: frozenset[str] = frozenset()
    periods: int | None = 1
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_stackable: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A line that coupons may lower: `left` is its price after whatever came before them."""

    product_id: UUID | None
    kind: str
    left: Money


def coupon_code(text: str) -> str | None:
    """Return the normal form of a coupon's word: NFKC, upper case, no spaces; None when it cannot be one."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    return plain if _FORM.fullmatch(plain) else None


def refusal(coupon: Coupon, items: Sequence[Item], *, at: datetime) -> Refusal | None:
    """Return why the coupon does not lower these items at `at`; None when it does."""
    if coupon.starts_at is not None and at < coupon.starts_at:
        return "not_yet"
    if coupon.ends_at is not None and at >= coupon.ends_at:
        return "over"
    if not any(item.left for item in items if is_for(coupon, item)):
        return "not_for_this"
    currency = items[0].left.currency
    if total([item.left for item in items], currency).minor < coupon.least.get(currency, 0):
        return "too_little"
    return None


def is_for(coupon: Coupon, item: Item) -> bool:
    """Say whether the coupon may lower the item: by product, kind of line, and currency."""
    is_listed = not coupon.product_ids or item.product_id in coupon.product_ids
    is_kind = not coupon.kinds or item.kind in coupon.kinds
    return is_listed and is_kind and (coupon.share_bp is not None or item.left.currency in coupon.amounts)


def go_together(coupons: Sequence[Coupon]) -> bool:
    """Say whether these may be used in one order: one alone may, several only where each says so."""
    return len(coupons) <= 1 or all(coupon.is_stackable for coupon in coupons)


def in_order(coupons: Iterable[Coupon]) -> list[Coupon]:
    """Return the coupons as they are applied: amounts before shares, each by its code."""
    return sorted(coupons, key=lambda coupon: (coupon.share_bp is not None, coupon.code))


def taken_off(coupon: Coupon, items: Sequence[Item]) -> list[Money]:
    """Return what the coupon takes off each item: together exactly its amount or share, never more than is left."""
    nothing = [zero(item.left.currency) for item in items]
    weights = [item.left.minor if is_for(coupon, item) else 0 for item in items]
    if not any(weights):
        return nothing
    base = Money(sum(weights), items[0].left.currency)
    if coupon.share_bp is not None:
        off = base.share(coupon.share_bp)
    else:
        off = Money(coupon.amounts[base.currency], base.currency)
    return min(off, base).split(weights)
