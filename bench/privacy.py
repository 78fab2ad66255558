"""Privacy as figures: attacks before and after, loss, the error of noisy answers, and what finding personal data costs.

`python -m bench.privacy`. The population is made up and seeded; the amount spent leans on the age. Half of it is
released, and the attacker holds the register of exactly those who are in it: nobody can know more.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import pyarrow as pa

from xingtan.intelligence.privacy.aggregates import Bounds, count, histogram, mean, total
from xingtan.intelligence.privacy.attacks import Attacked, at_best, distinguish, inference, linkage, membership
from xingtan.intelligence.privacy.budget import Answer
from xingtan.intelligence.privacy.gate import Gate
from xingtan.intelligence.privacy.hierarchies import Intervals, Taxonomy, Whole
from xingtan.intelligence.privacy.lattice import generalise
from xingtan.intelligence.privacy.measures import Demand, Figures, measure
from xingtan.intelligence.privacy.mondrian import partition
from xingtan.intelligence.privacy.pii import find
from xingtan.intelligence.privacy.rows import Scale, Schema

TOWNS = {f"town {n}": (f"province {n // 6}", f"region {n // 18}") for n in range(54)}
SCHEMA = Schema(
    {"age": Intervals((5, 10, 20, 40), low=0, high=120), "town": Taxonomy(TOWNS), "device": Whole()},
    {"spent": Scale.ORDERED},
)
DEMANDS = (Demand(k=5), Demand(k=5, distinct_l=3, t=0.3), Demand(k=20, distinct_l=3, t=0.2))
_HEAD = (
    f"{'release':<26}{'k':>5}{'l':>4}{'t':>6}{'NCP':>6}{'lost':>6}"
    f"{'linkage':>15}{'inference':>15}{'membership':>15}{'s':>7}  gate"
)


def _seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 made-up people, not secrets


@dataclass(frozen=True, slots=True)
class Population:
    """People of whom the first half is released."""

    everybody: pa.Table
    members: pa.Table
    strangers: pa.Table


def population(size: int, rng: Random) -> Population:
    """Return so many people, and as many strangers."""
    ages = [min(90, max(14, int(rng.gauss(34, 12)))) for _ in range(2 * size)]
    table = pa.table(
        {
            "age": ages,
            "town": [f"town {int(54 * rng.random() ** 2)}" for _ in ages],
            "device": [rng.choice(("phone", "desk", "tablet")) for _ in ages],
            "spent": [max(0, age // 12 + rng.randrange(-2, 3)) for age in ages],
        }
    )
    return Population(table, table.slice(0, size), table.slice(size))


def attacks(table: pa.Table, sources: Sequence[int], people: Population) -> list[Attacked]:
    """Return how the three attacks fare against the table."""
    register = people.members
    return [
        linkage(table, sources=sources, register=register, schema=SCHEMA, rng=_seeded(1)),
        inference(table, sources=sources, register=register, schema=SCHEMA, sensitive="spent", rng=_seeded(1)),
        membership(table, members=people.members, strangers=people.strangers, schema=SCHEMA, rng=_seeded(1)),
    ]


def microdata(size: int) -> None:
    """Print the attacks on the raw rows and on what is made of them."""
    people = population(size, _seeded(2026))
    print(f"{size} of {2 * size} people released; success with the guess in brackets\n\n{_HEAD}")
    _release(
        "raw rows", people, made=(people.members, range(size), measure(people.members, SCHEMA)), lost=(0, 0), took_s=0
    )
    for demand in DEMANDS:
        for name, way in (
            (
                "lattice",
                lambda demand=demand: generalise(people.members, schema=SCHEMA, demand=demand, max_suppressed=0.05),
            ),
            ("mondrian", lambda demand=demand: partition(people.members, schema=SCHEMA, demand=demand)),
        ):
            began = time.process_time()
            found = way()
            took = time.process_time() - began
            label = f"{name} k={demand.k} l={demand.distinct_l} t={demand.t:g}"
            made = (found.table, found.sources, found.figures)
            _release(label, people, made=made, lost=(found.loss.ncp, found.loss.suppressed), took_s=took)


def _release(
    name: str,
    people: Population,
    *,
    made: tuple[pa.Table, Sequence[int], Figures],
    lost: tuple[float, float],
    took_s: float,
) -> None:
    table, sources, figures = made
    run = attacks(table, sources, people)
    shares = "".join(f"{f'{one.success:.3f} ({one.baseline:.3f})':>15}" for one in run)
    verdict = Gate(Demand(k=5)).judge(table, schema=SCHEMA, attacks=run)
    said = "may leave" if verdict.may_leave else f"no: {len(verdict.reasons)} reasons"
    print(
        f"{name:<26}{figures.k:>5}{figures.distinct_l:>4}{figures.t:>6.2f}{lost[0]:>6.3f}{lost[1]:>6.3f}"
        f"{shares}{took_s:>7.2f}  {said}"
    )


def aggregates(size: int, runs: int) -> None:
    """Print the error of noisy answers, and how well one of them tells whether a person is in."""
    rng = _seeded(7)
    spent = [rng.randrange(500) for _ in range(size)]
    rows = pa.table(
        {"who": list(range(size)), "spent": spent, "device": [rng.choice(("phone", "desk")) for _ in range(size)]}
    )
    devices = rows.column("device").to_pylist()
    most = max(range(size), key=lambda row: (devices[row] == "phone", spent[row]))
    without = pa.concat_tables([rows.slice(0, most), rows.slice(most + 1)])
    bounds = Bounds(0, 500)
    asked: dict[str, tuple[float, Callable[[pa.Table, Fraction], Answer]]] = {
        "count": (size, lambda table, e: count(table, person="who", epsilon=e)),
        "total": (sum(spent), lambda table, e: total(table, person="who", value="spent", bounds=bounds, epsilon=e)),
        "mean": (
            sum(spent) / size,
            lambda table, e: mean(table, person="who", value="spent", bounds=bounds, epsilon=e),
        ),
        "phone": (
            devices.count("phone"),
            lambda table, e: histogram(table, person="who", category="device", categories=["phone", "desk"], epsilon=e),
        ),
    }
    print(f"\n{size} people, {runs} answers each; the error is the mean of |answer − truth| / truth")
    print(f"\n{'answer':<10}{'epsilon':>9}{'error':>10}{'margin':>10}{'distinguish':>18}{'at best':>9}")
    for epsilon in (Fraction(1, 10), Fraction(1, 2), Fraction(1)):
        for name, (true, ask) in asked.items():
            answers = [ask(rows, epsilon) for _ in range(runs)]
            error = sum(abs(float(one.figures[name]) - true) for one in answers) / runs / true
            margin = float(answers[0].margins[name]) / true
            told = distinguish(
                lambda table, ask=ask, name=name, e=epsilon: ask(table, e).figures[name],
                table=rows,
                neighbour=without,
                tries=runs,
            )
            shown = f"{told.low:.3f} to {told.high:.3f}"
            print(f"{name:<10}{float(epsilon):>9g}{error:>10.4%}{margin:>10.4%}{shown:>18}{at_best(epsilon):>9.3f}")


def texts() -> None:
    """Print how fast personal data is found in plain and in hostile text."""
    print(f"\n{'a million characters of':<40}{'found':>9}{'s':>7}")
    for piece in (
        "我叫张三丰，手机13800138000，住在杭州市西湖区文三路9号。",
        "今天的课讲得很好，谢谢老师。",
        "plain English words and 42 ",
        "路1号",
        "6222 ",
        "1 ",
        "a@",
    ):
        text = piece * (1_000_000 // len(piece))
        began = time.process_time()
        found = len(find(text))
        print(f"{piece[:18]!r:<40}{found:>9}{time.process_time() - began:>7.2f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--answers", type=int, default=1000)
    arguments, _ = parser.parse_known_args()
    microdata(arguments.people)
    aggregates(arguments.people, arguments.answers)
    texts()


if __name__ == "__main__":
    main()
