"""From what somebody wants to what it costs: the lines, then each reduction in its order, then tax.

The page shows what this returns, and placing the order computes it again and stores it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import Sentence
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.lines import line_for
from xingtan.domains.commerce.lines.kinds import Wish
from xingtan.domains.commerce.promotions.lowering import less_by_country, less_coupons, less_owned
from xingtan.domains.commerce.referrals.lowering import less_referral
from xingtan.domains.commerce.reservations import Hold
from xingtan.domains.commerce.rules.quoting import NewLine, Quote, quote
from xingtan.domains.commerce.rules.tax import Rate
from xingtan.domains.commerce.subscriptions.perks import less_membership


@dataclass(frozen=True, slots=True)
class Basket:
    """What somebody wants, on its way to a price. `refused` says of each code why it does not count.

    `person_id` is None for a stranger who only looks.
    """

    person_id: UUID | None
    lines: tuple[NewLine, ...]
    at: datetime
    codes: tuple[str, ...] = ()
    country: str | None = None
    holds: tuple[Hold, ...] = ()
    refused: tuple[tuple[str, Sentence], ...] = ()

    @property
    def currency(self) -> str:
        """Return the currency that all lines share."""
        return self.lines[0].list_price.currency


@dataclass(frozen=True, slots=True)
class Priced:
    """What it costs, what has to be held for it, and which codes do not count, and why."""

    quote: Quote
    holds: tuple[Hold, ...]
    refused: tuple[tuple[str, Sentence], ...]


Step = Callable[[Session, Basket], Basket]
"""One reduction, or the rates of tax: takes a basket and returns it with more written on it."""


def _owned_parts(session: Session, basket: Basket) -> Basket:
    return replace(basket, lines=less_owned(session, basket.person_id, basket.lines, at=basket.at))


def _membership(session: Session, basket: Basket) -> Basket:
    return replace(basket, lines=less_membership(session, basket.person_id, basket.lines, at=basket.at))


def _purchasing_power(session: Session, basket: Basket) -> Basket:
    return replace(basket, lines=less_by_country(session, basket.country, basket.lines))


def _referral(session: Session, basket: Basket) -> Basket:
    found = less_referral(session, basket.person_id, basket.lines, basket.codes)
    holds, refused = (*basket.holds, *found.holds), (*basket.refused, *found.refused)
    return replace(basket, lines=found.lines, codes=found.codes, holds=holds, refused=refused)


def _coupons(session: Session, basket: Basket) -> Basket:
    found = less_coupons(session, basket.person_id, basket.lines, basket.codes, at=basket.at)
    refused = (*basket.refused, *found.refused)
    return replace(basket, lines=found.lines, holds=(*basket.holds, *found.holds), refused=refused)


def _tax(session: Session, basket: Basket) -> Basket:
    ids = [one.product_id for one in basket.lines if one.product_id is not None]
    kinds: dict[UUID | None, str] = dict(catalog.product_kinds(session, ids).items())
    rates = {
        kind: documents.tax_rate(
            session, person_id=basket.person_id, kind=kind, at=basket.at, country=basket.country
        )
        for kind in {kinds.get(one.product_id) for one in basket.lines if one.kind not in UNTAXED_KINDS}
    }  # fmt: skip
    return replace(basket, lines=tuple(replace(one, rate=_rate(one, kinds, rates)) for one in basket.lines))


def _rate(line: NewLine, kinds: Mapping[UUID | None, str], rates: Mapping[str | None, Rate]) -> Rate:
    return line.rate if line.kind in UNTAXED_KINDS else rates[kinds.get(line.product_id)]


UNTAXED_KINDS = ("top_up",)
"""Money that is put aside is taxed when it is spent."""

STEPS: tuple[Step, ...] = (_owned_parts, _membership, _purchasing_power, _referral, _coupons, _tax)
"""What is done to a basket, in this order (docs/decisions/0010): owned, membership, purchasing power, codes (a link's,
then coupons'), tax."""


def price(session: Session, wishes: Sequence[Wish], *, codes: Sequence[str] = (), country: str | None = None) -> Priced:
    """Return what `wishes` (at least one, of one person, in one currency) cost now."""
    first = wishes[0]
    basket = Basket(
        first.person_id, tuple(line_for(session, wish) for wish in wishes), first.at,
        codes=tuple(codes), country=country, holds=tuple(one for wish in wishes for one in _holds(wish)),
    )  # fmt: skip
    for step in STEPS:
        basket = step(session, basket)
    return Priced(quote(basket.lines, basket.currency), basket.holds, basket.refused)


def price_later(session: Session, person_id: UUID, line: NewLine, *, at: datetime, country: str | None = None) -> Quote:
    """Return what a line agreed on before costs: with its own reductions, no new ones, and tax (the last step)."""
    basket = Basket(person_id, (line,), at, country=country)
    for step in STEPS[-1:]:
        basket = step(session, basket)
    return quote(basket.lines, basket.currency)


def _holds(wish: Wish) -> Iterator[Hold]:
    if wish.offer.is_limited:
        yield Hold("stock", wish.offer.id)
    if wish.group_id is not None:
        yield Hold("group_place", wish.group_id)
