"""Tax: rates in basis points, added to a price or contained in it. Counted, never measured.

1. net + tax = gross, always. 2. Tax is reckoned on the sum of the lines that share a rate, then spread over them by
largest remainders. 3. Parts that add up to the gross add up to the tax.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, cast

from xingtan.core.errors import Broken
from xingtan.core.money import Money, total, zero
from xingtan.core.period import Period

TaxMode = Literal["inclusive", "exclusive"]
TAX_MODES: tuple[TaxMode, ...] = ("exclusive", "inclusive")
MOST_BP = 10_000
"""No rate is more than the price itself."""


class Taxed(NamedTuple):
    """An amount with its tax; net + tax = gross."""

    net: Money
    tax: Money
    gross: Money


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in basis points, and whether prices contain it."""

    rate_bp: int
    mode: TaxMode


UNTAXED = Rate(0, "inclusive")


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A rate and where and when it holds; `country` (ISO 3166) and `kind` (of product) None: any."""

    country: str | None
    kind: str | None
    rate: Rate
    holds: Period


def tax_of(amount: Money, rate_bp: int, mode: TaxMode) -> Taxed:
    """Return net, tax and gross of `amount`: the net of an exclusive rate, the gross of an inclusive one."""
    if not 0 <= rate_bp <= MOST_BP:
        msg = f"a tax rate of {rate_bp} basis points"
        raise Broken(msg)
    if mode == "exclusive":
        tax = amount.share(rate_bp)
        return Taxed(amount, tax, amount + tax)
    whole = MOST_BP + rate_bp
    rounded = (2 * abs(amount.minor) * rate_bp + whole) // (2 * whole)
    tax = Money(rounded if amount.minor >= 0 else -rounded, amount.currency)
    return Taxed(amount - tax, tax, amount)


def tax_lines(lines: Sequence[tuple[Money, Rate]]) -> tuple[Taxed, ...]:
    """Return each line taxed, in order. Amounts are not negative and share a currency."""
    by_rate: dict[Rate, list[int]] = defaultdict(list)
    for place, (amount, rate) in enumerate(lines):
        if amount.minor < 0:
            msg = "a line to be taxed is not negative"
            raise Broken(msg)
        by_rate[rate].append(place)
    found: list[Taxed | None] = [None] * len(lines)
    for rate, places in by_rate.items():
        for place, one in zip(places, _spread([lines[place][0] for place in places], rate), strict=True):
            found[place] = one
    return tuple(cast("list[Taxed]", found))


def _spread(amounts: Sequence[Money], rate: Rate) -> Iterable[Taxed]:
    whole = total(amounts, amounts[0].currency)
    taxes = _shares(tax_of(whole, rate.rate_bp, rate.mode).tax, amounts)
    for amount, tax in zip(amounts, taxes, strict=True):
        if rate.mode == "exclusive":
            yield Taxed(amount, tax, amount + tax)
        else:
            yield Taxed(amount - tax, tax, amount)


def _shares(whole: Money, weights: Sequence[Money]) -> list[Money]:
    if not any(weights):
        return [zero(whole.currency)] * len(weights)
    return whole.split([one.minor for one in weights])


def part_of(left: Sequence[Taxed], gross: Money) -> tuple[Taxed, ...]:
    """Return what `gross` takes of each line, in proportion to what is left of it: all of it at the end."""
    whole = total([one.gross for one in left], gross.currency)
    if gross.minor < 0 or gross > whole:
        msg = f"{gross} of {whole} cannot be taken"
        raise Broken(msg)
    parts = _shares(gross, [one.gross for one in left])
    return tuple(_part(one, part) for one, part in zip(left, parts, strict=True))


def _part(of: Taxed, gross: Money) -> Taxed:
    if not of.gross:
        return Taxed(gross, gross, gross)
    rounded = (2 * of.tax.minor * gross.minor + of.gross.minor) // (2 * of.gross.minor)
    tax = Money(rounded, gross.currency)
    return Taxed(gross - tax, tax, gross)


def rate_for(rules: Iterable[TaxRule], *, country: str | None, kind: str | None, at: datetime) -> Rate:
    """Return the rate that holds: the narrowest rule wins, then the one that began last; `UNTAXED` where none does."""
    fitting = [one for one in rules if one.country in (None, country) and one.kind in (None, kind) and at in one.holds]
    if not fitting:
        return UNTAXED
    best = max(fitting, key=lambda one: (one.country is not None, one.kind is not None, one.holds.starts_at))
    return best.rate


def overlap(one: TaxRule, other: TaxRule) -> bool:
    """Say whether two rules would hold for the same country and kind at the same time."""
    if (one.country, one.kind) != (other.country, other.kind):
        return False
    return _begins_within(one.holds, other.holds) or _begins_within(other.holds, one.holds)


def _begins_within(one: Period, other: Period) -> bool:
    return one.starts_at != one.ends_at and one.starts_at in other
