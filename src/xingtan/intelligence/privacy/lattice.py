"""The best full-domain generalisation: one level for each column, and few rows suppressed.

The levels of all columns form a lattice. A node's generalisation alone costs at least so much, whatever is
suppressed; nodes are visited from the least such bound upward, and the search ends where no bound can beat the best
node found. A node at which too many rows stand in classes below k rules out every node beneath it, because classes
only grow upward (Samarati 2001, LeFevre et al. 2005, Kohlmayer et al. 2012). The answer is the least NCP among all
nodes; of equal ones, the lowest.

It does not choose what a column means: a poor hierarchy gives a poor table.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import pyarrow as pa

from xingtan.core.errors import Invalid, say
from xingtan.intelligence.privacy.anonymised import Anonymised, release
from xingtan.intelligence.privacy.errors import CannotAnonymise
from xingtan.intelligence.privacy.hierarchies import Hierarchy
from xingtan.intelligence.privacy.measures import Demand, figures, loss
from xingtan.intelligence.privacy.rows import Alike, Key, Scale, Schema, classes, keys, together

MAX_NODES = 100_000
_ROUNDING = 1e-12

Node = tuple[int, ...]


@dataclass(slots=True)
class _Search:
    hierarchies: Sequence[Hierarchy]
    base: Mapping[Key, Alike]
    demand: Demand
    scales: Sequence[Scale]
    may_drop: int
    hopeless: list[Node] = field(default_factory=list)

    def bound(self, node: Node) -> float:
        """Return the summed cost of the labels alone: a suppressed row costs at least as much as its labels."""
        return math.fsum(alike.size * self.cost(key, node) for key, alike in self.base.items())

    def cost(self, key: Key, node: Node) -> float:
        each = (h.cost(value, level) for h, value, level in zip(self.hierarchies, key, node, strict=True))
        return math.fsum(each) / len(self.hierarchies)

    def groups(self, node: Node) -> tuple[dict[Key, Key], dict[Key, Alike]]:
        """Return each base class's labels, and the classes that they form."""
        known: list[dict[Hashable, Hashable]] = [{} for _ in node]
        labels: dict[Key, Key] = {}
        merged: dict[Key, Alike] = {}
        for key, alike in self.base.items():
            label = []
            for place, value in enumerate(key):
                if value not in known[place]:
                    known[place][value] = self.hierarchies[place].label(value, node[place])
                label.append(known[place][value])
            labels[key] = tuple(label)
            merged.setdefault(labels[key], Alike()).add(alike)
        return labels, merged

    def try_node(self, node: Node) -> tuple[dict[Key, Key], dict[Key, Alike]] | None:
        """Return labels and the classes that stay, or None when too few rows would."""
        if any(all(mine <= its for mine, its in zip(node, other, strict=True)) for other in self.hopeless):
            return None
        labels, merged = self.groups(node)
        if sum(alike.size for alike in merged.values() if alike.size < self.demand.k) > self.may_drop:
            self.hopeless.append(node)
            return None
        kept = settled(merged, self.demand, scales=self.scales)
        dropped = sum(alike.size for alike in merged.values()) - sum(alike.size for alike in kept.values())
        return (labels, kept) if kept and dropped <= self.may_drop else None


def settled(groups: Mapping[Key, Alike], demand: Demand, *, scales: Sequence[Scale]) -> dict[Key, Alike]:
    """Return the classes that meet the demand, closeness being measured to what stays, until none has to go."""
    kept = dict(groups)
    while kept:
        whole = together(kept.values())
        good = {key: one for key, one in kept.items() if figures(one, whole, scales=scales).meets(demand)}
        if len(good) == len(kept):
            break
        kept = good
    return kept


