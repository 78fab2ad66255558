"""A made-up population: what outsiders know of each learner, and what she spent."""

from random import Random

import pyarrow as pa
from hypothesis import strategies as st

from xingtan.intelligence.privacy.hierarchies import Intervals, Taxonomy, Whole
from xingtan.intelligence.privacy.rows import Scale, Schema

CITIES = {
    "杭州": ("浙江", "华东"), "宁波": ("浙江", "华东"), "南京": ("江苏", "华东"), "苏州": ("江苏", "华东"),
    "广州": ("广东", "华南"), "深圳": ("广东", "华南"), "南宁": ("广西", "华南"), "桂林": ("广西", "华南"),
}  # fmt: skip
AGES = Intervals((5, 10, 20), low=0, high=100)
SCHEMA = Schema(
    {"age": AGES, "city": Taxonomy(CITIES), "device": Whole()}, {"spent": Scale.ORDERED, "topic": Scale.CATEGORICAL}
)
TOPICS = ("诗词", "书法", "编程", "茶")


def population(size: int, rng: Random) -> pa.Table:
    """Return rows in which the amount leans on the age, so that there is something to infer."""
    ages = [min(79, max(16, int(rng.gauss(36, 13)))) for _ in range(size)]
    return pa.table(
        {
            "age": ages,
            "city": [rng.choice(sorted(CITIES)) for _ in range(size)],
            "device": [rng.choice(("phone", "desk")) for _ in range(size)],
            "spent": [max(0, min(9, age // 10 + rng.choice((-1, 0, 0, 1)))) for age in ages],
            "topic": [rng.choice(TOPICS) for _ in range(size)],
        }
    )


def rows_of(table: pa.Table) -> list[str]:
    """Return the rows as they read, in their order."""
    return [repr(row) for row in table.to_pylist()]


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    order = list(range(table.num_rows))
    Random(seed).shuffle(order)
    return table.take(pa.array(order, pa.int64()))


ages = st.one_of(st.none(), st.just(float("nan")), st.integers(-5, 120).map(float))
cities = st.one_of(st.none(), st.sampled_from(sorted(CITIES)), st.just("不在表里"))


@st.composite
def tables(draw: st.DrawFn, *, least: int = 0, most: int = 24) -> pa.Table:
    size = draw(st.integers(least, most))

    def column(values: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(values, min_size=size, max_size=size))

    return pa.table(
        {
            "age": pa.array(column(ages), pa.float64(), from_pandas=False),
            "city": pa.array(column(cities), pa.string()),
            "device": pa.array(column(st.sampled_from(("phone", "desk"))), pa.string()),
            "spent": pa.array(column(st.one_of(st.none(), st.integers(0, 3))), pa.int64()),
            "topic": pa.array(column(st.sampled_from(TOPICS[:2])), pa.string()),
        }
    )
