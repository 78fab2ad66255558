"""Cohorts: people by the month in which they first paid, and how many of them, and of their money, are still there.

The cells of one month, over all cohorts, add up to the subscribers and to the MRR at that month's end.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xingtan.core.money import Money
from xingtan.domains.commerce.numbers.rules.curves import Curve


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of a cohort pay at the end of a month, and what they pay a month."""

    people: int
    mrr: Money


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who first paid in the month that begins at `starts_at` (None: before all of them), month by month."""

    starts_at: datetime | None
    people: int
    cells: tuple[Cell, ...]


def cohorts(curves: Sequence[Curve], bounds: Sequence[datetime], currency: str) -> tuple[Cohort, ...]:
    """Return a row for each of the months between `bounds`, a triangle, after one for all people before.

    Curves are of `currency`; a cell is counted before the end of its month.
    """
    groups: list[list[Curve]] = [[] for _ in bounds]
    for one in curves:
        place = bisect_right(bounds, one.steps[0].at)
        if place < len(bounds):
            groups[place].append(one)
    return tuple(
        Cohort(
            bounds[place - 1] if place else None, len(group),
            tuple(_cell(group, end, currency) for end in bounds[max(place, 1):]),
        )
        for place, group in enumerate(groups)
    )  # fmt: skip


def _cell(group: Sequence[Curve], end: datetime, currency: str) -> Cell:
    paying = [minor for one in group if (minor := one.before(end))]
    return Cell(len(paying), Money(sum(paying), currency))
