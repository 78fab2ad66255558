"""Multidimensional partitions: cut where both halves still meet the demand (Mondrian, LeFevre et al. 2006).

Strict: equal values stay together, so the order of the rows decides nothing. The column whose labels cost most is cut
first, at the boundary nearest to the median that leaves two good halves. Greedy: it is usually finer than the
lattice, and never proved to be the finest. Nothing is suppressed: the whole table meets the demand, or there is no
release.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from xingtan.core.errors import say
from xingtan.intelligence.privacy.anonymised import Anonymised, release
from xingtan.intelligence.privacy.errors import CannotAnonymise
from xingtan.intelligence.privacy.hierarchies import Hierarchy
from xingtan.intelligence.privacy.lattice import check
from xingtan.intelligence.privacy.measures import Demand, figures, loss
from xingtan.intelligence.privacy.rows import Alike, Key, Scale, Schema, classes, keys, together

_Part = Mapping[Key, Alike]


@dataclass(frozen=True, slots=True)
class _Cutter:
    hierarchies: Sequence[Hierarchy]
    demand: Demand
    scales: Sequence[Scale]
    whole: Alike

    def good(self, part: Alike) -> bool:
        return part.size >= self.demand.k and figures(part, self.whole, scales=self.scales).meets(self.demand)

    def spans(self, part: _Part) -> list[tuple[str | None, float]]:
        return [
            hierarchy.span(sorted({key[place] for key in part}, key=hierarchy.rank))
            for place, hierarchy in enumerate(self.hierarchies)
        ]

    def cut(self, part: _Part) -> tuple[_Part, _Part] | None:
        """Return two halves of the part that meet the demand, or None when it cannot be cut."""
        spans = self.spans(part)
        for place in sorted(range(len(spans)), key=lambda place: (-spans[place][1], place)):
            for low in self._boundaries(part, place):
                left = {key: alike for key, alike in part.items() if key[place] in low}
                right = {key: alike for key, alike in part.items() if key[place] not in low}
                if self.good(together(left.values())) and self.good(together(right.values())):
                    return left, right
        return None

    def _boundaries(self, part: _Part, place: int) -> Iterator[frozenset[Hashable]]:
        """Give the values below each boundary that leaves k rows on both sides, the nearest to the median first."""
        times: Counter[Hashable] = Counter()
        for key, alike in part.items():
            times[key[place]] += alike.size
        ordered, total = sorted(times, key=self.hierarchies[place].rank), times.total()
        below, boundaries = 0, []
        for index, value in enumerate(ordered[:-1], 1):
            below += times[value]
            if self.demand.k <= below <= total - self.demand.k:
                boundaries.append((abs(2 * below - total), index))
        yield from (frozenset(ordered[:index]) for _, index in sorted(boundaries)[:_TRIES])


_TRIES = 8
"""How many boundaries of one column are tried: with k alone the first holds; l and t may want another."""


def _parts(base: _Part, cutter: _Cutter) -> Iterator[_Part]:
    waiting = [base]
    while waiting:
        part = waiting.pop()
        halves = cutter.cut(part)
        if halves is None:
            yield part
        else:
            waiting.extend(halves)


def partition(table: pa.Table, *, schema: Schema, demand: Demand) -> Anonymised:
    """Return the table with a label for each class of its own, such as ``[21, 34]`` or ``杭州 | 宁波``; no row is lost.

    `CannotAnonymise` when even the whole table as one class misses the demand. An empty table stays empty.
    """
    check(table, schema, max_suppressed=0.0)
    base = classes(table, schema)
    whole = together(base.values())
    cutter = _Cutter(tuple(schema.quasi.values()), demand, tuple(schema.sensitive.values()), whole)
    if base and not cutter.good(whole):
        raise CannotAnonymise(say("These rows cannot be made alike enough, even all together."))
    labels: dict[Key, Key] = {}
    costs: list[tuple[int, float]] = []
    sizes: Counter[Key] = Counter()
    for part in _parts(base, cutter) if base else ():
        spans = cutter.spans(part)
        label, cost = tuple(text for text, _ in spans), sum(cost for _, cost in spans) / len(spans)
        for key, alike in part.items():
            labels[key] = label
            costs.append((alike.size, cost))
            sizes[label] += alike.size
    by_row = {row: labels[key] for row, key in enumerate(keys(table, schema.quasi))}
    lost = loss(costs, sizes=list(sizes.values()), rows=table.num_rows)
    return release(table, schema, labels=by_row, loss=lost, levels={})
