"""A table as classes: which rows look alike to somebody who knows their quasi-identifiers.

1. Null and NaN are one missing value.
2. Every column of a table to be released is declared: quasi-identifier or sensitive.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.intelligence.privacy.hierarchies import Hierarchy

Key = tuple[Hashable, ...]


class Scale(StrEnum):
    """How far apart two sensitive values are: merely different, or so many steps."""

    CATEGORICAL = "categorical"
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True)
class Schema:
    """What each column of a release is."""

    quasi: Mapping[str, Hierarchy]
    sensitive: Mapping[str, Scale] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.quasi:
            raise Invalid.of("quasi", say("Name at least one quasi-identifier."))
        if both := sorted(set(self.quasi) & set(self.sensitive)):
            raise Invalid.of(both[0], say("The column %(name)s cannot be both.", name=both[0]))

    def faults(self, table: pa.Table) -> dict[str, Sentence]:
        """Return what keeps the table from being of this schema, by column."""
        declared = [*self.quasi, *self.sensitive]
        missing = {name: _no_column(name) for name in declared if name not in table.column_names}
        undeclared = {
            name: say("The column %(name)s is not declared.", name=name)
            for name in table.column_names
            if name not in declared
        }
        return missing | undeclared


@dataclass(slots=True)
class Alike:
    """The rows of one class: how many, and how often each sensitive value occurs, by sensitive column."""

    size: int = 0
    counts: tuple[Counter[Hashable], ...] = ()

    def add(self, other: "Alike") -> None:
        """Take in the rows of another class."""
        if not self.counts:
            self.counts = tuple(Counter() for _ in other.counts)
        self.size += other.size
        for mine, theirs in zip(self.counts, other.counts, strict=True):
            for value, times in theirs.items():
                mine[value] += times


def _no_column(name: str) -> Sentence:
    return say("There is no column %(name)s.", name=name)


def values(table: pa.Table, name: str) -> list[Hashable]:
    """Return a column's values, NaN as None; `Invalid` when it is not there or not made of plain values."""
    if table.column_names.count(name) != 1:
        raise Invalid.of(name, _no_column(name))
    column = table.column(name)
    if pa.types.is_nested(column.type):
        raise Invalid.of(name, say("The column %(name)s holds more than plain values.", name=name))
    if pa.types.is_floating(column.type):  # adding zero makes −0 and 0 one value
        return [None if value is None or math.isnan(value) else value + 0.0 for value in column.to_pylist()]
    return list(column.to_pylist())


def keys(table: pa.Table, names: Iterable[str]) -> list[Key]:
    """Return each row's values of these columns."""
    columns = [values(table, name) for name in names]
    return list(zip(*columns, strict=True)) if columns else [()] * table.num_rows


def classes(table: pa.Table, schema: Schema) -> dict[Key, Alike]:
    """Return the classes of the table by their quasi-identifiers, as they stand in it."""
    sensitive = keys(table, schema.sensitive)
    found: dict[Key, Alike] = {}
    for key, secrets in zip(keys(table, schema.quasi), sensitive, strict=True):
        alike = found.get(key)
        if alike is None:
            alike = found[key] = Alike(0, tuple(Counter() for _ in secrets))
        alike.size += 1
        for counter, value in zip(alike.counts, secrets, strict=True):
            counter[value] += 1
    return found


def together(groups: Iterable[Alike]) -> Alike:
    """Return all classes as one."""
    whole = Alike()
    for alike in groups:
        whole.add(alike)
    return whole
