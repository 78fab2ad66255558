"""What lowers the lines of an order: owned parts of a bundle, purchasing power, coupons; and why a coupon does not.

1. The order is fixed (docs/decisions/0010); membership comes after owned parts, from elsewhere. 2. Nothing is written
here: the page asks the same questions as the order does. What is counted is held when the order is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import Sentence, say
from xingtan.core.money import Money, total
from xingtan.domains.commerce.goods import Goods, goods
from xingtan.domains.commerce.models import Coupon, CouponShare, Offer, PurchasingPower, Reservation, SalesOrder
from xingtan.domains.commerce.promotions.queries.coupons import coupon_state, products_of
from xingtan.domains.commerce.promotions.rules import coupons as rules
from xingtan.domains.commerce.promotions.rules.bundles import BundlePart, owned_share
from xingtan.domains.commerce.promotions.use_cases.coupons import LOWERED_KINDS
from xingtan.domains.commerce.reservations import Hold
from xingtan.domains.commerce.rules.quoting import Discount, NewLine, reduced
from xingtan.domains.entitlements import api as entitlements

_LONGEST_LABEL = 120
_LONGEST_CODE = 40
MOST_CODES = 5
"""How many coupons one order takes at most."""

_WHY: Mapping[rules.Refusal, str] = {
    "unknown": say("“%(code)s” is no coupon here.").msgid,
    "not_yet": say("“%(code)s” has not begun yet.").msgid,
    "over": say("“%(code)s” is over.").msgid,
    "used_up": say("Every use of “%(code)s” is taken.").msgid,
    "used_by_you": say("You have used “%(code)s” already.").msgid,
    "not_for_this": say("“%(code)s” is not for what is in this order.").msgid,
    "too_little": say("This order is below the least amount for “%(code)s”.").msgid,
    "not_with_others": say("“%(code)s” does not go together with another coupon.").msgid,
}


@dataclass(frozen=True, slots=True)
class Lowered:
    """Lines with their coupons, what has to be held for them, and of each word that does not count, why not."""

    lines: tuple[NewLine, ...]
    holds: tuple[Hold, ...] = ()
    refused: tuple[tuple[str, Sentence], ...] = ()


def less_owned(
    session: Session, person_id: UUID | None, lines: Sequence[NewLine], *, at: datetime
) -> tuple[NewLine, ...]:
    """Return the lines with bundles lowered by the parts that the person owns for ever."""
    owned = entitlements.owned_for_good(session, person_id, at=at) if person_id else frozenset()
    return tuple(_less_owned(session, line, owned) for line in lines) if owned else tuple(lines)


def _less_owned(session: Session, line: NewLine, owned: frozenset[UUID]) -> NewLine:
    if line.kind != "access" or line.product_id is None:
        return line
    bundle = goods(session, line.product_id)
    mine = [part for part in bundle.parts if part.product_id in owned]
    if not mine:
        return line
    weights = _standing_prices(session, bundle.parts, line.list_price.currency)
    dearest = max(weights.values(), default=0)  # what is sold in the bundle alone weighs as much, until it is owned
    parts = [
        BundlePart(weights.get(part.product_id, 0 if part in mine else dearest), part in mine) for part in bundle.parts
    ]
    titles = ", ".join(part.title for part in mine)
    amount = owned_share(line.reduced, parts)
    lowered = reduced(line, Discount("owned", bundle.product_id, titles[:_LONGEST_LABEL], amount))
    return replace(lowered, facts={**lowered.facts, "owned": [str(part.product_id) for part in mine]})


def _standing_prices(session: Session, parts: Sequence[Goods], currency: str) -> dict[UUID, int]:
    wanted = select(Offer.product_id, Offer.amount_minor).where(
        Offer.product_id.in_([part.product_id for part in parts]), Offer.currency == currency,
        Offer.model.in_(("once", "free")),
        Offer.ends_at.is_(None), Offer.retired_at.is_(None),
    )  # fmt: skip
    rows = session.execute(wanted.order_by(Offer.created_at, Offer.id))
    return {product_id: minor for product_id, minor in rows if product_id is not None}


def less_by_country(session: Session, country: str | None, lines: Sequence[NewLine]) -> tuple[NewLine, ...]:
    """Return the lines lowered by the purchasing power of the country that the buyer named; unchanged for others."""
    row = session.get(PurchasingPower, country) if country else None
    if row is None:
        return tuple(lines)
    return tuple(
        reduced(line, Discount("purchasing_power", None, row.country, line.reduced.share(row.off_bp)))
        if line.kind in LOWERED_KINDS else line
        for line in lines
    )  # fmt: skip


def less_coupons(
    session: Session, person_id: UUID | None, lines: Sequence[NewLine], codes: Sequence[str], *, at: datetime
) -> Lowered:
    """Return the lines lowered by the coupons behind `codes`; of each that does not count, why, in a sentence.

    Of coupons that do not go together the first one given counts. Whether a person has uses left is looked up for a
    known person alone.
    """
    if not codes:
        return Lowered(tuple(lines))
    known = _known(session, codes)
    kept: list[tuple[rules.Coupon, Coupon]] = []
    refused: list[tuple[str, Sentence]] = []
    for typed in dict.fromkeys(codes):
        row = known.get(rules.coupon_code(typed) or "")
        why = _refusal(session, row, person_id, lines, kept=[one for one, _ in kept], at=at)
        if row is None or why is not None:
            refused.append((typed, Sentence(_WHY[why or "unknown"], {"code": typed[:_LONGEST_CODE]})))
        elif all(row.id != other.id for _, other in kept):
            kept.append((_terms(session, row), row))
    lowered = tuple(lines)
    for coupon in rules.in_order(one for one, _ in kept):
        lowered = _lower(lowered, coupon)
    return Lowered(lowered, tuple(_holds([row for _, row in kept], person_id)), tuple(refused))


def _known(session: Session, codes: Sequence[str]) -> dict[str, Coupon]:
    wanted = {code for typed in codes[:MOST_CODES] if (code := rules.coupon_code(typed)) is not None}
    return {row.code: row for row in session.scalars(select(Coupon).where(Coupon.code.in_(wanted)))}


def _terms(session: Session, row: Coupon) -> rules.Coupon:
    return rules.Coupon(
        row.id, row.code, row.share_bp, row.amounts, row.least, frozenset(products_of(session, [row.id])[row.id]),
        frozenset(row.kinds), row.periods, row.starts_at, row.ends_at, row.is_stackable,
    )  # fmt: skip


def _refusal(
    session: Session, row: Coupon | None, person_id: UUID | None, lines: Sequence[NewLine], *,
    kept: Sequence[rules.Coupon], at: datetime,
) -> rules.Refusal | None:  # fmt: skip
    if row is None or coupon_state(row, at=at) in {"ended", "paused"}:
        return "unknown"
    terms = _terms(session, row)
    why = rules.refusal(terms, _items(lines), at=at)
    if why is not None:
        return why
    if not _holds_one(session, row, person_id):
        if row.total is not None and row.taken >= row.total:
            return "used_up"
        if _has_used(session, row, person_id):
            return "used_by_you"
    return None if rules.go_together([*kept, terms]) else "not_with_others"


def _holds_one(session: Session, row: Coupon, person_id: UUID | None) -> bool:
    """Say whether an order of this person's that waits for its money holds a use: two tabs are one buyer."""
    held = select(Reservation.id).join(SalesOrder, SalesOrder.id == Reservation.order_id)
    return person_id is not None and bool(
        session.scalar(
            held.where(
                Reservation.kind == "coupon", Reservation.source_id == row.id, Reservation.state == "held",
                SalesOrder.person_id == person_id,
            ).limit(1)
        )
    )  # fmt: skip


