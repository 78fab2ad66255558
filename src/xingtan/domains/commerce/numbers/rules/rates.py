"""Rates of a period: who stayed, how much of what recurred stayed, what a subscriber is worth.

Rates are in basis points, halves up; where nothing can be divided by, the answer is None and not a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xingtan.core.money import Money
from xingtan.domains.commerce.numbers.rules.curves import Curve

MONTH_US = 487 * 86_400_000_000 // 16
"""Microseconds in a month of 487/16 days (a year of 365.25 days has twelve)."""

_WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Retention:
    """What became of those who paid at the beginning: `held` is what they pay at the end, none more than before."""

    people: int
    left: int
    opening_minor: int
    held_minor: int
    closing_minor: int

    @property
    def churn_bp(self) -> int | None:
        """Return the share of people who pay nothing any more."""
        return ratio_bp(self.left, self.people)

    @property
    def revenue_churn_bp(self) -> int | None:
        """Return the share of what recurred that was lost, to leaving and to paying less."""
        return ratio_bp(self.opening_minor - self.held_minor, self.opening_minor)

    @property
    def net_retention_bp(self) -> int | None:
        """Return what these people pay now against what they paid: more than 10,000 when they grew."""
        return ratio_bp(self.closing_minor, self.opening_minor)


def retention(curves: Sequence[Curve], starts_at: datetime, ends_at: datetime) -> Retention:
    """Return what became, until before `ends_at`, of those who paid before `starts_at`; curves of one currency."""
    pairs = [(before, one.before(ends_at)) for one in curves if (before := one.before(starts_at))]
    return Retention(
        len(pairs), sum(1 for _, after in pairs if not after), sum(before for before, _ in pairs),
        sum(min(pair) for pair in pairs), sum(after for _, after in pairs),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worth:
    """What a subscriber brings: `mrr` of `people` at the end; `paying_us` and `churns` in the period."""

    mrr: Money
    people: int
    paying_us: int
    churns: int

    @property
    def arpu(self) -> Money | None:
        """Return what one brings a month."""
        return Money(_round(self.mrr.minor, self.people), self.mrr.currency) if self.people else None

    @property
    def monthly_churn_bp(self) -> int | None:
        """Return how many leave in a month, of those who pay."""
        return ratio_bp(self.churns * MONTH_US, self.paying_us)

    @property
    def lifetime_value(self) -> Money | None:
        """Return what one brings until she leaves, if people go on to leave as they do; None when nobody left."""
        if not self.people or not self.churns:
            return None
        value = _round(self.mrr.minor * self.paying_us, self.people * self.churns * MONTH_US)
        return Money(value, self.mrr.currency)


def worth(curves: Sequence[Curve], starts_at: datetime, ends_at: datetime, *, mrr: Money, churns: int) -> Worth:
    """Return what a subscriber brings; curves of one currency."""
    people = sum(1 for one in curves if one.before(ends_at))
    paying = sum(one.paying_time(starts_at, ends_at) for one in curves)
    return Worth(mrr, people, paying, churns)


def ratio_bp(part: int, whole: int) -> int | None:
    """Return the share in basis points, halves up; None of nothing."""
    return _round(part * _WHOLE_BP, whole) if whole else None


def _round(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)
