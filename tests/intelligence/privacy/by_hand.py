"""The measures spelt out from their definitions, as slowly as can be."""

import math
from fractions import Fraction

import pyarrow as pa

from tests.intelligence.privacy.people import SCHEMA
from xingtan.intelligence.privacy.measures import Figures
from xingtan.intelligence.privacy.rows import Scale

Row = dict[str, object]


def plain(table: pa.Table) -> list[Row]:
    """Return the rows, NaN being None."""
    return [
        {name: None if value is None or value != value else value for name, value in row.items()}  # noqa: PLR0124 NaN
        for row in table.to_pylist()
    ]


def measured(group: list[Row], rows: list[Row]) -> Figures:
    """Return the measures of one class of these rows."""
    found = []
    for name, scale in SCHEMA.sensitive.items():
        every = sorted({row[name] for row in rows}, key=lambda value: (value is not None, value))
        p = [Fraction(sum(row[name] == value for row in group), len(group)) for value in every]
        q = [Fraction(sum(row[name] == value for row in rows), len(rows)) for value in every]
        if scale is Scale.CATEGORICAL:
            t = sum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2
        else:
            t = sum(abs(sum(p[: i + 1]) - sum(q[: i + 1])) for i in range(len(every))) / max(1, len(every) - 1)
        entropy = -sum(float(a) * math.log(a) for a in p if a)
        found.append((sum(a > 0 for a in p), math.exp(entropy), float(t)))
    ls, es, ts = zip(*found, strict=True)
    return Figures(len(group), min(ls), min(es), max(ts))


def by_hand(table: pa.Table) -> Figures:
    """Return the measures of the table."""
    rows = plain(table)
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in SCHEMA.quasi), []).append(row)
    found = [measured(group, rows) for group in groups.values()]
    return Figures(
        min((one.k for one in found), default=0),
        min((one.distinct_l for one in found), default=0),
        min((one.entropy_l for one in found), default=0.0),
        max((one.t for one in found), default=0.0),
    )
