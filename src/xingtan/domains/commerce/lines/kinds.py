"""What the kinds of order lines have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.commerce.goods import Goods
from xingtan.domains.commerce.models import OrderLine, SalesOrder
from xingtan.domains.commerce.views import OfferView

Shares = Sequence[tuple[str, Money]]
"""Accounts of the books, and how much of an amount each of them gets or gives; they add up to the amount."""


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line and its order, whose row the caller has locked."""

    order: SalesOrder
    line: OrderLine

    @property
    def net(self) -> Money:
        """Return what was paid for the line without its tax."""
        return Money(self.line.amount_minor - self.line.tax_minor, self.order.currency)


class LineKind(Protocol):
    """What an order line brings about. No verb talks to anybody outside: jobs do that later."""

    def earn(self, session: Session, paid: PaidLine, /) -> Shares:
        """Return the accounts that are credited with the line's net when it is paid. Writes nothing."""
        ...

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:
        """Return the accounts that give `net` of the line back, and note that they do; called once for each return."""
        ...

    def is_wanted(self, session: Session, paid: PaidLine, /, *, at: datetime) -> bool:
        """Say whether money that comes now still buys this; if not, it goes back whole."""
        ...

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Do what the line is for, in the commit of its money; called once."""
        ...

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """End what the line gave, now that all its money is back; called once."""
        ...


@dataclass(frozen=True, slots=True)
class GiftWish:
    """That it is for somebody else: the gift's row (None: only its price is asked for), and when it lapses, if ever."""

    gift_id: UUID | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that somebody wants by an offer, before it is priced.

    `chosen` is the buyer's own amount where the offer leaves it to her; `group_id` the group to join (None: open one).
    """

    person_id: UUID | None
    offer: OfferView
    goods: Goods | None
    at: datetime
    chosen: Money | None = None
    gift: GiftWish | None = None
    group_id: UUID | None = None
