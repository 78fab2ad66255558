"""The numbers of the business in the studio: each with its formula beside it, and its rows behind it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.responses import Response

from xingtan.core.errors import NotFound, say
from xingtan.core.ids import public_id
from xingtan.core.money import CURRENCIES, total
from xingtan.core.viewer import Permission
from xingtan.domains.commerce.numbers import api as numbers
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.number_charts import chart, triangle
from xingtan.web.commerce.number_pages import Group, NumberRowsPage, NumbersPage, Span
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.render import render

router = APIRouter()
_PAGE, _MONTHS_AT_ONCE, _FIRST_YEAR = 200, 12, 2000
_GROUPS = ("recurring", "staying", "sales", "books")
_COUNTED = ("subscribers", "arpu", "ltv", "churn", "trial_conversion")

_Day = Annotated[date | None, Query()]
_Currency = Annotated[str, Query(max_length=3)]


@router.get("/studio/numbers")
def overview(here: EdgeDep, first: _Day = None, last: _Day = None, currency: _Currency = "") -> Response:
    """All numbers of some days; without days: of this month so far."""
    here.require(Permission.NUMBERS_READ)
    zone, now = _zone(here), here.platform.clock.now()
    today = now.astimezone(zone).date()
    since, until = _days(first, last, today)
    wanted = numbers.wanted(since, until, zone=zone, now=now)
    with here.platform.database.reading() as session:
        all_found = numbers.numbers(session, here.viewer, wanted)
    currencies = [one.currency for one in all_found]
    chosen = _chosen(currencies, currency, here.request.app.state.academy.view(here.language).currency)
    found = next((one for one in all_found if one.currency == chosen), None)
    months = [one.astimezone(zone).strftime("%Y-%m") for one in wanted.months[:-1]]
    form = "%Y-%m-%d" if (until - since).days < numbers.DAYS_BY_DAY else "%Y-%m"
    page = NumbersPage(
        first=since, last=until, spans=_spans(today, since, until), currencies=currencies, found=found,
        groups=_groups(found) if found else (), moves=numbers.KINDS, chart=chart(found.slices) if found else None,
        slices=_named(found.slices, zone, form) if found else (),
        people_rows=triangle(found.cohorts, months, of_money=False) if found else (),
        money_rows=triangle(found.cohorts, months, of_money=True) if found else (),
        query=_query(since, until, chosen), statements=_statements(since, until),
        may_see_rows=here.viewer.may(Permission.ORDERS_READ), is_now=until >= today,
    )  # fmt: skip
    return render(here, page)


@router.get("/studio/numbers/{code}")
def rows(
    here: EdgeDep, code: str, *, first: _Day = None, last: _Day = None, currency: _Currency = "",
    skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:  # fmt: skip
    """The rows that a number is the sum, or the count, of."""
    here.require(Permission.NUMBERS_READ)
    zone, now = _zone(here), here.platform.clock.now()
    since, until = _days(first, last, now.astimezone(zone).date())
    title, how = _words(code)
    if currency not in CURRENCIES:
        raise NotFound(say("There is nothing here."))
    period = numbers.wanted(since, until, zone=zone, now=now).period
    with here.platform.database.reading() as session:
        found = numbers.rows(session, here.viewer, code, over=period, currency=currency)
        shown = found[skip : skip + _PAGE]
        people = (one.person_id for one in shown if one.person_id is not None)
        names = identity.names_of(session, people, vault=here.platform.vault)
    query = _query(since, until, currency)
    older = f"/studio/numbers/{code}?{query}&skip={skip + _PAGE}" if len(found) > skip + _PAGE else None
    subs = {one.subscription_id for one in shown if one.subscription_id is not None}
    page = NumberRowsPage(
        title=title, how=how, first=since, last=until, rows=shown, count=len(found),
        total=total([one.amount for one in found], currency), is_counted=code in _COUNTED, names=names,
        subscription_ids={one: public_id("subscription", one) for one in subs},
        has_moves=any(one.after is not None for one in shown), back=f"/studio/numbers?{query}", older=older,
    )  # fmt: skip
    return render(here, page)


def _words(code: str) -> tuple[object, object]:
    if code in numbers.MOVES:
        return numbers.MOVES[code]
    if code not in numbers.BY_CODE:
        raise NotFound(say("There is nothing here."))
    return numbers.BY_CODE[code].title, numbers.BY_CODE[code].how


def _zone(here: Edge) -> ZoneInfo:
    return ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)


def _days(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Return the days that are meant: none later than today, none before the first year."""
    until = min(last or today, today)
    since = first or until.replace(day=1)
    if min(since, until).year < _FIRST_YEAR:
        raise NotFound(say("There is nothing here."))
    return since, until


def _chosen(currencies: Sequence[str], asked: str, ours: str) -> str:
    return next((one for one in (asked, ours) if one in currencies), currencies[0] if currencies else ours)


def _query(first: date, last: date, currency: str) -> str:
    return urlencode({"first": first.isoformat(), "last": last.isoformat(), "currency": currency})


def _statements(first: date, last: date) -> str:
    is_month = (first.year, first.month) == (last.year, last.month)
    return f"/studio/books/statements?of={last.isoformat()[: 7 if is_month else 4]}"


def _spans(today: date, first: date, last: date) -> list[Span]:
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    year_ago = date(today.year - (today.month < _MONTHS_AT_ONCE), today.month % _MONTHS_AT_ONCE + 1, 1)
    choices = (
        ("month", month, today), ("last_month", before.replace(day=1), before), ("year", date(today.year, 1, 1), today),
        ("twelve", year_ago, today),
    )  # fmt: skip
    return [
        Span(name, urlencode({"first": a.isoformat(), "last": b.isoformat()}), (a, b) == (first, last))
        for name, a, b in choices
    ]


def _groups(found: numbers.Numbers) -> list[Group]:
    return [
        Group(group, [(one, found.values[one.code]) for one in numbers.FORMULAS if one.group == group])
        for group in _GROUPS
    ]


def _named(
    slices: Sequence[numbers.Slice], zone: ZoneInfo, form: str
) -> list[tuple[str, numbers.Slice]]:  # fmt: skip
    return [(_name(one.starts_at, zone, form), one) for one in slices]


def _name(at: datetime, zone: ZoneInfo, form: str) -> str:
    return at.astimezone(zone).strftime(form)
