"""A place in a group: its money is held until the group is complete, and goes back whole when it is not."""

from datetime import datetime

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.lines.places import has_place, leave, locked_group, open_group, take_place
from xingtan.domains.commerce.models import BuyingGroup
from xingtan.domains.commerce.rules.quoting import NewLine
from xingtan.domains.entitlements import api as entitlements


class GroupLine:
    """A place; without a group yet the money opens one."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """Nothing is earned before the group is complete."""
        return [(books.ESCROW, paid.net)]

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:  # noqa: ARG002 - where it stands depends on the group alone
        """It goes back from where it stands: held, or earned."""
        group = locked_group(session, paid.line.subject_id)
        is_earned = group is not None and group.state == "complete"
        return [(books.REFUNDS if is_earned else books.ESCROW, net)]

    def is_wanted(self, session: Session, paid: PaidLine, /, *, at: datetime) -> bool:
        """A place is wanted while the group is open, by somebody who has none in it and not the thing itself."""
        if paid.line.product_id in entitlements.owned_for_good(session, paid.order.person_id, at=at):
            return False
        group = locked_group(session, paid.line.subject_id)
        return group is None or (
            group.state == "open" and at < group.ends_at and not has_place(session, group.id, paid.order.person_id)
        )

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Take the place, in a new group if there is none yet."""
        group = locked_group(session, paid.line.subject_id) or open_group(session, paid, clock=clock)
        take_place(session, group, paid, clock=clock)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """Give the place up; what a complete group gave ends."""
        locked_group(session, paid.line.subject_id)
        leave(session, paid, reason=reason, clock=clock)


def offered(session: Session, wish: Wish) -> NewLine:
    """Return the line for a place: in the group that is named, or in one to be opened."""
    assert wish.goods is not None  # noqa: S101 - such an offer always names a product
    if wish.group_id is not None:
        _must_be_open(session, wish)
    return NewLine(
        "group", wish.goods.title, wish.offer.price, product_id=wish.goods.product_id, offer_id=wish.offer.id,
        subject_id=wish.group_id, facts={key: int(wish.offer.terms[key]) for key in ("size", "hours")},
    )  # fmt: skip


def _must_be_open(session: Session, wish: Wish) -> None:
    group = session.get(BuyingGroup, wish.group_id)
    if group is None or group.offer_id != wish.offer.id:
        raise NotFound(say("There is no such group."))
    if group.state != "open" or group.ends_at <= wish.at:
        raise OfferGone(say("This group is over. You can open a new one."))
    if wish.person_id is not None and has_place(session, group.id, wish.person_id):
        raise AlreadyOwned(say("You have a place in this group already."), product_ids=(group.product_id,))
