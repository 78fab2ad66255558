"""How a value becomes coarser, level by level.

1. Level 0 is the value itself; the level of `height` is `*` for every value.
2. Labels are nested: values alike at one level are alike at each later one.
3. What a hierarchy does not know becomes `*` at level 1; a missing value stays apart until the top.
4. A cost is between 0 (the value itself) and 1 (nothing is said any more).
"""

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

from xingtan.core.errors import Invalid, say

ANY = "*"
Rank = tuple[int, tuple[object, ...]]

_INTERVAL = re.compile(r"\[([-+.\de]{1,40}), ([-+.\de]{1,40})([)\]])")
_OR = " | "


class Hierarchy(Protocol):
    """The levels of one column."""

    @property
    def height(self) -> int:
        """Return the level at which every value is `*`."""

    def label(self, value: Hashable, level: int) -> Hashable:
        """Return what stands for the value at the level."""

    def cost(self, value: Hashable, level: int) -> float:
        """Return what the label loses of the value, from 0 to 1."""

    def rank(self, value: Hashable) -> Rank:
        """Return a key that puts neighbours beside each other."""

    def span(self, values: Sequence[Hashable]) -> tuple[str | None, float]:
        """Return one label for all these values, and its cost."""

    def covers(self, label: Hashable, value: Hashable) -> bool:
        """Say whether a row with this label may be about this value."""


