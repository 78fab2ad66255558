"""Attacks succeed where they should, fail where they should, and say how sure they are."""

from collections import Counter
from fractions import Fraction
from random import Random

import pyarrow as pa
import pytest

from tests.intelligence.privacy.people import SCHEMA, population, shuffled
from xingtan.core.errors import Invalid
from xingtan.intelligence.privacy.aggregates import count
from xingtan.intelligence.privacy.attacks import (
    Attacked,
    at_best,
    distinguish,
    inference,
    least_epsilon,
    linkage,
    membership,
    wilson,
)
from xingtan.intelligence.privacy.lattice import generalise
from xingtan.intelligence.privacy.measures import Demand
from xingtan.intelligence.privacy.mondrian import partition

PEOPLE = 400


def unique(size: int) -> pa.Table:
    """Return people of whom nobody is like another."""
    people = population(size, Random(5))
    ages = pa.array([age + place / 1000 for place, age in enumerate(people.column("age").to_pylist())])
    return people.set_column(0, "age", ages)


def test_raw_rows_give_everybody_away() -> None:
    people = unique(PEOPLE)
    linked = linkage(people, sources=range(PEOPLE), register=people, schema=SCHEMA, rng=Random(1))
    told = inference(people, sources=range(PEOPLE), register=people, schema=SCHEMA, sensitive="spent", rng=Random(1))
    assert (linked.success, told.success) == (1.0, 1.0)
    assert linked.baseline == 1 / PEOPLE
    assert linked.lead > 0.9


@pytest.mark.parametrize("k", [2, 5, 20])
def test_linkage_finds_no_more_than_one_in_k(k: int) -> None:
    people = population(PEOPLE, Random(5))
    for made in (
        generalise(people, schema=SCHEMA, demand=Demand(k=k), max_suppressed=0.05),
        partition(people, schema=SCHEMA, demand=Demand(k=k)),
    ):
        found = linkage(made.table, sources=made.sources, register=people, schema=SCHEMA, rng=Random(1))
        assert found.tries == made.table.num_rows
        assert found.low <= 1 / k
        assert found.success < 1.5 / k


def test_a_class_of_one_value_gives_the_value_away_whatever_its_k() -> None:
    people = pa.table({
        "age": [20] * 50 + [60] * 50, "city": ["杭州"] * 100, "device": ["desk"] * 100,
        "spent": [1] * 50 + [9] * 50, "topic": ["茶"] * 100,
    })  # fmt: skip
    told = inference(people, sources=range(100), register=people, schema=SCHEMA, sensitive="spent", rng=Random(1))
    assert (told.success, told.baseline) == (1.0, 0.5)
    close = generalise(people, schema=SCHEMA, demand=Demand(k=50, t=0.1))
    told = inference(
        close.table, sources=close.sources, register=people, schema=SCHEMA, sensitive="spent", rng=Random(1)
    )
    assert told.low <= told.baseline <= told.high


def test_membership_shows_in_raw_rows_and_not_in_coarse_ones() -> None:
    people = unique(2 * PEOPLE)
    members, strangers = people.slice(0, PEOPLE), people.slice(PEOPLE)
    raw = membership(members, members=members, strangers=strangers, schema=SCHEMA, rng=Random(1))
    assert raw.success == 1.0
    coarse = generalise(members, schema=SCHEMA, demand=Demand(k=100, t=0.2), max_suppressed=0.05)
    hidden = membership(coarse.table, members=members, strangers=strangers, schema=SCHEMA, rng=Random(1))
    assert hidden.low < 0.55
    assert (raw.baseline, raw.tries) == (0.5, PEOPLE)


def test_the_order_of_rows_changes_nothing() -> None:
    people = population(200, Random(5))
    made = generalise(people.slice(0, 100), schema=SCHEMA, demand=Demand(k=5))
    mixed = shuffled(people.slice(0, 100), 9)
    again = generalise(mixed, schema=SCHEMA, demand=Demand(k=5))
    told = [
        inference(
            one.table, sources=one.sources, register=register, schema=SCHEMA, sensitive="spent", rng=Random(1)
        ).success
        for one, register in ((made, people.slice(0, 100)), (again, mixed))
    ]
    assert told[0] == told[1]
    who = [
        membership(made.table, members=members, strangers=people.slice(100), schema=SCHEMA, rng=Random(1))
        for members in (people.slice(0, 100), mixed)
    ]
    assert who[0] == who[1]


@pytest.mark.parametrize("epsilon", [Fraction(1, 10), Fraction(1), Fraction(3)], ids=str)
def test_one_answer_tells_no_more_than_differential_privacy_allows(epsilon: Fraction) -> None:
    with_her, without = pa.table({"who": list(range(50))}), pa.table({"who": list(range(49))})
    below = Random(4).randrange
    found = distinguish(
        lambda table: count(table, person="who", epsilon=epsilon, below=below).figures["count"],
        table=with_her, neighbour=without, tries=4000,
    )  # fmt: skip
    assert found.low <= at_best(epsilon)
    assert found.high > 0.5 + 0.7 * (at_best(epsilon) - 0.5)  # and it is a good attack: it comes near the bound


def test_an_exact_answer_tells_everything() -> None:
    with_her, without = pa.table({"who": list(range(50))}), pa.table({"who": list(range(49))})
    found = distinguish(lambda table: Fraction(table.num_rows), table=with_her, neighbour=without, tries=100)
    assert found.success == 1.0


def test_nothing_to_attack_is_no_success() -> None:
    nobody = population(0, Random(1))
    found = linkage(nobody, sources=[], register=nobody, schema=SCHEMA, rng=Random(1))
    assert found == Attacked("linkage", 0.0, 0.0, 1.0, 0.0, 0)
    with pytest.raises(Invalid):
        least_epsilon(Counter(), Counter())


def test_wilson_is_the_interval_of_the_books() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
