"""What an order line brings about, for each kind; and which line an offer becomes, for each model.

A model of business enters the house here, and nowhere else (docs/decisions/0010).
"""

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from xingtan.domains.commerce.lines import access, gift, group, instalment, rental, subscription, top_up
from xingtan.domains.commerce.lines.access import Access
from xingtan.domains.commerce.lines.credits import Credits
from xingtan.domains.commerce.lines.credits import offered as credits_offered
from xingtan.domains.commerce.lines.gift import GiftLine
from xingtan.domains.commerce.lines.group import GroupLine
from xingtan.domains.commerce.lines.instalment import Instalment
from xingtan.domains.commerce.lines.kinds import LineKind, Wish
from xingtan.domains.commerce.lines.rental import Rental
from xingtan.domains.commerce.lines.service import Service
from xingtan.domains.commerce.lines.subscription import SubscriptionLine
from xingtan.domains.commerce.lines.top_up import TopUp
from xingtan.domains.commerce.rules.quoting import NewLine

LINES: Mapping[str, LineKind] = {
    "access": Access(),
    "gift": GiftLine(),
    "group": GroupLine(),
    "rental": Rental(),
    "top_up": TopUp(),
    "credits": Credits(),
    "service": Service(),
    "subscription": SubscriptionLine(),
    "instalment": Instalment(),
}
"""Line kind → what it brings about."""

OFFERED: Mapping[str, Callable[[Session, Wish], NewLine]] = {
    "once": access.offered,
    "free": access.offered,
    "pay_what_you_want": access.offered,
    "rental": rental.offered,
    "group": group.offered,
    "top_up": top_up.offered,
    "credits": credits_offered,
    "subscription": subscription.offered,
    "instalments": instalment.offered,
}
"""Offer model → the line that it becomes at the checkout."""


def line_for(session: Session, wish: Wish) -> NewLine:
    """Return the line that a wish becomes: a gift where it is for somebody else, else what its offer says."""
    return (gift.offered if wish.gift is not None else OFFERED[wish.offer.model])(session, wish)
