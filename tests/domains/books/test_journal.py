"""The books: balanced by the database itself, append-only, posted once."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from xingtan.core.clock import ManualClock
from xingtan.core.errors import Broken, NotAllowed, NotFound
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.books.models import JournalEntry, Posting
from xingtan.domains.books.rules.accounts import account_named
from xingtan.infra.db import Database, new_id

REFERENCE = UUID(int=1)
CASH = books.provider_account("sandbox")


def _entry(key: str, *lines: tuple[str, int, str]) -> books.Entry:
    return books.Entry(
        key, "sale", "order", REFERENCE, tuple(books.Line(name, Money(minor, of)) for name, minor, of in lines)
    )


def _sale(key: str, minor: int = 100, currency: str = "CNY") -> books.Entry:
    return _entry(key, (CASH, minor, currency), (books.SALES, -minor, currency))


def _count(database: Database, row: type) -> int:
    return database.read(lambda session: session.scalar(select(func.count()).select_from(row)) or 0)


def test_an_entry_is_posted_once_per_key(database: Database, clock: ManualClock) -> None:
    first = database.write(lambda session: books.post(session, _sale("a"), clock=clock))
    assert database.write(lambda session: books.post(session, _sale("a"), clock=clock)) == first
    with pytest.raises(Broken, match="other lines"):
        database.write(lambda session: books.post(session, _sale("a", 200), clock=clock))
    assert (_count(database, JournalEntry), _count(database, Posting)) == (1, 2)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ((CASH, 100, "CNY"),),
        ((CASH, 100, "CNY"), (books.SALES, -99, "CNY")),
        ((CASH, 100, "CNY"), (books.SALES, -100, "USD")),
        ((CASH, 100, "CNY"), (books.SALES, -100, "CNY"), (CASH, 1, "USD"), (books.SALES, -2, "USD")),
        ((CASH, 0, "CNY"), (books.SALES, 0, "CNY")),
    ],
)
def test_the_database_refuses_what_does_not_balance(
    database: Database, clock: ManualClock, lines: tuple[tuple[str, int, str], ...]
) -> None:
    with pytest.raises(Exception, match=r"(?i)balances|constraint") as refused:
        database.write(lambda session: books.post(session, _entry("bad", *lines), clock=clock))
    assert not isinstance(refused.value, AssertionError)
    assert (_count(database, JournalEntry), _count(database, Posting)) == (0, 0)


def test_only_accounts_of_the_chart(database: Database, clock: ManualClock) -> None:
    for name in (
        "assets:provider:",
        "assets:provider:Alipay",
        "income:other",
        "",
        "assets:provider:a:b",
        "income:sales ",
    ):
        with pytest.raises(Broken, match="chart"):
            account_named(name)
        bad = _entry("bad", (name, 1, "CNY"), (books.SALES, -1, "CNY"))
        with pytest.raises(Broken, match="chart"):
            database.write(lambda session, bad=bad: books.post(session, bad, clock=clock))
    assert account_named("assets:provider:wechat_pay").grows == "debit"


def _refused(database: Database, statement: Any) -> None:
    with pytest.raises(IntegrityError, match=r"append-only|closed"):
        database.write(lambda session: session.execute(statement))


def test_nothing_in_the_books_is_ever_changed(database: Database, clock: ManualClock) -> None:
    """M4, in the database's own words: not by the ORM, not by hand."""
    entry_id = database.write(lambda session: books.post(session, _sale("a"), clock=clock))
    _refused(database, update(Posting).values(amount_minor=1))
    _refused(database, update(JournalEntry).values(memo="other"))
    _refused(database, delete(Posting))
    _refused(database, delete(JournalEntry))
    _refused(database, text("UPDATE posting SET account = 'income:sales' WHERE amount_minor > 0"))
    more = {"id": new_id(), "entry_id": entry_id, "account": CASH, "amount_minor": 5, "currency": "CNY"}
    _refused(database, insert(Posting).values(**more))
    assert database.read(books.check) == []
    assert _count(database, Posting) == 2


def test_a_posting_without_an_entry_cannot_be_committed(database: Database) -> None:
    alone = {"id": new_id(), "entry_id": new_id(), "account": CASH, "amount_minor": 5, "currency": "CNY"}
    with pytest.raises(IntegrityError):
        database.write(lambda session: session.execute(insert(Posting).values(**alone)))
    another = Database(database.url)
    assert _count(another, Posting) == 0
    another.close()


@given(amounts=st.lists(st.tuples(st.integers(1, 10**12), st.sampled_from(["CNY", "USD", "JPY"])), max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_balances_are_the_sums_of_what_was_posted(
    database: Database, clock: ManualClock, amounts: list[tuple[int, str]]
) -> None:
    """M1, M2, M3: whatever is posted, entries and the whole sum to nothing, and a replay gives the same balances."""

    def balance(currency: str) -> int:
        return database.read(lambda s: books.balance(s, SYSTEM, account=CASH, currency=currency)).minor

    before = {currency: balance(currency) for currency in ("CNY", "USD", "JPY")}
    for minor, currency in amounts:
        entry = _sale(str(new_id()), minor, currency)
        database.write(lambda session, entry=entry: books.post(session, entry, clock=clock))
    for currency, old in before.items():
        assert balance(currency) == old + sum(minor for minor, its in amounts if its == currency)
    rows = database.read(lambda session: books.trial_balance(session, SYSTEM))
    assert all(sum(row.balance.minor for row in rows if row.balance.currency == of) == 0 for of in before)
    assert database.read(books.check) == []


def test_the_journal_is_read_in_pages_newest_first(database: Database, clock: ManualClock) -> None:
    for number in range(5):
        database.write(lambda session, number=number: books.post(session, _sale(f"k{number}"), clock=clock))
        clock.advance(minutes=1 if number != 2 else 0)
    seen: list[str] = []
    before = None
    while True:
        page = database.read(lambda session, before=before: books.entries(session, SYSTEM, before=before, limit=2))
        seen += [entry.key for entry in page.entries]
        assert all(entry.postings[0].amount.minor > 0 for entry in page.entries)
        before = page.next_before
        if before is None:
            break
    assert seen == ["k4", "k3", "k2", "k1", "k0"]
    only = books.EntryFilter(account=books.SALES, reference_id=REFERENCE)
    assert len(database.read(lambda session: books.entries(session, SYSTEM, only=only)).entries) == 5
    none = books.EntryFilter(account=books.REFUNDS)
    assert not database.read(lambda session: books.entries(session, SYSTEM, only=none)).entries
    with pytest.raises(NotFound):
        database.read(lambda session: books.entries(session, SYSTEM, before=new_id()))


def test_the_books_are_for_those_who_may_read_numbers(database: Database) -> None:
    learner = Viewer(UUID(int=2))
    for read in (
        lambda session: books.entries(session, learner),
        lambda session: books.trial_balance(session, learner),
        lambda session: books.balance(session, learner, account=CASH, currency="CNY"),
    ):
        with pytest.raises(NotAllowed):
            database.read(read)
