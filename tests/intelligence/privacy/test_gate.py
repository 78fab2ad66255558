"""The gate lets out what meets the demand and withstood the attacks, and names every reason against the rest."""

from fractions import Fraction
from random import Random

import pyarrow as pa
import pytest

from tests.intelligence.privacy.people import SCHEMA, population
from xingtan.intelligence.privacy.aggregates import count
from xingtan.intelligence.privacy.attacks import Attacked, distinguish, inference, linkage, membership
from xingtan.intelligence.privacy.budget import Budget
from xingtan.intelligence.privacy.gate import Gate
from xingtan.intelligence.privacy.hierarchies import Whole
from xingtan.intelligence.privacy.lattice import generalise
from xingtan.intelligence.privacy.measures import Demand
from xingtan.intelligence.privacy.rows import Schema

DEMAND = Demand(k=10, distinct_l=2, t=0.35)
GATE = Gate(DEMAND)
WITHSTOOD = [Attacked(name, 0.5, 0.45, 0.55, 0.5, 400) for name in ("linkage", "inference", "membership")]


def said(table: pa.Table, schema: Schema = SCHEMA, attacks: list[Attacked] = WITHSTOOD) -> list[str]:
    verdict = GATE.judge(table, schema=schema, attacks=attacks)
    assert verdict.may_leave == (not verdict.reasons)
    return [str(reason) for reason in verdict.reasons]


@pytest.fixture(scope="module")
def made() -> pa.Table:
    return generalise(population(600, Random(2)), schema=SCHEMA, demand=DEMAND, max_suppressed=0.05).table


def test_a_table_that_was_made_and_attacked_may_leave() -> None:
    people = population(1200, Random(2))
    members, strangers = people.slice(0, 600), people.slice(600)
    done = generalise(members, schema=SCHEMA, demand=DEMAND, max_suppressed=0.05)
    attacks = [
        linkage(done.table, sources=done.sources, register=people, schema=SCHEMA, rng=Random(1)),
        inference(done.table, sources=done.sources, register=people, schema=SCHEMA, sensitive="spent", rng=Random(1)),
        membership(done.table, members=members, strangers=strangers, schema=SCHEMA, rng=Random(1)),
    ]
    verdict = GATE.judge(done.table, schema=SCHEMA, attacks=attacks)
    assert verdict.reasons == ()
    assert verdict.may_leave
    assert verdict.figures is not None
    assert verdict.figures.meets(DEMAND)
    assert verdict.attacks == tuple(attacks)


def test_raw_rows_may_not_and_every_reason_is_named() -> None:
    people = population(300, Random(2))
    attacks = [
        linkage(people, sources=range(300), register=people, schema=SCHEMA, rng=Random(1)),
        inference(people, sources=range(300), register=people, schema=SCHEMA, sensitive="spent", rng=Random(1)),
    ]
    reasons = said(people, attacks=attacks)
    assert [reason for reason in reasons if "measure k is 1, and 10" in reason]
    assert [reason for reason in reasons if "distinct l is 1" in reason]
    assert [reason for reason in reasons if "measure t" in reason]
    assert [reason for reason in reasons if "membership was not run" in reason]
    assert [reason for reason in reasons if "linkage succeeds" in reason]
    assert [reason for reason in reasons if "inference succeeds" in reason]


def test_what_falls_short_by_one_row_may_not_leave(made: pa.Table) -> None:
    assert said(made) == []
    keys = [tuple(row[name] for name in SCHEMA.quasi) for row in made.to_pylist()]
    smallest = min(set(keys), key=keys.count)
    gone = [place for place, key in enumerate(keys) if key == smallest][: keys.count(smallest) - DEMAND.k + 1]
    short = made.take(pa.array([place for place in range(len(keys)) if place not in gone], pa.int64()))
    assert "The measure k is 9, and 10 is demanded." in said(short)


def test_an_attack_that_was_hardly_run_was_not_run(made: pa.Table) -> None:
    few = [Attacked("membership", 0.5, 0.4, 0.6, 0.5, 10), *WITHSTOOD[:2]]
    assert said(made, attacks=few) == ["The attack membership was not run."]


def test_an_attack_that_leads_too_far_keeps_it_in(made: pa.Table) -> None:
    assert said(made, attacks=[*WITHSTOOD, Attacked("membership", 0.7, 0.65, 0.75, 0.5, 400)]) != []


def test_nothing_and_what_is_not_declared_may_not_leave(made: pa.Table) -> None:
    assert said(made.slice(0, 0)) == ["The table has no rows."]
    assert said(made.append_column("note", [["x"] * made.num_rows])) == ["The column note is not declared."]
    assert said(made.drop_columns(["age"])) == ["There is no column age."]


def test_personal_data_in_a_text_keeps_a_table_in() -> None:
    table = pa.table({"device": ["desk"] * 40, "note": ["打我电话13800138000"] * 20 + ["没有"] * 20})
    reasons = said(table, Schema({"device": Whole()}, {"note": SCHEMA.sensitive["topic"]}))
    assert reasons == ["The column note holds personal data: phone."]


def test_answers_may_leave_when_they_were_paid_and_attacked() -> None:
    people, fewer = pa.table({"who": list(range(90))}), pa.table({"who": list(range(89))})
    budget = Budget.of(1)
    budget.answer("people", "0.5", compute=lambda paid: count(people, person="who", epsilon=paid))
    below = Random(8).randrange
    attack = distinguish(
        lambda table: count(table, person="who", epsilon=Fraction(1, 2), below=below).figures["count"],
        table=people, neighbour=fewer, tries=2000,
    )  # fmt: skip
    assert GATE.judge_answers(["people"], budget=budget, attacks=[attack]).may_leave
    assert not GATE.judge_answers(["people", "rows"], budget=budget, attacks=[attack]).may_leave
    assert not GATE.judge_answers(["people"], budget=budget, attacks=[]).may_leave
    overdrawn = Budget(Fraction(1, 4), list(budget.payments))
    assert [str(reason) for reason in GATE.judge_answers(["people"], budget=overdrawn, attacks=[attack]).reasons] == [
        "More privacy was spent than the budget holds."
    ]
