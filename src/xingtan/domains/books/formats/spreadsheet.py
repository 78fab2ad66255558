"""The journal as CSV (RFC 4180), one line for each posting.

1. Amounts are plain decimals without a sign, in the column of their side. 2. No cell begins a formula: a text that
would is preceded by an apostrophe, as spreadsheets themselves write it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from xingtan.domains.books.views import EntryView, PostingView

HEADER = ("date", "at", "key", "memo", "reference_kind", "reference_id", "account", "debit", "credit", "currency")
_BEGINS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def lines(entries: Iterable[EntryView], *, zone: ZoneInfo) -> Iterator[str]:
    """Return the file line by line, the header first; `date` is the day in `zone`, `at` the instant in UTC."""
    yield row(HEADER)
    for entry in entries:
        at = entry.at.astimezone(UTC)
        head = (
            entry.at.astimezone(zone).date().isoformat(), at.isoformat(), entry.key, entry.memo, entry.reference_kind,
            str(entry.reference_id),
        )  # fmt: skip
        yield from (row((*head, *_sides(posting))) for posting in entry.postings)


def row(cells: Sequence[str]) -> str:
    """Return one line of CSV, in which no cell begins a formula."""
    out = io.StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()


def safe(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not run."""
    return f"'{cell}" if cell.startswith(_BEGINS_FORMULA) else cell


def _sides(posting: PostingView) -> tuple[str, str, str, str]:
    amount = posting.amount
    debit, credit = (amount.major(), "") if amount.minor >= 0 else ("", (-amount).major())
    return posting.account, debit, credit, amount.currency
