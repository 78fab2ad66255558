"""What is to be paid, line by line: list prices, reductions, tax. Pure: the page shows it, and the order stores it.

1. A line costs its list price less its reductions, never less than nothing. 2. Reductions are taken in the order in
which they are given; one that would go below nothing is cut. 3. Tax is reckoned after reductions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from xingtan.core.errors import Broken
from xingtan.core.money import Money, total
from xingtan.domains.commerce.rules.tax import UNTAXED, Rate, Taxed, tax_lines


@dataclass(frozen=True, slots=True)
class Discount:
    """One reason why a line costs less; `kind` is one of `DISCOUNT_KINDS`, `source_id` the coupon, tier or rule."""

    kind: str
    source_id: UUID | None
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line as it is wanted: what kind, of what, at which list price. `facts` hold what its kind needs later."""

    kind: str
    title: str
    list_price: Money
    product_id: UUID | None = None
    offer_id: UUID | None = None
    subject_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    discounts: tuple[Discount, ...] = ()
    rate: Rate = UNTAXED

    @property
    def discount(self) -> Money:
        """Return the sum of the reductions."""
        return total([one.amount for one in self.discounts], self.list_price.currency)

    @property
    def reduced(self) -> Money:
        """Return the list price less the reductions."""
        return self.list_price - self.discount


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line with its tax; `taxed.gross` is what is paid for it."""

    line: NewLine
    taxed: Taxed

    @property
    def amount(self) -> Money:
        """Return what is paid for the line."""
        return self.taxed.gross


@dataclass(frozen=True, slots=True)
class Quote:
    """What is to be paid. `list_total` less `discount`, and `added_tax`, is `total`; `tax` is all tax within it."""

    lines: tuple[QuotedLine, ...]
    list_total: Money
    discount: Money
    tax: Money
    added_tax: Money
    total: Money


def reduced(line: NewLine, wanted: Discount) -> NewLine:
    """Return `line` with one more reduction, cut to what is left of its price; unchanged when nothing is left."""
    if wanted.amount.minor < 0:
        msg = f"a reduction of {wanted.amount.minor}"
        raise Broken(msg)
    amount = min(wanted.amount, line.reduced)
    if not amount:
        return line
    return replace(line, discounts=(*line.discounts, replace(wanted, amount=amount)))


def spread(lines: Sequence[NewLine], wanted: Discount) -> tuple[NewLine, ...]:
    """Return `lines` with one reduction of all of them, shared in proportion to what each costs so far."""
    left = [line.reduced.minor for line in lines]
    if not sum(left):
        return tuple(lines)
    amount = min(wanted.amount, Money(sum(left), wanted.amount.currency))
    parts = amount.split(left)
    return tuple(reduced(line, replace(wanted, amount=part)) for line, part in zip(lines, parts, strict=True))


def quote(lines: Sequence[NewLine], currency: str) -> Quote:
    """Return what the lines cost; they share `currency`."""
    taxed = tax_lines([(line.reduced, line.rate) for line in lines])
    quoted = tuple(QuotedLine(line, one) for line, one in zip(lines, taxed, strict=True))
    added = [one.taxed.tax for one in quoted if one.line.rate.mode == "exclusive"]
    return Quote(
        lines=quoted,
        list_total=total([line.list_price for line in lines], currency),
        discount=total([line.discount for line in lines], currency),
        tax=total([one.taxed.tax for one in quoted], currency),
        added_tax=total(added, currency),
        total=total([one.amount for one in quoted], currency),
    )
