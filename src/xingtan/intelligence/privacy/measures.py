"""How well a table hides its people, and what that cost.

k-anonymity (Sweeney 2002), l-diversity (Machanavajjhala et al. 2007; distinct and entropy), t-closeness (Li et al.
2007; earth mover's distance with equal or ordered ground distance). They say nothing about what follows from *two*
releases of the same people, nor about an attacker who knows sensitive values already: for that there are attacks, and
noise.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from xingtan.core.errors import Invalid, say
from xingtan.intelligence.privacy.rows import Alike, Scale, Schema, classes, together

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Demand:
    """What each class of a table must hold: rows, sensitive values, and how far they may be from the whole's."""

    k: int = 5
    distinct_l: int = 1
    entropy_l: float = 1.0
    t: float = 1.0

    def __post_init__(self) -> None:
        if not (self.k >= 1 and self.distinct_l >= 1 and self.entropy_l >= 1 and 0 <= self.t <= 1):
            raise Invalid.of("k", say("k and l are at least 1, and t lies between 0 and 1."))


@dataclass(frozen=True, slots=True)
class Figures:
    """The four measures of a class, or of a table: that of its worst class."""

    k: int
    distinct_l: int
    entropy_l: float
    t: float

    def meets(self, demand: Demand) -> bool:
        """Say whether each measure is as demanded."""
        return (
            self.k >= demand.k
            and self.distinct_l >= demand.distinct_l
            and self.entropy_l >= demand.entropy_l - _ROUNDING
            and self.t <= demand.t + _ROUNDING
        )


@dataclass(frozen=True, slots=True)
class Loss:
    """What a release lost: NCP and share suppressed from 0 to 1, discernibility in pairs of rows, rows in a class."""

    ncp: float
    discernibility: int
    average_class: float
    suppressed: float


def entropy_l(counts: Counter[Hashable]) -> float:
    """Return exp(−Σ p ln p): the number of equally frequent values that would be as hard to guess."""
    total = counts.total()
    return math.exp(-math.fsum(n / total * math.log(n / total) for n in counts.values()))


def distance(counts: Counter[Hashable], whole: Counter[Hashable], *, scale: Scale) -> float:
    """Return the earth mover's distance of two distributions; every value of `counts` is in `whole`.

    Categorical: ½ Σ|p − q|. Ordered, of m values: Σ|cumulated p − q| / (m − 1), a missing value first.
    """
    size, total = counts.total(), whole.total()
    if scale is Scale.CATEGORICAL:
        return math.fsum(abs(counts[value] / size - times / total) for value, times in whole.items()) / 2
    moved, carried = 0, 0
    for value in sorted(whole, key=lambda value: (value is not None, value)):
        carried += counts[value] * total - whole[value] * size
        moved += abs(carried)
    return moved / (size * total * max(1, len(whole) - 1))


def figures(alike: Alike, whole: Alike, *, scales: Sequence[Scale]) -> Figures:
    """Return the measures of one class; without a sensitive column, l is unbounded and t is 0."""
    apart = [
        distance(mine, all_, scale=scale) for mine, all_, scale in zip(alike.counts, whole.counts, scales, strict=True)
    ]
    return Figures(
        k=alike.size,
        distinct_l=min((len(counts) for counts in alike.counts), default=alike.size),
        entropy_l=min((entropy_l(counts) for counts in alike.counts), default=float(alike.size)),
        t=max(apart, default=0.0),
    )


def worst(each: Iterable[Figures]) -> Figures:
    """Return the measures of a table from those of its classes; zeros without any."""
    every = list(each)
    return Figures(
        k=min((one.k for one in every), default=0),
        distinct_l=min((one.distinct_l for one in every), default=0),
        entropy_l=min((one.entropy_l for one in every), default=0.0),
        t=max((one.t for one in every), default=0.0),
    )


def measure(table: pa.Table, schema: Schema) -> Figures:
    """Return k, l and t of the table as it stands, the labels in it being what an outsider sees."""
    groups = classes(table, schema)
    whole, scales = together(groups.values()), tuple(schema.sensitive.values())
    return worst(figures(alike, whole, scales=scales) for alike in groups.values())


def discernibility(sizes: Iterable[int], *, suppressed: int, rows: int) -> int:
    """Return Σ size² of the classes, and `rows` for each suppressed row (Bayardo and Agrawal 2005)."""
    return sum(size * size for size in sizes) + suppressed * rows


def loss(costs: Iterable[tuple[int, float]], *, sizes: Sequence[int], rows: int) -> Loss:
    """Return the loss of a release from (rows, cost of each row) and the sizes of its classes, out of `rows`."""
    kept = sum(sizes)
    ncp = math.fsum([*(times * cost for times, cost in costs), rows - kept]) / rows if rows else 0.0
    return Loss(
        ncp=ncp,
        discernibility=discernibility(sizes, suppressed=rows - kept, rows=rows),
        average_class=kept / len(sizes) if sizes else 0.0,
        suppressed=(rows - kept) / rows if rows else 0.0,
    )
