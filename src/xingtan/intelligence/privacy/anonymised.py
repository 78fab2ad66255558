"""A table made alike, with what it lost and how well it hides.

1. Its rows are sorted by what they say: their order tells nothing of the order in which they came.
2. What is missing is null, however it was missing before.
3. `sources` says which row each came from. It is for the attacks, and never leaves.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from xingtan.intelligence.privacy.measures import Figures, Loss, measure
from xingtan.intelligence.privacy.rows import Key, Schema, keys, values


@dataclass(frozen=True, slots=True)
class Anonymised:
    """The table that may be offered to the gate."""

    table: pa.Table
    figures: Figures
    loss: Loss
    levels: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[int, ...] = field(default=(), repr=False)


def _order(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, str(value)) for value in key)


def _kind(table: pa.Table, name: str) -> pa.DataType:
    kind = table.schema.field(name).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _column(table: pa.Table, name: str, *, labels: Sequence[Hashable], sources: Sequence[int]) -> pa.Array:
    """Return the labels, in the column's own type when they are its values still."""
    truth = values(table, name)
    if all(new is None or new == truth[source] for new, source in zip(labels, sources, strict=True)):
        return pa.array(labels, _kind(table, name))
    return pa.array([None if label is None else str(label) for label in labels], pa.string())


def release(
    table: pa.Table, schema: Schema, *, labels: Mapping[int, Key], loss: Loss, levels: Mapping[str, int]
) -> Anonymised:
    """Return the rows that have labels, in their own order, labelled."""
    secrets = keys(table, schema.sensitive)
    sources = sorted(labels, key=lambda row: (_order(labels[row]), _order(secrets[row])))
    seen = {name: [labels[row][place] for row in sources] for place, name in enumerate(schema.quasi)}
    columns = {name: _column(table, name, labels=seen[name], sources=sources) for name in schema.quasi}
    for place, name in enumerate(schema.sensitive):
        columns[name] = pa.array([secrets[row][place] for row in sources], _kind(table, name))
    made = pa.table(columns)
    return Anonymised(made, measure(made, schema), loss, levels, tuple(sources))
