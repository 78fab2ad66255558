"""Statements in the studio, and the journal taken along as a file."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from xingtan.core.errors import NotFound, say
from xingtan.core.period import Period
from xingtan.core.viewer import Permission
from xingtan.domains.books import api as books
from xingtan.web.catalog.exports import pieces
from xingtan.web.commerce.document_pages import MonthColumn, StatementsPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.learning.serving import disposition
from xingtan.web.render import render

router = APIRouter()
_MONTHS, _FIRST_YEAR = 12, 2000
_IN_MEMORY = 8 << 20
_FILES = {"beancount": "journal.beancount", "hledger": "hledger.journal", "csv": "journal.csv"}


@router.get("/studio/books/statements")
def statements(here: EdgeDep, of: Annotated[str, Query(pattern=r"^([0-9]{4}(-(0[1-9]|1[0-2]))?)?$")] = "") -> Response:
    """Income, balance sheet and cash of a year (``2026``) or a month (``2026-03``); empty: of this month."""
    here.require(Permission.NUMBERS_READ)
    zone = _zone(here)
    today = here.platform.clock.now().astimezone(zone)
    year, month = _asked(of) if of else (today.year, today.month)
    last = _MONTHS if year < today.year else today.month
    if not _FIRST_YEAR <= year <= today.year or (month or 1) > last:
        raise NotFound(say("There is nothing here."))
    starts = [_first_of(year, number, zone) for number in range(1, _MONTHS + 2)]
    period = Period(starts[month - 1], starts[month]) if month else Period(starts[0], starts[_MONTHS])
    with here.platform.database.reading() as session:
        found = books.statements_of(session, here.viewer, period)
        history = books.balances_at(session, here.viewer, starts[1 : last + 1])
    page = StatementsPage(
        year=year,
        month=month,
        months=[MonthColumn(f"{year:04}-{number:02}", number) for number in range(1, last + 1)],
        statements=found,
        history=_by_currency(history),
        earlier=f"{year - 1:04}" if year > _FIRST_YEAR else None,
        later=f"{year + 1:04}" if year < today.year else None,
    )
    return render(here, page)


@router.get("/studio/books/export/{export_format}")
def export(here: EdgeDep, export_format: str) -> Response:
    """The whole journal as a file for Beancount, hledger or a spreadsheet."""
    here.require(Permission.NUMBERS_READ)
    if export_format not in books.EXPORT_FORMATS:
        raise NotFound(say("There is nothing here."))
    out = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - `pieces` closes it
    try:
        with here.platform.database.reading() as session:
            words = books.export(session, here.viewer, export_format, zone=_zone(here))
            out.writelines(one.encode() for one in words)
    except BaseException:
        out.close()
        raise
    media_type = "text/csv" if export_format == "csv" else "text/plain"
    headers = {
        "Content-Disposition": disposition(_FILES[export_format], "application/octet-stream"),
        "Content-Length": str(out.seek(0, 2)),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(pieces(out), media_type=f"{media_type}; charset=utf-8", headers=headers)


def _asked(of: str) -> tuple[int, int | None]:
    year, _, month = of.partition("-")
    return int(year), int(month) if month else None


def _first_of(year: int, month: int, zone: ZoneInfo) -> datetime:
    more, place = divmod(month - 1, _MONTHS)
    return datetime(year + more, place + 1, 1, tzinfo=zone).astimezone(UTC)


def _zone(here: Edge) -> ZoneInfo:
    return ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)


def _by_currency(history: Sequence[books.AccountHistory]) -> list[tuple[str, list[books.AccountHistory]]]:
    found: dict[str, list[books.AccountHistory]] = defaultdict(list)
    for one in history:
        found[one.balances[-1].currency].append(one)
    return sorted(found.items())
