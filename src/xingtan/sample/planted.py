"""What was planted besides each person's own nature: the year, each work's elasticity, who leaves plans how fast."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xingtan.sample.choices import APPEAL, SENSITIVITY, p_buy
from xingtan.sample.members import LEAVES_PER_MONTH, Deed
from xingtan.sample.truth import WEEK, YEAR, Learner
from xingtan.sample.world import Work, World


def planted(
    learners: Sequence[Learner], world: World, deeds: Iterable[Deed], *, keys: Mapping[int, str]
) -> dict[str, Any]:  # fmt: skip
    """Return it as plain data, to stand beside the people in the file of truth."""
    return {
        "week": list(WEEK),
        "year": list(YEAR),
        "plans": {"leaves_per_month": dict(LEAVES_PER_MONTH)},
        "works": {work.key: _told(learners, work) for work in world.works.values()},
        "roles": _roles(deeds, keys),
    }


def elasticity(learners: Sequence[Learner], work: Work) -> float | None:
    """Return the elasticity of the demand of all at the standing price, each weighed by her own demand; None: free."""
    if not work.price_minor or work.model != "once":
        return None
    chances = [
        (one, p_buy(one, work, price_minor=work.price_minor, looks=0, is_prepared=not work.requires))
        for one in learners
    ]
    factor = SENSITIVITY.get(work.kind, 1.0)
    moved = sum(-one.price_sensitivity * factor * p * (1 - p) for one, p in chances)
    return moved / sum(p for _, p in chances) if chances else None


def _told(learners: Sequence[Learner], work: Work) -> dict[str, Any]:
    return {
        "kind": work.kind, "price_minor": work.price_minor, "appeal": APPEAL.get(work.kind, 0.0),
        "sensitivity": SENSITIVITY.get(work.kind, 1.0), "elasticity": elasticity(learners, work),
    }  # fmt: skip


def _roles(deeds: Iterable[Deed], keys: Mapping[int, str]) -> dict[str, list[str]]:
    """Return the parts that people play in the plan, under their behaviour keys: as planned, whatever came of it."""
    found: dict[str, set[str]] = {}
    for deed in deeds:
        if deed.who is not None and deed.who in keys:
            found.setdefault(keys[deed.who], set()).add(str(deed.facts.get("role", deed.verb)))
    return {key: sorted(roles) for key, roles in found.items()}
