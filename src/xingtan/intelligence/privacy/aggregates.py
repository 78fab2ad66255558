"""Counts, sums, histograms and means with noise, differentially private for whole people.

1. Neighbours are tables that differ by all the rows of one person; what she can change is bounded before anything is
   added up.
2. Bounds and categories come from whoever asks; nothing of the data decides them, and unknown categories are not
   counted.
3. A missing value (null, NaN, infinite) adds nothing. Sums are exact; rounding happens once, for each person, to
   `unit`.
4. A figure may be negative or beyond what is possible: it is left so, because cutting it off would bias every sum of
   figures.

Each function takes ε as paid: `budget.answer(question, epsilon, compute=lambda paid: count(table, …, epsilon=paid))`.
"""

import math
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from xingtan.core.errors import Invalid, say
from xingtan.intelligence.privacy.budget import Answer, exact_epsilon
from xingtan.intelligence.privacy.noise import Below, discrete_laplace, margin
from xingtan.intelligence.privacy.rows import values


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where one person's sum is held, and the smallest step of the answer; both ends are multiples of it."""

    low: Fraction | int
    high: Fraction | int
    unit: Fraction | int = 1

    def __post_init__(self) -> None:
        if (
            self.unit <= 0
            or self.low >= self.high
            or any(Fraction(end) % Fraction(self.unit) for end in (self.low, self.high))
        ):
            raise Invalid.of(
                "bounds", say("The bounds must be multiples of the unit, the lower one below the upper one.")
            )

    def steps(self, value: Fraction) -> int:
        """Return the value, held within the bounds, in units."""
        return round(max(Fraction(self.low), min(Fraction(self.high), value)) / Fraction(self.unit))


def _people(table: pa.Table, person: str) -> list[Hashable]:
    people = values(table, person)
    if None in people:
        raise Invalid.of(person, say("Every row must say whose it is."))
    return people


def _at_most(number: int) -> int:
    if number < 1:
        raise Invalid.of("at_most", say("One person must be allowed to count at least once."))
    return number


def _sums(table: pa.Table, person: str, *, value: str) -> dict[Hashable, Fraction]:
    """Return each person's own sum, for people who have a value."""
    sums: dict[Hashable, Fraction] = defaultdict(Fraction)
    for who, number in zip(_people(table, person), values(table, value), strict=True):
        if number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
            raise Invalid.of(value, say("The column %(name)s must hold numbers.", name=value))
        if not math.isfinite(number):
            continue
        sums[who] += Fraction(number)
    return sums


def count(
    table: pa.Table, *, person: str, at_most: int = 1, epsilon: Fraction, below: Below = secrets.randbelow
) -> Answer:
    """Return the number of rows, each person counting `at_most` times; with 1, the number of people."""
    epsilon, reach = exact_epsilon(epsilon), _at_most(at_most)
    true = sum(min(reach, rows) for rows in Counter(_people(table, person)).values())
    scale = reach / epsilon
    figures = {"count": Fraction(true + discrete_laplace(scale, below=below))}
    return Answer(figures, {"count": Fraction(margin(scale))}, epsilon)


def total(
    table: pa.Table, *, person: str, value: str, bounds: Bounds, epsilon: Fraction, below: Below = secrets.randbelow
) -> Answer:
    """Return the sum over people of each one's own sum, held within the bounds."""
    epsilon, unit = exact_epsilon(epsilon), Fraction(bounds.unit)
    true = sum(bounds.steps(own) for own in _sums(table, person, value=value).values())
    scale = max(abs(Fraction(bounds.low)), abs(Fraction(bounds.high))) / unit / epsilon
    figures = {"total": (true + discrete_laplace(scale, below=below)) * unit}
    return Answer(figures, {"total": margin(scale) * unit}, epsilon)


def histogram(
    table: pa.Table,
    *,
    person: str,
    category: str,
    categories: Sequence[str],
    at_most: int = 1,
    epsilon: Fraction,
    below: Below = secrets.randbelow,
) -> Answer:
    """Return the number of people in each declared category, each person in her `at_most` most frequent ones."""
    epsilon, reach = exact_epsilon(epsilon), _at_most(at_most)
    if not categories or len(set(categories)) != len(categories):
        raise Invalid.of("categories", say("Name the categories, each once."))
    theirs: dict[Hashable, Counter[str]] = defaultdict(Counter)
    declared = set(categories)
    for who, what in zip(_people(table, person), values(table, category), strict=True):
        if isinstance(what, str) and what in declared:
            theirs[who][what] += 1
    bins: Counter[str] = Counter()
    for mine in theirs.values():
        bins.update(sorted(mine, key=lambda name: (-mine[name], name))[:reach])
    scale = min(reach, len(categories)) / epsilon
    figures = {name: Fraction(bins[name] + discrete_laplace(scale, below=below)) for name in categories}
    return Answer(figures, dict.fromkeys(categories, Fraction(margin(scale))), epsilon)


def mean(
    table: pa.Table, *, person: str, value: str, bounds: Bounds, epsilon: Fraction, below: Below = secrets.randbelow
) -> Answer:
    """Return the mean over people of each one's own sum, held within the bounds, with the number of people.

    Half of ε goes to the sum of distances from the middle, half to the number; the mean is held within the bounds.
    """
    epsilon, unit = exact_epsilon(epsilon), Fraction(bounds.unit)
    steps = [bounds.steps(own) for own in _sums(table, person, value=value).values()]
    low, high = bounds.steps(Fraction(bounds.low)), bounds.steps(Fraction(bounds.high))
    middle = (low + high) // 2
    sum_scale, people_scale = Fraction(max(high - middle, middle - low)) / (epsilon / 2), 1 / (epsilon / 2)
    off = sum(step - middle for step in steps) + discrete_laplace(sum_scale, below=below)
    people = len(steps) + discrete_laplace(people_scale, below=below)
    wide, few = margin(sum_scale, alpha=0.025), margin(people_scale, alpha=0.025)

    def held(distance: int, number: int) -> Fraction:
        return max(Fraction(low), min(Fraction(high), middle + Fraction(distance, max(1, number))))

    here = held(off, people)
    return Answer(
        {"mean": here * unit, "people": Fraction(people)},
        {
            "mean": _furthest(here, off=(off - wide, off + wide), people=(people - few, people + few), held=held)
            * unit,
            "people": Fraction(few),
        },
        epsilon,
    )


def _furthest(
    here: Fraction, *, off: tuple[int, int], people: tuple[int, int], held: Callable[[int, int], Fraction]
) -> Fraction:
    """Return how far the mean may be, the sum and the number lying within these ends."""
    return max(abs(held(distance, number) - here) for distance in off for number in people)
