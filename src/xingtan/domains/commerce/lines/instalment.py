"""A part of a price that is paid in parts: a right until the next part is due, for ever after the last."""

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.lines.subscription import SubscriptionLine, refuse_second
from xingtan.domains.commerce.rules.plans import plan_of
from xingtan.domains.commerce.rules.quoting import NewLine


class Instalment(SubscriptionLine):
    """What an instalment brings about. What is bought is bought: each part is earned when it is paid."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """All of it is a sale."""
        return [(books.SALES, paid.net)]

    def unearn(self, _session: Session, _paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:  # noqa: ARG002
        """All of it is a refund."""
        return [(books.REFUNDS, net)]

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Begin, or go on."""
        self._go_on(session, paid, clock=clock)


def offered(session: Session, wish: Wish) -> NewLine:
    """Return the line for the first instalment."""
    assert wish.goods is not None  # noqa: S101 - such an offer always names a product
    plan = plan_of(wish.offer.model, wish.offer.price, wish.offer.terms)
    refuse_second(session, wish, title=wish.goods.title)
    return NewLine(
        "instalment", wish.goods.title, plan.price_of(1), product_id=wish.goods.product_id, offer_id=wish.offer.id,
        facts={"deed": "begin"},
    )  # fmt: skip
