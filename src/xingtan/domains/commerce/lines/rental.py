"""Access for a number of days, from the day of paying."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.commerce import deferrals
from xingtan.domains.commerce.goods import part_ids
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.rules.quoting import NewLine
from xingtan.domains.entitlements import api as entitlements


class Rental:
    """A right until a day; its money is earned day by day until then. Renting again adds its days to the rest."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """Nothing is earned yet."""
        return [(books.DEFERRED, paid.net)]

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:
        """What is not earned goes back first."""
        return deferrals.take_back(session, paid.line.id, net, at=clock.now())

    def is_wanted(self, session: Session, paid: PaidLine, /, *, at: datetime) -> bool:
        """Nobody rents what she can use for ever already."""
        return paid.line.product_id not in entitlements.owned_for_good(session, paid.order.person_id, at=at)

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Give the product for the days that were paid, after those that another rental still gives."""
        assert paid.line.product_id is not None  # noqa: S101 - as `offered` wrote it
        holds = _holds(session, paid, at=clock.now())
        parts = part_ids(session, (paid.line.product_id,))
        given = entitlements.Grant(
            paid.order.person_id, (paid.line.product_id, *parts), "rental", paid.line.id, holds
        )  # fmt: skip
        entitlements.grant(session, given, clock=clock)
        deferrals.defer(session, paid.line, paid.net, holds)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """End the right."""
        entitlements.end(session, ("rental",), paid.line.id, reason=reason, clock=clock)


def _holds(session: Session, paid: PaidLine, *, at: datetime) -> Period:
    assert paid.line.product_id is not None  # noqa: S101 - as `offered` wrote it
    ends = entitlements.last_end(session, paid.order.person_id, paid.line.product_id, source_kind="rental", at=at)
    starts_at = max(ends or at, at)
    return Period(starts_at, starts_at + timedelta(days=int(paid.line.facts["days"])))


def offered(_session: Session, wish: Wish) -> NewLine:
    """Return the line for an offer to rent."""
    assert wish.goods is not None  # noqa: S101 - such an offer always names a product
    return NewLine(
        "rental", wish.goods.title, wish.offer.price, product_id=wish.goods.product_id, offer_id=wish.offer.id,
        facts={"days": int(wish.offer.terms["days"])},
    )  # fmt: skip
