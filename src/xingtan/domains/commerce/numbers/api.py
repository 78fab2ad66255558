"""The door to the numbers of the business."""

from xingtan.domains.commerce.numbers.formulas import BY_CODE, FORMULAS, MOVES, Formula
from xingtan.domains.commerce.numbers.queries.business import numbers
from xingtan.domains.commerce.numbers.queries.rows import rows
from xingtan.domains.commerce.numbers.rules.calendar import DAYS_BY_DAY, Wanted, wanted
from xingtan.domains.commerce.numbers.rules.cohorts import Cell, Cohort
from xingtan.domains.commerce.numbers.rules.movements import KINDS, Bridge
from xingtan.domains.commerce.numbers.rules.sales import AHEAD, Sum
from xingtan.domains.commerce.numbers.views import Numbers, PlanFigures, Row, Slice, Value

__all__ = [
    "AHEAD",
    "BY_CODE",
    "DAYS_BY_DAY",
    "FORMULAS",
    "KINDS",
    "MOVES",
    "Bridge",
    "Cell",
    "Cohort",
    "Formula",
    "Numbers",
    "PlanFigures",
    "Row",
    "Slice",
    "Sum",
    "Value",
    "Wanted",
    "numbers",
    "rows",
    "wanted",
]
