"""Why what recurs has changed: every step of every curve is one movement of one kind.

MRR at the end = MRR at the beginning + new + expansion + contraction + churned + reactivated
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.commerce.numbers.rules.curves import Curve

Kind = Literal["new", "expansion", "contraction", "churned", "reactivated"]
KINDS: tuple[Kind, ...] = ("new", "expansion", "reactivated", "contraction", "churned")


@dataclass(frozen=True, slots=True)
class Movement:
    """One person's change: what she paid a month before the instant and since."""

    kind: Kind
    at: datetime
    person_id: UUID
    before: Money
    after: Money
    subscription_ids: tuple[UUID, ...]

    @property
    def change(self) -> Money:
        """Return by how much she pays more (or, below nothing, less) a month."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Bridge:
    """What recurs before and after a period, and the sum of each kind of movement in it."""

    opening: Money
    sums: tuple[tuple[Kind, Money], ...]
    closing: Money


def movements(curves: Iterable[Curve], period: Period) -> tuple[Movement, ...]:
    """Return every movement of the period, in the order of time."""
    found = [one for curve in curves for one in _of(curve) if one.at in period]
    return tuple(sorted(found, key=lambda one: (one.at, one.before.currency, one.person_id)))


def _of(curve: Curve) -> Iterable[Movement]:
    before = 0
    for place, step in enumerate(curve.steps):
        yield Movement(
            _kind(before, step.after_minor, is_first=place == 0), step.at, curve.person_id,
            Money(before, curve.currency), Money(step.after_minor, curve.currency), step.subscription_ids,
        )  # fmt: skip
        before = step.after_minor


def _kind(before: int, after: int, *, is_first: bool) -> Kind:
    if not before:
        return "new" if is_first else "reactivated"
    if not after:
        return "churned"
    return "expansion" if after > before else "contraction"


def bridge(found: Sequence[Movement], opening: Money) -> Bridge:
    """Return how `opening` becomes what recurs after these movements of its currency."""
    sums: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    for one in found:
        if one.before.currency == opening.currency:
            sums[one.kind] += one.change.minor
    rows = tuple((kind, Money(minor, opening.currency)) for kind, minor in sums.items())
    return Bridge(opening, rows, opening + Money(sum(sums.values()), opening.currency))
