"""Paid once, kept for ever: a product, and the parts of a bundle."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.commerce.goods import part_ids
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.rules.pricing import price_of
from xingtan.domains.commerce.rules.quoting import NewLine
from xingtan.domains.entitlements import api as entitlements


class Access:
    """A right for ever; its money is earned at once. What is free is given under a name of its own."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """All of it is a sale."""
        return [(books.SALES, paid.net)]

    def unearn(self, _session: Session, _paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:  # noqa: ARG002
        """All of it is a refund."""
        return [(books.REFUNDS, net)]

    def is_wanted(self, session: Session, paid: PaidLine, /, *, at: datetime) -> bool:
        """Nobody pays for what she can use for ever already."""
        product_id = _product(paid)
        owned = entitlements.owned_for_good(session, paid.order.person_id, at=at)
        parts = part_ids(session, (product_id,))
        return not (product_id in owned or (parts and owned.issuperset(parts)))

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Give the product, and what a bundle holds today; not what she owned and did not pay for again."""
        own: entitlements.SourceKind = "order" if paid.order.total_minor else "free"
        owned = paid.line.facts.get("owned", ())
        parts = tuple(part for part in part_ids(session, (_product(paid),)) if str(part) not in owned)
        paid.line.facts = {**paid.line.facts, "parts": [str(part) for part in parts]}
        for ids, kind in (((_product(paid),), own), (parts, "bundle-part")):
            if not ids:
                continue
            given = entitlements.Grant(paid.order.person_id, ids, kind, paid.order.id, Period(clock.now()))  # type: ignore[arg-type]
            entitlements.grant(session, given, clock=clock)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """End the right, and those to the parts."""
        ids = {_product(paid), *(UUID(part) for part in paid.line.facts.get("parts", ()))}
        kinds: tuple[entitlements.SourceKind, ...] = ("order", "free", "bundle-part")
        entitlements.end(session, kinds, paid.order.id, product_ids=ids, reason=reason, clock=clock)


def offered(_session: Session, wish: Wish) -> NewLine:
    """Return the line for an offer that is paid once, free, or priced by the buyer."""
    assert wish.goods is not None  # noqa: S101 - such an offer always names a product
    return NewLine(
        "access", wish.goods.title, price_of(wish.offer, wish.chosen), product_id=wish.goods.product_id,
        offer_id=wish.offer.id,
    )  # fmt: skip


def _product(paid: PaidLine) -> UUID:
    assert paid.line.product_id is not None  # noqa: S101 - as `offered` wrote it
    return paid.line.product_id
