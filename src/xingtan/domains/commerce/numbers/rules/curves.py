"""What recurs, as curves: for each person and currency, what she pays by the month, and since when.

1. A span is worth a whole number of minor units a month, so that every sum is the sum of its rows, exactly.
2. A curve changes only at its steps; what begins in the very instant in which another thing ends is one step.
3. «Before an instant» leaves out what begins in it: what is true before the end of a period is true at its end.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.commerce.rules.intervals import Interval

YEAR = 12
"""Months in a year."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Time of a subscription under one plan: what it costs (without tax) how often. `ends_at` None: it goes on."""

    subscription_id: UUID
    person_id: UUID
    offer_id: UUID
    title: str
    price: Money
    every: Interval
    starts_at: datetime
    ends_at: datetime | None

    @property
    def monthly(self) -> Money:
        """Return what it brings a month."""
        return per_months(self.price, self.every, months=1)

    @property
    def yearly(self) -> Money:
        """Return what it brings a year: of a yearly price exactly that."""
        return per_months(self.price, self.every, months=YEAR)

    def is_before(self, at: datetime) -> bool:
        """Say whether it holds just before `at`."""
        return self.starts_at < at and (self.ends_at is None or at <= self.ends_at)


def per_months(price: Money, every: Interval, *, months: int) -> Money:
    """Return what `price` for each interval comes to in `months` months of 487/16 days, halves up."""
    sixteenths = every.months * 487 + every.days * 16
    return Money((2 * price.minor * 487 * months + sixteenths) // (2 * sixteenths), price.currency)


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on it is `after_minor` a month, because of these subscriptions."""

    at: datetime
    after_minor: int
    subscription_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """What one person pays a month in one currency: nothing at first, then step by step."""

    person_id: UUID
    currency: str
    steps: tuple[Step, ...]

    def before(self, at: datetime) -> int:
        """Return the minor units a month just before `at`."""
        place = bisect_left(self.steps, at, key=lambda step: step.at)
        return self.steps[place - 1].after_minor if place else 0

    def paying_time(self, starts_at: datetime, ends_at: datetime) -> int:
        """Return for how many microseconds of the period she pays anything."""
        marks = [starts_at, *(step.at for step in self.steps if starts_at < step.at < ends_at), ends_at]
        return sum((later - earlier) // _TICK for earlier, later in pairwise(marks) if self.before(later))


def curves(spans: Iterable[Span]) -> tuple[Curve, ...]:
    """Return the curve of each person and currency that has ever paid anything, in a fixed order."""
    changes: dict[tuple[UUID, str], dict[datetime, dict[UUID, int]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(int))
    )
    for span in spans:
        mine, monthly = changes[span.person_id, span.price.currency], span.monthly.minor
        mine[span.starts_at][span.subscription_id] += monthly
        if span.ends_at is not None:
            mine[span.ends_at][span.subscription_id] -= monthly
    found = (Curve(person, currency, _steps(mine)) for (person, currency), mine in changes.items())
    return tuple(sorted((one for one in found if one.steps), key=lambda one: (one.currency, one.person_id)))


def _steps(changes: Mapping[datetime, Mapping[UUID, int]]) -> tuple[Step, ...]:
    found, minor = [], 0
    for at, parts in sorted(changes.items()):
        if not (moved := sum(parts.values())):
            continue
        minor += moved
        found.append(Step(at, minor, tuple(sorted(one for one, part in parts.items() if part))))
    return tuple(found)


def standing(spans: Iterable[Span], *, before: datetime) -> tuple[Span, ...]:
    """Return the spans that hold just before an instant and bring something, dearest first."""
    found = [one for one in spans if one.is_before(before) and one.price]
    return tuple(sorted(found, key=lambda one: (one.price.currency, -one.monthly.minor, one.subscription_id)))


def of_currency(found: Iterable[Curve], currency: str) -> Sequence[Curve]:
    """Return the curves of one currency: currencies are never added up."""
    return [one for one in found if one.currency == currency]
