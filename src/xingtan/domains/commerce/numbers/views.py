"""What reads of the numbers return: frozen rows, one currency at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.commerce.numbers.rules.cohorts import Cohort
from xingtan.domains.commerce.numbers.rules.movements import Bridge
from xingtan.domains.commerce.numbers.rules.sales import Sum

Value = Money | int | None
"""Money, people, or a rate in basis points; None where nothing can be said."""


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """How many subscribe by an offer at the end of the period, and what that brings a month."""

    offer_id: UUID
    title: str
    every: str
    subscriptions: int
    mrr: Money


@dataclass(frozen=True, slots=True)
class Slice:
    """A day or month of the period, with what recurs before and after it and why that changed."""

    starts_at: datetime
    ends_at: datetime
    bridge: Bridge


@dataclass(frozen=True, slots=True)
class Numbers:
    """All numbers of one currency over one period; `values` by the codes of `FORMULAS`."""

    currency: str
    values: Mapping[str, Value]
    bridge: Bridge
    slices: tuple[Slice, ...]
    plans: tuple[PlanFigures, ...]
    cohorts: tuple[Cohort, ...]
    by_kind: tuple[Sum, ...]
    by_product: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One of the rows that a number is the sum (or the count) of. `before` and `after`: what was paid a month."""

    at: datetime
    title: str
    person_id: UUID | None
    amount: Money
    order: str | None = None
    subscription_id: UUID | None = None
    before: Money | None = None
    after: Money | None = None
    word: str = ""
