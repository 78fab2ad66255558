"""Sums: what was sold, what people did, what the books say."""

from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query
from sqlalchemy.orm import Session

from xingtan.core.period import Period, day_of
from xingtan.core.viewer import Permission
from xingtan.domains.books import api as books
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.domains.insight import api as insight
from xingtan.web.api.caller import Ask, AskDep, staff
from xingtan.web.api.fields import Amount, At, Day, EntryId, Out, ProductId, Word
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, id_cursor, read_id_cursor

router = operations("numbers")

_READS = staff("read:numbers", Permission.NUMBERS_READ)
_First = Annotated[Day, Query(description="The first day, in the academy's zone.")]
_Days = Annotated[int, Query(ge=1, le=366, description="How many days.")]


class SalesOfDay(Out):
    """What was paid on a day and what went back on it; `net` is the difference."""

    day: date
    orders: int
    gross: Amount
    refunded: Amount
    net: Amount


class SalesSum(Out):
    """A period's sums in one currency."""

    currency: str
    orders: int
    free_orders: int
    buyers: int
    gross: Amount
    refunded: Amount
    net: Amount
    refunds: int


class Sales(Out):
    """A period's sales: sums by currency, and day by day."""

    sums: list[SalesSum]
    days: list[SalesOfDay]


class ActivityOfDay(Out):
    """How many pseudonyms did anything on a day, and what was done; only of those who allow it to be noted."""

    day: date
    actors: int
    views: int
    starts: int
    completions: int
    purchases: int


class ActivityOfProduct(Out):
    """How many pseudonyms viewed, started and bought a product."""

    product_id: ProductId
    viewers: int
    starters: int
    buyers: int


class Search(Out):
    """Words that were searched and not found."""

    query: str
    times: int
    actors: int


class Step(Out):
    """A step of the funnel and how many pseudonyms came this far."""

    verb: str
    actors: int


class Activity(Out):
    """What people did in a period."""

    learners: int
    days: list[ActivityOfDay]
    products: list[ActivityOfProduct]
    funnel: list[Step]
    searches_without_results: list[Search]


class Balance(Out):
    """An account's balance in one currency: a debit when positive."""

    account: str
    holds: str
    balance: Amount
    postings: int


class Posting(Out):
    """One line of an entry: a debit when positive."""

    account: str
    amount: Amount


class Entry(Out):
    """An entry of the journal; its postings sum to zero per currency."""

    id: EntryId
    key: str
    at: At
    memo: str
    reference_kind: str
    postings: list[Posting]


def _zone(ask: Ask) -> ZoneInfo:
    academy: identity.AcademyView | None = ask.here.request.app.state.academy.current()
    return ZoneInfo(academy.time_zone if academy else "UTC")


def _period(first: date, days: int, zone: ZoneInfo) -> Period:
    return Period(day_of(first, zone).starts_at, day_of(first + timedelta(days=days - 1), zone).ends_at)


@operation(router, "GET", "/numbers/sales", _READS)
def get_sales(ask: AskDep, first: _First, days: _Days = 30) -> Sales:
    """What was sold in some days. An order counts when it is paid, a refund on the day it goes back."""
    zone = _zone(ask)
    period = _period(first, days, zone)

    def work(session: Session) -> Sales:
        sums = commerce.sales_summary(session, ask.viewer, period)
        by_day = commerce.sales_by_day(session, ask.viewer, period, zone=zone)
        return Sales(
            sums=[
                SalesSum(currency=one.currency, orders=one.orders, free_orders=one.free_orders, buyers=one.buyers,
                         gross=Amount.of(one.gross), refunded=Amount.of(one.refunded), net=Amount.of(one.net),
                         refunds=one.refunds)
                for one in sums
            ],
            days=[
                SalesOfDay(day=one.day, orders=one.orders, gross=Amount.of(one.gross),
                           refunded=Amount.of(one.refunded), net=Amount.of(one.net))
                for one in by_day
            ],
        )  # fmt: skip

    return ask.read(work)


@operation(router, "GET", "/numbers/activity", _READS)
def get_activity(ask: AskDep, first: _First, days: _Days = 30) -> Activity:
    """What people did in some days, of those who allow it to be noted: at least this much."""
    zone = _zone(ask)
    period = _period(first, days, zone)

    def work(session: Session) -> Activity:
        viewer = ask.viewer
        by_day = insight.daily_activity(session, viewer, first=first, days=days, zone=zone)
        top = insight.top_products(session, viewer, period=period)
        searches = insight.searches_without_results(session, viewer, period=period)
        return Activity(
            learners=insight.active_learners(session, viewer, period=period),
            days=[
                ActivityOfDay(day=one.day, actors=one.actors, views=one.views, starts=one.starts,
                              completions=one.completions, purchases=one.purchases)
                for one in by_day
            ],
            products=[
                ActivityOfProduct(product_id=one.product_id, viewers=one.viewers, starters=one.starters,
                                  buyers=one.buyers)
                for one in top
            ],
            funnel=[Step(verb=one.verb, actors=one.actors)
                    for one in insight.funnel(session, viewer, period=period)],
            searches_without_results=[Search(query=one.query, times=one.times, actors=one.actors)
                                      for one in searches],
        )  # fmt: skip

    return ask.read(work)


@operation(router, "GET", "/books/balances", _READS)
def list_balances(ask: AskDep) -> Page[Balance]:
    """The trial balance: every account in every currency. Per currency it sums to zero."""
    rows = ask.read(lambda session: books.trial_balance(session, ask.viewer))
    return Page(
        items=[
            Balance(account=row.account, holds=row.holds, balance=Amount.of(row.balance), postings=row.postings)
            for row in rows
        ]
    )


@operation(router, "GET", "/books/entries", _READS)
def list_entries(ask: AskDep, account: Word | None = None, cursor: Cursor = None, limit: Limit = 50) -> Page[Entry]:
    """The journal, newest first: of one account, or all."""
    only = books.EntryFilter(account=account)
    before = read_id_cursor(cursor)
    page = ask.read(lambda session: books.entries(session, ask.viewer, only=only, before=before, limit=limit))
    return Page(items=[_entry(entry) for entry in page.entries], next=id_cursor(page.next_before))


def _entry(entry: books.EntryView) -> Entry:
    return Entry(
        id=entry.id, key=entry.key, at=entry.at, memo=entry.memo, reference_kind=entry.reference_kind,
        postings=[Posting(account=one.account, amount=Amount.of(one.amount)) for one in entry.postings],
    )  # fmt: skip
