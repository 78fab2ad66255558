"""The gate: whether a table or an answer may leave, and every reason why not.

1. It measures what would leave, not what somebody says of it.
2. An attack that was not run counts against the release, like one that succeeded.
3. There is no way past it: `may_leave` is true only without a reason against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from xingtan.core.errors import Sentence, say
from xingtan.intelligence.privacy.attacks import Attacked
from xingtan.intelligence.privacy.budget import Budget
from xingtan.intelligence.privacy.measures import Demand, Figures, measure
from xingtan.intelligence.privacy.pii import find
from xingtan.intelligence.privacy.rows import Schema, values

_LEADS = {"linkage": 0.25, "inference": 0.2, "membership": 0.2}
_TRIES = 30


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer: the reasons against, and what it measured."""

    reasons: tuple[Sentence, ...]
    figures: Figures | None = None
    attacks: tuple[Attacked, ...] = ()

    @property
    def may_leave(self) -> bool:
        """Say whether nothing speaks against it."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Gate:
    """What every release must hold: measures, and how much more than a guess each attack may achieve."""

    demand: Demand
    leads: Mapping[str, float] = field(default_factory=lambda: dict(_LEADS))

    def judge(self, table: pa.Table, *, schema: Schema, attacks: Sequence[Attacked]) -> Verdict:
        """Return whether the table may leave, measured as it stands.

        Without a sensitive column there is nothing to infer, and that attack is not asked for.
        """
        if faults := schema.faults(table):
            return Verdict(tuple(faults.values()))
        figures = measure(table, schema)
        wanted = {name: lead for name, lead in self.leads.items() if name != "inference" or schema.sensitive}
        reasons = [*_missed(figures, self.demand), *_personal(table), *_attacked(attacks, wanted)]
        return Verdict(tuple(reasons), figures, tuple(attacks))

    def judge_answers(
        self, questions: Sequence[str], *, budget: Budget, attacks: Sequence[Attacked], lead: float = 0.2
    ) -> Verdict:
        """Return whether the answers to these questions may leave: each paid, all within the limit, and attacked."""
        unpaid = [
            say("The question %(name)s was not paid from the budget.", name=name)
            for name in questions
            if budget.answered(name) is None
        ]
        over = [say("More privacy was spent than the budget holds.")] if budget.spent > budget.limit else []
        return Verdict((*unpaid, *over, *_attacked(attacks, {"distinguish": lead})), None, tuple(attacks))


def _missed(figures: Figures, demand: Demand) -> list[Sentence]:
    if not figures.k:
        return [say("The table has no rows.")]
    missed = {
        "k": (figures.k < demand.k, figures.k, demand.k),
        "distinct l": (figures.distinct_l < demand.distinct_l, figures.distinct_l, demand.distinct_l),
        "entropy l": (figures.entropy_l < demand.entropy_l, figures.entropy_l, demand.entropy_l),
        "t": (figures.t > demand.t, figures.t, demand.t),
    }
    return [
        say(
            "The measure %(name)s is %(found)s, and %(wanted)s is demanded.",
            name=name,
            found=f"{found:.4g}",
            wanted=f"{wanted:.4g}",
        )
        for name, (misses, found, wanted) in missed.items()
        if misses and not figures.meets(demand)
    ]


def _personal(table: pa.Table) -> list[Sentence]:
    return [
        say("The column %(name)s holds personal data: %(kinds)s.", name=name, kinds=", ".join(kinds))
        for name in table.column_names
        if (
            kinds := sorted(
                {
                    found.kind.value
                    for value in set(values(table, name))
                    if value is not None
                    for found in find(str(value))
                }
            )
        )
    ]


def _attacked(attacks: Sequence[Attacked], leads: Mapping[str, float]) -> list[Sentence]:
    run = {attack.name for attack in attacks if attack.tries >= _TRIES}
    missing = [say("The attack %(name)s was not run.", name=name) for name in leads if name not in run]
    return missing + [
        say(
            "The attack %(name)s succeeds in up to %(high)s of its tries; a guess in %(baseline)s.",
            name=attack.name,
            high=f"{attack.high:.1%}",
            baseline=f"{attack.baseline:.1%}",
        )
        for attack in attacks
        if attack.lead > leads.get(attack.name, 0.0)
    ]
