"""Money: counted in minor units of one currency, never measured.

1. An amount is an `int` of minor units; there is no float and no bare number.
2. Currencies never mix: adding yuan to dollars is a mistake of ours, `Broken`.
3. Splitting conserves: the parts always add up to the whole (largest remainders).
4. Decimals per currency are those of ISO 4217.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering

from xingtan.core.errors import Broken, Invalid, say

CURRENCIES: dict[str, int] = {
    "AUD": 2,
    "BRL": 2,
    "CAD": 2,
    "CHF": 2,
    "CNY": 2,
    "DKK": 2,
    "EUR": 2,
    "GBP": 2,
    "HKD": 2,
    "IDR": 2,
    "INR": 2,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "MXN": 2,
    "MYR": 2,
    "NOK": 2,
    "NZD": 2,
    "PHP": 2,
    "PLN": 2,
    "SEK": 2,
    "SGD": 2,
    "THB": 2,
    "TWD": 2,
    "USD": 2,
    "VND": 0,
}
"""Currencies that can be charged, with the number of decimals that ISO 4217 gives them."""

MAX_MINOR = 10**12
"""No single amount may exceed this; it keeps every sum far inside 64 bits."""

_BASIS = 10_000


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount: `minor` units (fen, cents) of `currency` (ISO 4217)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            msg = f"money is counted in whole minor units, not {self.minor!r}"
            raise Broken(msg)
        if self.currency not in CURRENCIES:
            msg = f"unknown currency {self.currency!r}"
            raise Broken(msg)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            msg = f"{self.currency} and {other.currency} cannot be reckoned together"
            raise Broken(msg)

    def __add__(self, other: "Money") -> "Money":
        """Return the sum; `Broken` across currencies."""
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Return the difference; `Broken` across currencies."""
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        """Return the opposite amount."""
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        """Compare amounts of one currency; `Broken` across currencies."""
        self._same(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        """Say whether this is anything but zero."""
        return self.minor != 0

    def share(self, rate_bp: int) -> "Money":
        """Return `rate_bp` basis points of this amount, halves rounded away from zero."""
        product = abs(self.minor) * rate_bp
        rounded = (2 * product + _BASIS) // (2 * _BASIS)
        return Money(rounded if self.minor >= 0 else -rounded, self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Return one part per weight, in proportion, adding up to the whole exactly (largest remainders)."""
        total = sum(weights)
        if total <= 0 or any(weight < 0 for weight in weights):
            msg = "weights must not be negative, and not all zero"
            raise ValueError(msg)
        sign, whole = (1, self.minor) if self.minor >= 0 else (-1, -self.minor)
        parts = [whole * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
        for i in by_remainder[: whole - sum(parts)]:
            parts[i] += 1
        return [Money(sign * part, self.currency) for part in parts]

    def major(self) -> str:
        """Return the plain decimal form, e.g. ``"199.00"``; exact, for export and for programs."""
        decimals = CURRENCIES[self.currency]
        digits = f"{abs(self.minor):0{decimals + 1}d}"
        whole, fraction = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
        return f"{'-' if self.minor < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


def zero(currency: str) -> Money:
    """Return nothing, in `currency`."""
    return Money(0, currency)


def total(amounts: Sequence[Money], currency: str) -> Money:
    """Return the sum of `amounts`, which must all be in `currency`."""
    return sum(amounts, start=zero(currency))


_PLAIN_DECIMAL = re.compile(r"(?P<whole>[0-9]{1,13})(?:\.(?P<fraction>[0-9]{1,4}))?")


def parse_money(text: str, currency: str, *, field: str = "amount") -> Money:
    """Return the amount that a person typed, e.g. ``"199"`` or ``"199.00"``; `Invalid` for anything unclear.

    Plain ASCII digits with an optional decimal point and no more decimals than the currency has. No sign, no
    exponent, no thousands separator, no full-width digits: an amount that could be read in two ways is refused.
    """
    if currency not in CURRENCIES:
        raise Invalid.of("currency", say("This currency is not known here."))
    match = _PLAIN_DECIMAL.fullmatch(text.strip(" "))
    if match is None:
        raise Invalid.of(field, say("Write the amount in plain digits, such as 199 or 199.00."))
    decimals, fraction = CURRENCIES[currency], match["fraction"] or ""
    if len(fraction) > decimals:
        raise Invalid.of(field, say("%(currency)s has %(decimals)s decimals.", currency=currency, decimals=decimals))
    minor = int(match["whole"]) * 10**decimals + int(fraction.ljust(decimals, "0") or 0)
    if minor > MAX_MINOR:
        raise Invalid.of(field, say("This amount is too large."))
    return Money(minor, currency)
