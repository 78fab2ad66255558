"""Aggregates: near the truth, bounded for each person, blind to order, and exact about what they cost."""

from collections.abc import Callable
from fractions import Fraction
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intelligence.privacy.people import shuffled
from xingtan.core.errors import Invalid
from xingtan.intelligence.privacy.aggregates import Bounds, count, histogram, mean, total
from xingtan.intelligence.privacy.budget import Answer

PAID = Bounds(0, 100)
PLAIN = Fraction(1000)  # so much ε that the noise is nothing: what is left is what is counted

numbers = st.one_of(st.none(), st.just(float("nan")), st.just(float("inf")), st.integers(-300, 300).map(float))


@st.composite
def purchases(draw: st.DrawFn) -> pa.Table:
    size = draw(st.integers(0, 20))
    people = draw(st.lists(st.integers(1, 6), min_size=size, max_size=size))
    values = draw(st.lists(numbers, min_size=size, max_size=size))
    topics = draw(st.lists(st.sampled_from(("诗词", "书法", "别的", None)), min_size=size, max_size=size))
    return pa.table(
        {
            "who": pa.array(people, pa.int64()),
            "paid": pa.array(values, pa.float64(), from_pandas=False),
            "topic": pa.array(topics, pa.string()),
        }
    )


def each(table: pa.Table, epsilon: Fraction, seed: int = 0) -> list[Answer]:
    """Return one answer of each kind, its noise drawn from the seed."""
    below = Random(seed).randrange
    return [
        count(table, person="who", at_most=2, epsilon=epsilon, below=below),
        total(table, person="who", value="paid", bounds=PAID, epsilon=epsilon, below=below),
        histogram(table, person="who", category="topic", categories=["诗词", "书法"], epsilon=epsilon, below=below),
        mean(table, person="who", value="paid", bounds=PAID, epsilon=epsilon, below=below),
    ]


@given(purchases(), st.integers())
def test_the_order_of_rows_changes_nothing(table: pa.Table, seed: int) -> None:
    before = str(table.to_pylist())
    assert each(shuffled(table, seed), Fraction(1)) == each(table, Fraction(1))
    assert str(table.to_pylist()) == before


@given(purchases(), st.integers(1, 6))
def test_one_person_changes_no_more_than_the_noise_covers(table: pa.Table, person: int) -> None:
    others = pa.array([who != person for who in table.column("who").to_pylist()], pa.bool_())
    without = table.filter(others)
    here, there = each(table, PLAIN), each(without, PLAIN)
    assert abs(here[0].figures["count"] - there[0].figures["count"]) <= 2
    assert abs(here[1].figures["total"] - there[1].figures["total"]) <= 100
    assert sum(abs(here[2].figures[name] - there[2].figures[name]) for name in ("诗词", "书法")) <= 1
    assert abs(here[3].figures["people"] - there[3].figures["people"]) <= 1


def test_what_is_counted() -> None:
    table = pa.table(
        {
            "who": ["a", "a", "a", "b", "c", "d"],
            "paid": [60.0, 70.0, None, -50.0, float("nan"), 30.4],
            "topic": ["诗词", "诗词", "书法", "书法", "别的", None],
        }
    )
    counted, summed, topics, middle = each(table, PLAIN)
    assert counted.figures == {"count": 5}  # a twice, the others once
    assert summed.figures == {"total": 100 + 0 + 30}  # a is held at 100, b at 0, c has nothing
    assert topics.figures == {"诗词": 1, "书法": 1}  # each in her most frequent topic
    assert middle.figures["people"] == 3
    assert middle.figures["mean"] == Fraction(130, 3)


def test_nobody_is_a_count_like_another() -> None:
    empty = pa.table(
        {"who": pa.array([], pa.int64()), "paid": pa.array([], pa.float64()), "topic": pa.array([], pa.string())}
    )
    counted, summed, topics, middle = each(empty, PLAIN)
    assert (
        counted.figures["count"] == summed.figures["total"] == topics.figures["诗词"] == middle.figures["people"] == 0
    )
    assert 0 <= middle.figures["mean"] <= 100


def test_answers_are_near_the_truth_as_often_as_they_say() -> None:
    table = pa.table(
        {"who": list(range(400)), "paid": [who % 90 for who in range(400)], "topic": ["诗词"] * 300 + ["书法"] * 100}
    )
    truth = [{"count": 400}, {"total": sum(who % 90 for who in range(400))}, {"诗词": 300, "书法": 100}]
    truth.append({"mean": Fraction(truth[1]["total"], 400), "people": 400})  # type: ignore[dict-item]
    runs, within, asked = 300, 0, 0
    for seed in range(runs):
        for answer, true in zip(each(table, Fraction(1, 2), seed), truth, strict=True):
            for name, figure in answer.figures.items():
                within += abs(figure - true[name]) <= answer.margins[name]
                asked += 1
    assert within / asked > 0.95


def test_a_finer_unit_gives_a_finer_answer() -> None:
    table = pa.table({"who": [1], "paid": [0.26]})
    found = total(table, person="who", value="paid", bounds=Bounds(0, 1, Fraction(1, 10)), epsilon=PLAIN)
    assert found.figures["total"] == Fraction(3, 10)


def refused(ask: Callable[[], object]) -> None:
    with pytest.raises(Invalid):
        ask()


def test_what_cannot_be_asked_is_refused() -> None:
    table = pa.table({"who": [1, None], "paid": ["1", "2"]})
    named = pa.table({"who": [1, 2], "paid": ["1", "2"]})
    refused(lambda: count(table, person="who", epsilon=PLAIN))
    refused(lambda: count(named, person="nobody", epsilon=PLAIN))
    refused(lambda: count(named, person="who", at_most=0, epsilon=PLAIN))
    refused(lambda: count(named, person="who", epsilon=Fraction(-1)))
    refused(lambda: total(named, person="who", value="paid", bounds=PAID, epsilon=PLAIN))
    refused(lambda: histogram(named, person="who", category="paid", categories=[], epsilon=PLAIN))
    refused(lambda: histogram(named, person="who", category="paid", categories=["1", "1"], epsilon=PLAIN))
    refused(lambda: Bounds(5, 5))
    refused(lambda: Bounds(0, 1, Fraction(2, 3)))
    refused(lambda: Bounds(0, 1, 0))
