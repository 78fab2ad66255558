"""Statements of a period: they agree with the trial balance, with one another, and with what was posted."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.clock import ManualClock
from xingtan.core.errors import NotAllowed
from xingtan.core.money import Money, total
from xingtan.core.period import Period
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.books.rules.statements import Statements, statements
from xingtan.infra.db import Database

CASH = books.provider_account("sandbox")
MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def post(database: Database, clock: ManualClock, key: str, memo: str, *lines: tuple[str, int]) -> None:
    entry = books.Entry(key, memo, "order", UUID(int=1), tuple(books.Line(name, yuan(minor)) for name, minor in lines))
    database.write(lambda session: books.post(session, entry, clock=clock))


@pytest.fixture
def spring(database: Database, clock: ManualClock) -> Database:
    """A sale in February; in March two sales with tax and a fee, a refund and a payout; a sale in April."""
    clock.set(datetime(2026, 2, 28, 23, 59, tzinfo=UTC))
    post(database, clock, "a", "sale", (CASH, 1000), (books.SALES, -1000))
    clock.set(datetime(2026, 3, 1, tzinfo=UTC))
    post(database, clock, "b", "sale", (CASH, 1060), (books.SALES, -1000), (books.TAX, -60))
    post(database, clock, "c", "sale", (CASH, 594), (books.FEES, 6), (books.DEFERRED, -600))
    clock.set(datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
    post(database, clock, "d", "refund", (books.REFUNDS, 300), (CASH, -300))
    post(database, clock, "e", "payout", (books.BANK, 500), (CASH, -500))
    clock.set(datetime(2026, 4, 1, tzinfo=UTC))
    post(database, clock, "f", "sale", (CASH, 7), (books.SALES, -7))
    return database


def test_a_month_is_what_happened_in_it(spring: Database) -> None:
    (found,) = spring.read(lambda session: books.statements_of(session, SYSTEM, MARCH))
    assert found.income == books.IncomeStatement(
        (books.Figure(books.REFUNDS, yuan(-300)), books.Figure(books.SALES, yuan(1000))),
        (books.Figure(books.FEES, yuan(6)),),
        yuan(694),
    )
    assert found.sheet.earned == yuan(1694)
    assert found.sheet.total == yuan(2354)
    assert {one.account: one.amount.minor for one in found.sheet.liabilities} == {books.TAX: 60, books.DEFERRED: 600}
    assert found.cash == books.CashStatement(yuan(1000), (("refund", yuan(-300)), ("sale", yuan(1654))), yuan(2354))


def test_balances_by_month_end_in_the_trial_balance(spring: Database) -> None:
    ends = [datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5)]
    found = spring.read(lambda session: books.balances_at(session, SYSTEM, ends))
    assert {one.account: [money.minor for money in one.balances] for one in found}[CASH] == [1000, 1854, 1861]
    trial = spring.read(lambda session: books.trial_balance(session, SYSTEM))
    assert {one.account: one.balances[-1] for one in found} == {row.account: row.balance for row in trial}


def test_only_who_reads_numbers_reads_them(database: Database) -> None:
    with database.reading() as session:
        for asked in (
            lambda: books.statements_of(session, Viewer(), MARCH),
            lambda: books.balances_at(session, Viewer(), [MARCH.starts_at]),
        ):
            with pytest.raises(NotAllowed):
                asked()
        with pytest.raises(ValueError, match="that ends"):
            books.statements_of(session, SYSTEM, Period(MARCH.starts_at))


def test_a_period_before_the_books_is_empty(database: Database) -> None:
    long_ago = Period(MARCH.starts_at - timedelta(days=900), MARCH.starts_at - timedelta(days=800))
    assert database.read(lambda session: books.statements_of(session, SYSTEM, long_ago)) == ()


ACCOUNTS = [account.pattern.replace("<name>", "sandbox") for account in books.CHART]
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 10**9), st.sampled_from(["sale", "refund"])
    ).filter(lambda entry: entry[0] != entry[1]),
    max_size=30,
)


@given(ENTRIES, st.integers(0, 30))
def test_the_three_statements_agree(entries: list[tuple[str, str, int, str]], split: int) -> None:
    before: dict[tuple[str, str], int] = {}
    after: dict[tuple[str, str], int] = {}
    flows: dict[tuple[str, str], int] = {}
    for place, (debit, credit, minor, memo) in enumerate(entries):
        for account, amount in ((debit, minor), (credit, -minor)):
            for balances in (before, after) if place < split else (after,):
                balances[account, "CNY"] = balances.get((account, "CNY"), 0) + amount
            if place >= split and account in (books.BANK, CASH):
                flows[memo, "CNY"] = flows.get((memo, "CNY"), 0) + amount
    for found in statements(before, after, flows):
        _agrees(found)


def _agrees(found: Statements) -> None:
    sheet, cash = found.sheet, found.cash
    owed = total([one.amount for one in (*sheet.liabilities, *sheet.equity)], found.currency)
    assert sheet.total == owed + sheet.earned
    assert cash.opening + total([amount for _, amount in cash.flows], found.currency) == cash.closing
