"""A table made alike, with what it lost and how well it hides.

1. Its rows are sorted by what they say: their order tells nothing of the order in which they came.
2. `sources` says which row each came from. It is for the attacks, and never leaves.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from xingtan.intelligence.privacy.measures import Figures, Loss, measure
from xingtan.intelligence.privacy.rows import Key, Schema, keys


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


def _column(table: pa.Table, name: str, *, labels: Sequence[Hashable], sources: Sequence[int]) -> pa.ChunkedArray:
    as_they_were = table.column(name).take(pa.array(sources, pa.int64()))
    if all(new is None or new == old for new, old in zip(labels, as_they_were.to_pylist(), strict=True)):
        return as_they_were
    return pa.chunked_array([pa.array([None if label is None else str(label) for label in labels], pa.string())])


def release(
    table: pa.Table, schema: Schema, *, labels: Mapping[int, Key], loss: Loss, levels: Mapping[str, int]
) -> Anonymised:
    """Return the rows that have labels, in their own order, labelled."""
    secrets = keys(table, schema.sensitive)
    sources = sorted(labels, key=lambda row: (_order(labels[row]), _order(secrets[row])))
    columns = {
        name: _column(table, name, labels=[labels[row][place] for row in sources], sources=sources)
        for place, name in enumerate(schema.quasi)
    }
    columns |= {name: table.column(name).take(pa.array(sources, pa.int64())) for name in schema.sensitive}
    made = pa.table(columns)
    return Anonymised(made, measure(made, schema), loss, levels, tuple(sources))
