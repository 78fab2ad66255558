"""What insight hands out: frozen figures, each of which can be computed again by hand from the rows."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DayActivity:
    """One day in the academy's zone: how many different pseudonyms did anything, and how often what was done."""

    day: date
    actors: int
    views: int
    starts: int
    completions: int
    purchases: int


@dataclass(frozen=True, slots=True)
class ProductActivity:
    """One product in a period: different pseudonyms who viewed, started a lesson, paid."""

    product_id: UUID
    viewers: int
    starters: int
    buyers: int


@dataclass(frozen=True, slots=True)
class FruitlessSearch:
    """Words that were searched and not found: how often, by how many different pseudonyms."""

    query: str
    times: int
    actors: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of a funnel: how many pseudonyms came this far, in this order, within the period."""

    verb: str
    actors: int
