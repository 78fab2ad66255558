"""A gift: a product for somebody else, who claims it by a link; its money is earned when she does."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import say
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.errors import OfferGone
from xingtan.domains.commerce.events import GiftBought, GiftReturned
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.machines import GIFT
from xingtan.domains.commerce.models import Gift
from xingtan.domains.commerce.rules.pricing import price_of
from xingtan.domains.commerce.rules.quoting import NewLine
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.jobs import enqueue
from xingtan.infra.outbox import emit

SEND_GIFT = "commerce.send_gift"
GIVEN_BY = ("once", "pay_what_you_want")
"""The ways to sell by which a product can be given away."""
_STANDS_UNDER: Mapping[str, str] = {"claimed": books.REFUNDS, "ended": books.REFUNDS, "lapsed": books.BREAKAGE}
"""Where the money of a gift stands in the books, by its state; under `liability:gifts` in any other."""


class GiftLine:
    """A link for somebody else; the money is owed until the gift is claimed."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """Nothing is earned before somebody claims it."""
        return [(books.GIFTS, paid.net)]

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:  # noqa: ARG002 - what a gift gives back depends on its state alone
        """It goes back from where it stands: owed, earned, or lapsed."""
        return [(_STANDS_UNDER.get(_gift(session, paid).state, books.GIFTS), net)]

    def is_wanted(self, session: Session, paid: PaidLine, /, *, at: datetime) -> bool:  # noqa: ARG002 - at any time
        """A gift is wanted until it has been paid."""
        gift = session.get(Gift, paid.line.subject_id, with_for_update=True)
        return gift is not None and GIFT.may(gift.state, "paid")

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Let the gift be claimed from now on, and its letter go out on its day."""
        gift, now = _gift(session, paid), clock.now()
        gift.state, gift.order_id = GIFT.after(gift.state, "paid"), paid.order.id
        days = paid.line.facts.get("days")
        gift.ends_at = now + timedelta(days=int(days)) if days else None
        ask_for_letter(session, gift, at=now)
        emit(session, GiftBought(gift.id, paid.order.id, gift.giver_id, gift.product_id), at=now)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """Let nobody claim it any more; who has claimed it has it no longer."""
        gift = _gift(session, paid)
        gift.state = GIFT.after(gift.state, "taken back")
        entitlements.end(session, ("gift",), gift.id, reason=reason, clock=clock)
        emit(session, GiftReturned(gift.id, gift.giver_id, gift.product_id), at=clock.now())


def offered(_session: Session, wish: Wish) -> NewLine:
    """Return the line for a product that is to be somebody else's."""
    if wish.goods is None or wish.gift is None or wish.offer.model not in GIVEN_BY:
        raise OfferGone(say("This cannot be bought for somebody else."))
    return NewLine(
        "gift", wish.goods.title, price_of(wish.offer, wish.chosen), product_id=wish.goods.product_id,
        offer_id=wish.offer.id, subject_id=wish.gift.gift_id, facts={"days": wish.gift.days} if wish.gift.days else {},
    )  # fmt: skip


def ask_for_letter(session: Session, gift: Gift, *, at: datetime) -> None:
    """Have the gift's letter sent on its day, or at once when that is over; one letter for each link."""
    if gift.send_at is None:
        return
    link = gift.token_hash.hex()[:16]
    enqueue(
        session, SEND_GIFT, {"gift_id": str(gift.id), "link": link}, key=f"{SEND_GIFT}:{gift.id}:{link}",
        at=max(at, gift.send_at),
    )  # fmt: skip


def _gift(session: Session, paid: PaidLine) -> Gift:
    return session.get_one(Gift, paid.line.subject_id, with_for_update=True)
