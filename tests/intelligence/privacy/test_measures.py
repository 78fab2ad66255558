"""The measures, against their definitions spelt out in the slowest way."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intelligence.privacy.by_hand import by_hand
from tests.intelligence.privacy.people import SCHEMA, shuffled, tables
from xingtan.core.errors import Invalid
from xingtan.intelligence.privacy.hierarchies import Whole
from xingtan.intelligence.privacy.measures import Demand, Figures, discernibility, distance, measure
from xingtan.intelligence.privacy.rows import Scale, Schema

counters = st.dictionaries(st.integers(0, 6), st.integers(1, 9), min_size=1).map(Counter)


@given(tables())
def test_a_table_measures_what_the_definitions_say(table: pa.Table) -> None:
    found, wanted = measure(table, SCHEMA), by_hand(table)
    assert (found.k, found.distinct_l) == (wanted.k, wanted.distinct_l)
    assert found.entropy_l == pytest.approx(wanted.entropy_l)
    assert found.t == pytest.approx(wanted.t)


@given(tables(), st.integers())
def test_the_order_of_rows_changes_nothing(table: pa.Table, seed: int) -> None:
    assert measure(shuffled(table, seed), SCHEMA) == measure(table, SCHEMA)


@given(counters, counters)
def test_a_distance_is_a_share_and_nothing_to_itself(part: Counter[int], rest: Counter[int]) -> None:
    for scale in Scale:
        assert 0 <= distance(part, part + rest, scale=scale) <= 1
        assert distance(part, Counter({value: 2 * n for value, n in part.items()}), scale=scale) == 0


def test_the_example_of_the_paper() -> None:
    # Li et al. 2007: salaries 3k … 11k; {3k, 4k, 5k} is 0.375 away from the whole, {6k, 8k, 11k} is 0.167 away
    whole = Counter(range(3, 12))
    assert distance(Counter((3, 4, 5)), whole, scale=Scale.ORDERED) == pytest.approx(0.375)
    assert distance(Counter((6, 8, 11)), whole, scale=Scale.ORDERED) == pytest.approx(1 / 6)


def test_one_row_is_alone_and_exactly_as_the_whole() -> None:
    one = pa.table({"a": ["x"], "s": ["y"]})
    assert measure(one, Schema({"a": Whole()}, {"s": Scale.CATEGORICAL})) == Figures(1, 1, 1.0, 0.0)


def test_nan_and_null_are_one_missing_value() -> None:
    table = pa.table({"a": pa.array([float("nan"), None, float("nan")], from_pandas=False)})
    assert measure(table, Schema({"a": Whole()})).k == 3


def test_discernibility_counts_pairs_and_what_was_suppressed() -> None:
    assert discernibility([3, 2], suppressed=2, rows=7) == 9 + 4 + 14


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"distinct_l": 0}, {"t": -0.1}, {"t": float("nan")}, {"entropy_l": 0.5}], ids=str
)
def test_a_demand_that_demands_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(Invalid):
        Demand(**wrong)  # type: ignore[arg-type]