def _nodes(search: _Search) -> Iterator[tuple[float, Node]]:
    heights = [hierarchy.height for hierarchy in search.hierarchies]
    if math.prod(height + 1 for height in heights) > MAX_NODES:
        raise Invalid.of("quasi", say("There are too many combinations of levels; use fewer columns or levels."))
    by_level = _costs_by_level(search)
    for node in product(*(range(height + 1) for height in heights)):
        yield math.fsum(by_level[place][level] for place, level in enumerate(node)) / len(heights), node


def _costs_by_level(search: _Search) -> list[list[float]]:
    costs = []
    for place, hierarchy in enumerate(search.hierarchies):
        times: Counter[Hashable] = Counter()
        for key, alike in search.base.items():
            times[key[place]] += alike.size
        costs.append(
            [
                math.fsum(n * hierarchy.cost(value, level) for value, n in times.items())
                for level in range(hierarchy.height + 1)
            ]
        )
    return costs


def _ncp(search: _Search, node: Node, *, labels: Mapping[Key, Key], kept: Mapping[Key, Alike]) -> float:
    return math.fsum(
        alike.size * (search.cost(key, node) if labels[key] in kept else 1.0) for key, alike in search.base.items()
    )


def _best(search: _Search) -> tuple[Node, dict[Key, Key], dict[Key, Alike]]:
    best: tuple[float, Node, dict[Key, Key], dict[Key, Alike]] | None = None
    for bound, node in sorted(_nodes(search)):
        if best is not None and bound > best[0] + _ROUNDING * max(1.0, bound):
            break
        if (found := search.try_node(node)) is not None:
            ncp = _ncp(search, node, labels=found[0], kept=found[1])
            best = min((best, (ncp, node, *found)), key=lambda one: (one[0], one[1])) if best else (ncp, node, *found)
    if best is None:
        raise CannotAnonymise(say("These rows cannot be made alike enough without losing too many of them."))
    return best[1:]


def generalise(table: pa.Table, *, schema: Schema, demand: Demand, max_suppressed: float = 0.0) -> Anonymised:
    """Return the table of least NCP that meets the demand with at most this share of rows suppressed.

    `CannotAnonymise` when there is none; `Invalid` when the table is not of the schema. An empty table stays empty.

    >>> ages = pa.table({"age": [21, 24, 25, 38, 39], "grade": ["A", "B", "A", "B", "C"]})
    >>> schema = Schema({"age": Intervals((10, 20), low=0, high=100)}, {"grade": Scale.ORDERED})
    >>> generalise(ages, schema=schema, demand=Demand(k=2)).table.column("age").to_pylist()
    ['[20, 30)', '[20, 30)', '[20, 30)', '[30, 40)', '[30, 40)']
    """
    check(table, schema, max_suppressed=max_suppressed)
    if not table.num_rows:
        return release(table, schema, labels={}, loss=loss([], sizes=[], rows=0), levels=dict.fromkeys(schema.quasi, 0))
    may_drop = math.floor(max_suppressed * table.num_rows + _ROUNDING)
    scales = tuple(schema.sensitive.values())
    search = _Search(tuple(schema.quasi.values()), classes(table, schema), demand, scales, may_drop)
    node, labels, kept = _best(search)
    by_row = {row: labels[key] for row, key in enumerate(keys(table, schema.quasi)) if labels[key] in kept}
    costs = [(alike.size, search.cost(key, node)) for key, alike in search.base.items() if labels[key] in kept]
    lost = loss(costs, sizes=[alike.size for alike in kept.values()], rows=table.num_rows)
    levels = dict(zip(schema.quasi, node, strict=True))
    return release(table, schema, labels=by_row, loss=lost, levels=levels)


def check(table: pa.Table, schema: Schema, *, max_suppressed: float) -> None:
    """Refuse a table that is not of the schema, and a share that is none."""
    if faults := schema.faults(table):
        raise Invalid(faults)
    if not 0 <= max_suppressed < 1:
        raise Invalid.of("max_suppressed", say("The share of rows suppressed lies between 0 and 1."))
