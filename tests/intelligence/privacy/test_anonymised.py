"""Both ways to make a table alike: they meet the demand, lose little, and change nothing that they were given."""

from collections import Counter
from itertools import product
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intelligence.privacy.by_hand import Row, measured, plain
from tests.intelligence.privacy.people import SCHEMA, population, rows_of, shuffled, tables
from xingtan.core.errors import Invalid
from xingtan.intelligence.privacy.anonymised import Anonymised
from xingtan.intelligence.privacy.errors import CannotAnonymise
from xingtan.intelligence.privacy.hierarchies import Intervals, Whole
from xingtan.intelligence.privacy.lattice import generalise
from xingtan.intelligence.privacy.measures import Demand, measure
from xingtan.intelligence.privacy.mondrian import partition
from xingtan.intelligence.privacy.rows import Scale, Schema, values

demands = st.builds(
    Demand,
    k=st.integers(1, 4),
    distinct_l=st.integers(1, 2),
    entropy_l=st.sampled_from((1.0, 1.3)),
    t=st.sampled_from((0.4, 1.0)),
)
shares = st.sampled_from((0.0, 0.2, 0.5))


def made(table: pa.Table, demand: Demand, share: float) -> list[Anonymised]:
    """Return what each of the two ways makes of the table, if anything."""
    found = []
    for way in (
        lambda: generalise(table, schema=SCHEMA, demand=demand, max_suppressed=share),
        lambda: partition(table, schema=SCHEMA, demand=demand),
    ):
        try:
            found.append(way())
        except CannotAnonymise:
            continue
    return found


@given(tables(), demands, shares)
def test_what_is_made_meets_the_demand_and_is_about_the_same_people(
    table: pa.Table, demand: Demand, share: float
) -> None:
    before = rows_of(table)
    for anonymised in made(table, demand, share):
        assert anonymised.figures == measure(anonymised.table, SCHEMA)
        assert not table.num_rows or anonymised.figures.meets(demand)
        assert anonymised.loss.suppressed <= share
        assert 0 <= anonymised.loss.ncp <= 1
        assert Counter(anonymised.sources).total() == len(set(anonymised.sources)) == anonymised.table.num_rows
        for name, hierarchy in SCHEMA.quasi.items():
            truth = values(table, name)
            for label, source in zip(values(anonymised.table, name), anonymised.sources, strict=True):
                assert hierarchy.covers(label, truth[source])
        for name in SCHEMA.sensitive:
            truth = values(table, name)
            assert values(anonymised.table, name) == [truth[source] for source in anonymised.sources]
    assert rows_of(table) == before


@given(tables(), demands, shares, st.integers())
def test_the_order_of_rows_changes_nothing(table: pa.Table, demand: Demand, share: float, seed: int) -> None:
    here, there = made(table, demand, share), made(shuffled(table, seed), demand, share)
    assert [one.table.to_pylist() for one in here] == [one.table.to_pylist() for one in there]
    assert [(one.figures, one.loss, one.levels) for one in here] == [
        (one.figures, one.loss, one.levels) for one in there
    ]


def every_node(table: pa.Table, demand: Demand, share: float) -> float | None:
    """Return the least NCP over the whole lattice, each node labelled and thinned out by hand."""
    rows = plain(table)
    nodes = product(*(range(hierarchy.height + 1) for hierarchy in SCHEMA.quasi.values()))
    return min((ncp for node in nodes if (ncp := at_node(rows, node, demand, share=share)) is not None), default=None)


def at_node(rows: list[Row], node: tuple[int, ...], demand: Demand, *, share: float) -> float | None:
    quasi = [(name, hierarchy, level) for (name, hierarchy), level in zip(SCHEMA.quasi.items(), node, strict=True)]
    labelled = [(tuple(h.label(row[name], level) for name, h, level in quasi), row) for row in rows]
    kept, before = labelled, None
    while kept and len(kept) != before:
        before = len(kept)
        stay = [row for _, row in kept]
        good = {label for label, _ in kept if measured([row for its, row in kept if its == label], stay).meets(demand)}
        kept = [(label, row) for label, row in kept if label in good]
    dropped = len(rows) - len(kept)
    if not kept or dropped > share * len(rows) + 1e-9:
        return None
    lost = sum(sum(h.cost(row[name], level) for name, h, level in quasi) / len(quasi) for _, row in kept)
    return (lost + dropped) / len(rows)


@settings(max_examples=25, deadline=None)
@given(tables(least=1, most=10), demands, shares)
def test_the_lattice_finds_the_best_node_of_all(table: pa.Table, demand: Demand, share: float) -> None:
    best = every_node(table, demand, share)
    try:
        found = generalise(table, schema=SCHEMA, demand=demand, max_suppressed=share).loss.ncp
    except CannotAnonymise:
        found = None
    assert (found is None) == (best is None)
    assert found == pytest.approx(best)


def test_the_example() -> None:
    ages = pa.table({"age": [21, 24, 25, 38, 39], "grade": ["A", "B", "A", "B", "C"]})
    schema = Schema({"age": Intervals((10, 20), low=0, high=100)}, {"grade": Scale.ORDERED})
    found = generalise(ages, schema=schema, demand=Demand(k=2)).table
    assert found.column("age").to_pylist() == ["[20, 30)"] * 3 + ["[30, 40)"] * 2
    local = partition(ages, schema=schema, demand=Demand(k=2)).table
    assert local.column("age").to_pylist() == ["[21, 24]"] * 2 + ["[25, 39]"] * 3


def test_a_partition_is_finer_than_the_lattice_on_a_crowd() -> None:
    crowd, demand = population(2000, Random(7)), Demand(k=5)
    best = generalise(crowd, schema=SCHEMA, demand=demand, max_suppressed=0.02)
    local = partition(crowd, schema=SCHEMA, demand=demand)
    assert local.loss.ncp < best.loss.ncp
    assert local.loss.discernibility < best.loss.discernibility


def test_nothing_in_nothing_out() -> None:
    empty = population(0, Random(1))
    for anonymised in (
        generalise(empty, schema=SCHEMA, demand=Demand()),
        partition(empty, schema=SCHEMA, demand=Demand()),
    ):
        assert anonymised.table.num_rows == anonymised.figures.k == 0
        assert anonymised.table.column_names == empty.column_names


def test_one_row_cannot_hide() -> None:
    one = population(1, Random(1))
    for way in (generalise, partition):
        with pytest.raises(CannotAnonymise):
            way(one, schema=SCHEMA, demand=Demand(k=2))


def test_a_table_of_another_shape_is_refused() -> None:
    crowd = population(10, Random(1))
    for table in (crowd.append_column("email", [["x"] * 10]), crowd.drop_columns(["age"])):
        with pytest.raises(Invalid):
            generalise(table, schema=SCHEMA, demand=Demand())
        with pytest.raises(Invalid):
            partition(table, schema=SCHEMA, demand=Demand())
    with pytest.raises(Invalid):
        generalise(crowd, schema=SCHEMA, demand=Demand(), max_suppressed=1.0)
    nested = pa.table({"age": [[1], [2]]})
    with pytest.raises(Invalid):
        generalise(nested, schema=Schema({"age": Whole()}), demand=Demand())
