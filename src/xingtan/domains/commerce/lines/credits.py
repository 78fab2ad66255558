"""Uses bought at once, and used one by one."""

from datetime import datetime

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.rules.quoting import NewLine
from xingtan.domains.commerce.wallets.credits import NewLot, add_lot, end_lot, take_back


class Credits:
    """A lot of uses; each earns its share when it is taken."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """Nothing is earned before it is used."""
        return [(books.CREDITS, paid.net)]

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:  # noqa: ARG002
        """What was not used goes back first."""
        unearned = take_back(session, paid.line.id, net)
        shares = [(books.CREDITS, unearned), (books.REFUNDS, net - unearned)]
        return [(account, amount) for account, amount in shares if amount]

    def is_wanted(self, _session: Session, _paid: PaidLine, /, *, at: datetime) -> bool:  # noqa: ARG002
        """More credits are always welcome."""
        return True

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Keep the lot."""
        facts = paid.line.facts
        wanted = NewLot(
            paid.order.person_id, paid.order.id, paid.line.id, paid.line.product_id, paid.line.title,
            str(facts["unit"]), int(facts["credits"]), paid.net, facts.get("days"),
        )  # fmt: skip
        add_lot(session, wanted, clock=clock)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """End the lot: what is left of it can no longer be taken."""
        end_lot(session, paid.line.id, reason=reason, clock=clock)


def offered(_session: Session, wish: Wish) -> NewLine:
    """Return the line for a pack of credits; one without a product is good for any that counts its unit."""
    terms = wish.offer.terms
    facts = {name: terms[name] for name in ("unit", "credits", "days") if name in terms}
    return NewLine(
        "credits", str(terms["title"]), wish.offer.price, offer_id=wish.offer.id,
        product_id=wish.goods.product_id if wish.goods else None, facts=facts,
    )  # fmt: skip
