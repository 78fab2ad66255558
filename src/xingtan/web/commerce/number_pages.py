"""What the templates about the numbers of the business are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.commerce.numbers import api as numbers


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of days that one looks at often, by its name for the template and as the page's query."""

    name: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One slice of the chart in a box of 1000 by 200: where, and how far what came and what went reach."""

    x: float
    width: float
    up_y: float
    up_height: float
    down_y: float
    down_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """What recurs as a line, and what came and went as bars around an axis of their own."""

    points: str
    area: str
    bars: Sequence[Bar]
    axis_y: float
    top: Money
    most: Money


@dataclass(frozen=True, slots=True)
class Heat:
    """A cell of the triangle: what it says, and how dark it is, from 0 to 10."""

    percent: int
    people: int
    mrr: Money
    darkness: int


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A month of newcomers, how many they were, and what is left of them month by month."""

    month: str
    people: int
    cells: Sequence[Heat]


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that belong together: pairs of formula and value."""

    code: str
    rows: Sequence[tuple[numbers.Formula, numbers.Value]]


@dataclass(frozen=True, slots=True)
class NumbersPage:
    """All numbers of one currency over some days. `query` are the days for links to the rows behind a number.

    `statements` is the month or the year of the books that is nearest to these days.
    """

    template: ClassVar[str] = "commerce/numbers/overview.html"
    first: date
    last: date
    spans: Sequence[Span]
    currencies: Sequence[str]
    found: numbers.Numbers | None
    groups: Sequence[Group]
    moves: Sequence[str]
    chart: Chart | None
    slices: Sequence[tuple[str, numbers.Slice]]
    people_rows: Sequence[CohortRow]
    money_rows: Sequence[CohortRow]
    query: str
    statements: str
    may_see_rows: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class NumberRowsPage:
    """The rows behind one number, `total` of them. `names`: person → name; ids as addresses show them."""

    template: ClassVar[str] = "commerce/numbers/rows.html"
    title: object
    how: object
    first: date
    last: date
    rows: Sequence[numbers.Row]
    count: int
    total: Money
    is_counted: bool
    names: Mapping[UUID, str]
    subscription_ids: Mapping[UUID, str]
    has_moves: bool
    back: str
    older: str | None