def _number(value: Hashable) -> Fraction | None:
    """Return the value as it is written, or None when it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | Decimal) or not math.isfinite(value):
        return None
    return Fraction(value if isinstance(value, int | Fraction) else str(value))


def _text(value: Hashable) -> str:
    """Return how a value reads; 2.0 as 2, because they are equal."""
    number = _number(value)
    return str(value if number is None or number.denominator > 1 else number.numerator)


def _itself(label: Hashable, value: Hashable) -> bool:
    return label in (ANY, value) or (value is not None and label == _text(value))


def _one(values: Sequence[Hashable]) -> tuple[str | None, float]:
    return (None if values[0] is None else _text(values[0])), 0.0


@dataclass(frozen=True, slots=True)
class Intervals:
    """Numbers in intervals of growing widths, counted from `low`; `low` and `high` bound what is expected."""

    widths: tuple[int, ...]
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low >= self.high or any(width <= 0 for width in self.widths):
            raise Invalid.of("widths", say("The widths and the range of a hierarchy must be positive."))
        if any(wider % width or wider == width for width, wider in pairwise(self.widths)):
            raise Invalid.of("widths", say("Each width must be a multiple of the one before."))

    @property
    def height(self) -> int:
        """Return the level at which every value is `*`."""
        return len(self.widths) + 1

    def label(self, value: Hashable, level: int) -> Hashable:
        """Return the value, its interval such as ``[20, 30)``, or `*`."""
        if level == 0 or (value is None and level < self.height):
            return value
        if level >= self.height or (number := _number(value)) is None:
            return ANY
        width = self.widths[level - 1]
        start = self.low + (number - self.low) // width * width
        return f"[{start}, {start + width})"

    def cost(self, value: Hashable, level: int) -> float:
        """Return the interval's share of the range."""
        if level == 0 or (value is None and level < self.height):
            return 0.0
        if level >= self.height or _number(value) is None:
            return 1.0
        return min(1.0, self.widths[level - 1] / (self.high - self.low))

    def rank(self, value: Hashable) -> Rank:
        """Return a key that sorts numbers by size, the missing first, what is no number last."""
        if value is None:
            return 0, ()
        number = _number(value)
        return (2, (str(value),)) if number is None else (1, (number,))

    def span(self, values: Sequence[Hashable]) -> tuple[str | None, float]:
        """Return the closed interval from the smallest to the largest, such as ``[21, 34]``."""
        distinct = sorted(set(values), key=self.rank)
        if len(distinct) == 1:
            return _one(distinct)
        first, last = _number(distinct[0]), _number(distinct[-1])
        if first is None or last is None:
            return ANY, 1.0
        return f"[{_text(distinct[0])}, {_text(distinct[-1])}]", min(
            1.0, float((last - first) / (self.high - self.low))
        )

    def covers(self, label: Hashable, value: Hashable) -> bool:
        """Say whether the value is, or lies in, the label."""
        if _itself(label, value):
            return True
        number, match = _number(value), _INTERVAL.fullmatch(str(label))
        if number is None or match is None:
            return False
        low, high = Fraction(match[1]), Fraction(match[2])
        return low <= number < high or (match[3] == "]" and number == high)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Categories in a tree: each leaf with its labels from the finest to the coarsest, all of one length."""

    paths: Mapping[Hashable, tuple[str, ...]]
    _sizes: dict[tuple[int, Hashable], int] = field(init=False, repr=False, compare=False, default_factory=dict)
    _children: dict[tuple[int, Hashable], set[Hashable]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        parents: dict[tuple[int, Hashable], str] = {}
        if not self.paths or len({len(path) for path in self.paths.values()}) > 1:
            raise Invalid.of("paths", say("Every category needs a path of the same length."))
        for leaf, path in self.paths.items():
            chain = (leaf, *path, ANY)
            if leaf is None or ANY in chain[:-1]:
                raise Invalid.of("paths", say("A category may be neither missing nor an asterisk."))
            for level, (child, parent) in enumerate(pairwise(chain)):
                if parents.setdefault((level, child), str(parent)) != parent:
                    raise Invalid.of("paths", say("The category %(name)s lies in two places.", name=str(child)))
                self._children.setdefault((level + 1, parent), set()).add(child)
            for level, label in enumerate(chain):
                self._sizes[level, label] = self._sizes.get((level, label), 0) + 1

    @property
    def height(self) -> int:
        """Return the level at which every value is `*`."""
        return len(next(iter(self.paths.values()))) + 1

    def label(self, value: Hashable, level: int) -> Hashable:
        """Return the value, or the category that holds it at the level."""
        if level == 0 or (value is None and level < self.height):
            return value
        return self.paths[value][level - 1] if level < self.height and value in self.paths else ANY

    def cost(self, value: Hashable, level: int) -> float:
        """Return the share of the other leaves from which the value can no longer be told."""
        if level == 0 or (value is None and level < self.height):
            return 0.0
        return self._cost(self._sizes[level, label]) if (label := self.label(value, level)) != ANY else 1.0

    def _cost(self, leaves: int) -> float:
        return (leaves - 1) / max(1, len(self.paths) - 1)

    def rank(self, value: Hashable) -> Rank:
        """Return a key that keeps the leaves of one category together."""
        if value is None:
            return 0, ()
        path = self.paths.get(value)
        return (2, (str(value),)) if path is None else (1, (*reversed(path), str(value)))

    def span(self, values: Sequence[Hashable]) -> tuple[str | None, float]:
        """Return the lowest category that holds all, or those of its parts that occur, such as ``杭州 | 宁波``."""
        distinct = sorted(set(values), key=self.rank)
        if len(distinct) == 1:
            return _one(distinct)
        if any(value not in self.paths for value in distinct):
            return ANY, 1.0
        top = next(level for level in range(1, self.height + 1) if len({self.label(v, level) for v in distinct}) == 1)
        whole = self.label(distinct[0], top)
        parts = {self.label(value, top - 1) for value in distinct}
        if parts == self._children[top, whole]:
            return str(whole), self._cost(self._sizes[top, whole])
        leaves = sum(self._sizes[top - 1, part] for part in parts)
        return _OR.join(sorted(map(str, parts))), self._cost(leaves)

    def covers(self, label: Hashable, value: Hashable) -> bool:
        """Say whether the label is the value or a category that holds it."""
        if _itself(label, value):
            return True
        held = {str(value), *self.paths.get(value, ())}
        return isinstance(label, str) and value is not None and not held.isdisjoint(label.split(_OR))


@dataclass(frozen=True, slots=True)
class Whole:
    """A value, or nothing of it."""

    height: int = field(default=1, init=False)

    def label(self, value: Hashable, level: int) -> Hashable:
        """Return the value, or `*`."""
        return ANY if level else value

    def cost(self, _value: Hashable, level: int) -> float:
        """Return all or nothing."""
        return float(level > 0)

    def rank(self, value: Hashable) -> Rank:
        """Return a key by the value's text."""
        return int(value is not None), (str(value),)

    def span(self, values: Sequence[Hashable]) -> tuple[str | None, float]:
        """Return the one value, or `*`."""
        return _one(values) if len(set(values)) == 1 else (ANY, 1.0)

    def covers(self, label: Hashable, value: Hashable) -> bool:
        """Say whether the label is the value, or says nothing."""
        return _itself(label, value)


def prefixes(
    values: Iterable[str], *, kept: Sequence[int], mark: Callable[[str], str] = lambda text: text + "…"
) -> Taxonomy:
    """Return the taxonomy that keeps ever fewer leading characters, e.g. of a postcode: ``kept=(4, 2)``."""
    return Taxonomy({value: tuple(mark(value[:length]) for length in kept) for value in values})
