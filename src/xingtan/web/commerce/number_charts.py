"""Numbers as lines, bars and shades: geometry for the templates, no markup."""

from collections.abc import Sequence

from xingtan.core.money import Money
from xingtan.domains.commerce.numbers import api as numbers
from xingtan.web.commerce.number_pages import Bar, Chart, CohortRow, Heat

WIDTH, LINE_HEIGHT, BAR_HEIGHT, GAP = 1000, 120, 60, 16
_SHADES = 10


def chart(slices: Sequence[numbers.Slice]) -> Chart | None:
    """Return the chart of slices in which anything recurred; None where nothing did."""
    closing = [one.bridge.closing.minor for one in slices]
    moved = [_moved(one) for one in slices]
    top, most = max(closing, default=0), max((max(pair) for pair in moved), default=0)
    if not top and not most:
        return None
    step = WIDTH / len(slices)
    heights = [LINE_HEIGHT - LINE_HEIGHT * minor / (top or 1) for minor in closing]
    line = [f"{step * (place + 0.5):.1f},{y:.1f}" for place, y in enumerate(heights)]
    axis = LINE_HEIGHT + GAP + BAR_HEIGHT / 2
    bars = [_bar(place * step, step, pair, axis=axis, most=most or 1) for place, pair in enumerate(moved)]
    currency = slices[0].bridge.closing.currency
    ends = f"{step * (len(slices) - 0.5):.1f},{LINE_HEIGHT} {step * 0.5:.1f},{LINE_HEIGHT}"
    return Chart(
        " ".join(line), f"{' '.join(line)} {ends}", bars, axis, Money(top, currency), Money(most, currency)
    )  # fmt: skip


def _moved(one: numbers.Slice) -> tuple[int, int]:
    sums = [amount.minor for _, amount in one.bridge.sums]
    return sum(minor for minor in sums if minor > 0), -sum(minor for minor in sums if minor < 0)


def _bar(x: float, step: float, pair: tuple[int, int], *, axis: float, most: int) -> Bar:
    up, down = (BAR_HEIGHT / 2 * minor / most for minor in pair)
    return Bar(
        round(x + step * 0.2, 1), round(step * 0.6, 1), round(axis - up, 1), round(up, 1), round(axis, 1),
        round(down, 1),
    )  # fmt: skip


def triangle(found: Sequence[numbers.Cohort], months: Sequence[str], *, of_money: bool) -> list[CohortRow]:
    """Return the triangle, each cell as a share of the cohort's people, or of what it paid at its first month's end.

    Who came before all these months, and months in which nobody came, are left out.
    """
    rows = zip(found[1:], months, strict=True)
    return [_row(one, month, of_money=of_money) for one, month in rows if one.people]


def _row(one: numbers.Cohort, month: str, *, of_money: bool) -> CohortRow:
    first = next((cell.mrr.minor for cell in one.cells if cell.mrr), 0)
    whole = first if of_money else one.people
    cells = [_heat(cell, cell.mrr.minor if of_money else cell.people, whole) for cell in one.cells]
    return CohortRow(month, one.people, cells)


def _heat(cell: numbers.Cell, part: int, whole: int) -> Heat:
    percent = (200 * part + whole) // (2 * whole) if whole else 0
    return Heat(percent, cell.people, cell.mrr, min(_SHADES, percent // _SHADES))