def _has_used(session: Session, row: Coupon, person_id: UUID | None) -> bool:
    if row.per_person is None or person_id is None:
        return False
    taken = select(CouponShare.taken).where(CouponShare.coupon_id == row.id, CouponShare.person_id == person_id)
    return (session.scalar(taken) or 0) >= row.per_person


def _items(lines: Sequence[NewLine]) -> list[rules.Item]:
    nothing = Money(0, lines[0].list_price.currency)
    return [
        rules.Item(line.product_id, line.kind, line.reduced if line.kind in LOWERED_KINDS else nothing)
        for line in lines
    ]  # fmt: skip


def _lower(lines: Sequence[NewLine], coupon: rules.Coupon) -> tuple[NewLine, ...]:
    off = rules.taken_off(coupon, _items(lines))
    lowered = []
    for line, less in zip(lines, off, strict=True):
        changed = reduced(line, Discount("coupon", coupon.id, coupon.code, less))
        if less and line.kind == "subscription":
            changed = replace(changed, facts={**changed.facts, "coupons": [*_coupons(changed), str(coupon.id)]})
        lowered.append(changed)
    return tuple(lowered)


def _coupons(line: NewLine) -> Sequence[str]:
    found: Sequence[str] = line.facts.get("coupons", ())
    return found


def _holds(rows: Sequence[Coupon], person_id: UUID | None) -> list[Hold]:
    holds = [Hold("coupon", row.id) for row in rows]
    limited = [row for row in rows if row.per_person is not None and person_id is not None]
    return holds + [Hold("coupon_share", row.id, person_id) for row in limited]


def less_coupons_again(session: Session, line: NewLine, coupon_ids: Sequence[UUID], *, period: int) -> NewLine:
    """Return a renewal's line lowered by the coupons with which its subscription began, as long as each lasts.

    `period` is the billing period's number, the first paid one being 1. Uses are not counted again, and what has been
    promised holds though the coupon is over by now.
    """
    rows = session.scalars(select(Coupon).where(Coupon.id.in_(coupon_ids))).all()
    lasting = [_terms(session, row) for row in rows if row.periods is None or period <= row.periods]
    lowered: tuple[NewLine, ...] = (line,)
    for coupon in rules.in_order(lasting):
        lowered = _lower(lowered, replace(coupon, least={}))
    return lowered[0]


def taken_off_by(lines: Sequence[NewLine], kind: str) -> Money:
    """Return how much reductions of one kind take off all lines together."""
    currency = lines[0].list_price.currency
    return total([one.amount for line in lines for one in line.discounts if one.kind == kind], currency)
