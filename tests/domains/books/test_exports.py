"""The journal in other programs: they find no error, their balances are ours, and they refuse a changed cent."""

import csv
import io
import random
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domains.books import foreign
from xingtan.core.clock import ManualClock
from xingtan.core.errors import NotAllowed
from xingtan.core.money import CURRENCIES, Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.books.formats import beancount, spreadsheet
from xingtan.infra.db import Database

SHANGHAI = ZoneInfo("Asia/Shanghai")
ACCOUNTS = [
    *(account.pattern.replace("<name>", "sandbox") for account in books.CHART),
    books.provider_account("wechat_pay"),
    books.provider_account("a1__b"),
    books.disputed_account("stripe"),
]


def fill(database: Database, clock: ManualClock, *, entries: int) -> None:
    """Post entries between random accounts, in every currency, with two to five lines and at random hours."""
    dice = random.Random(7)
    for number in range(entries):
        clock.advance(minutes=dice.randrange(1, 900))
        lines = [
            line for currency in dice.sample(sorted(CURRENCIES), 1 + number % 2) for line in _lines(dice, currency)
        ]
        entry = books.Entry(f"fact:{number}", dice.choice(["sale", "refund"]), "order", UUID(int=number), tuple(lines))
        database.write(lambda session, entry=entry: books.post(session, entry, clock=clock))


def _lines(dice: random.Random, currency: str) -> list[books.Line]:
    minors = [dice.choice([1, 99, 19900, 10**9 + 7]) for _ in range(dice.randrange(1, 4))]
    accounts = dice.sample(ACCOUNTS, len(minors) + 1)
    amounts = [*minors, -sum(minors)]
    return [books.Line(account, Money(minor, currency)) for account, minor in zip(accounts, amounts, strict=True)]


def write(database: Database, export_format: books.ExportFormat, folder: Path) -> Path:
    path = folder / f"journal.{export_format}"
    with database.reading() as session, path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(books.export(session, SYSTEM, export_format, zone=SHANGHAI))
    return path


def ours(database: Database) -> foreign.Balances:
    rows = database.read(lambda session: books.trial_balance(session, SYSTEM))
    return {(row.account, row.balance.currency): Decimal(row.balance.major()) for row in rows if row.balance}


def in_beancount(balances: foreign.Balances) -> foreign.Balances:
    return {(beancount.account(name), currency): amount for (name, currency), amount in balances.items()}


def with_a_changed_unit(path: Path) -> Path:
    """Return a copy of the file in which one posting in yuan is a cent more."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    postings = (number for number, line in enumerate(lines) if line.startswith("  ") and line.endswith(" CNY"))
    place = next(postings)
    head, amount, currency = lines[place].rsplit(maxsplit=2)
    lines[place] = f"  {head.strip()}  {Decimal(amount) + Decimal('0.01')} {currency}"
    changed = path.with_stem("changed")
    changed.write_text("\n".join(lines), encoding="utf-8")
    return changed


def test_beancount_agrees(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    fill(database, clock, entries=120)
    path = write(database, "beancount", tmp_path)
    assert foreign.bean_check(path) == ""
    assert foreign.bean_balances(path) == in_beancount(ours(database))
    assert "does not balance" in foreign.bean_check(with_a_changed_unit(path))


@pytest.mark.hledger
def test_hledger_agrees(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    fill(database, clock, entries=120)
    path = write(database, "hledger", tmp_path)
    assert foreign.hledger_check(path) == ""
    assert foreign.hledger_balances(path) == ours(database)
    assert "could not balance" in foreign.hledger_check(with_a_changed_unit(path))


@pytest.mark.hledger
def test_a_lost_entry_is_missed_by_both(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    fill(database, clock, entries=30)
    bean, ledger = (write(database, one, tmp_path) for one in ("beancount", "hledger"))
    for path, check in ((bean, foreign.bean_check), (ledger, foreign.hledger_check)):
        first, *entries, last = path.read_text(encoding="utf-8").split("\n\n")
        del entries[len(entries) // 2 : len(entries) // 2 + 3]
        path.write_text("\n\n".join([first, *entries, last]), encoding="utf-8")
        assert check(path) != ""


@pytest.mark.hledger
def test_empty_books_are_a_file_that_both_read(database: Database, tmp_path: Path) -> None:
    assert foreign.bean_check(write(database, "beancount", tmp_path)) == ""
    assert foreign.hledger_check(write(database, "hledger", tmp_path)) == ""


def test_csv_holds_every_posting(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    fill(database, clock, entries=60)
    with write(database, "csv", tmp_path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found: foreign.Balances = {}
    for row in rows:
        key = row["account"], row["currency"]
        found[key] = found.get(key, Decimal(0)) + Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    assert {key: amount for key, amount in found.items() if amount} == ours(database)
    assert {len({row["account"], row["debit"], row["credit"]} - {""}) for row in rows} == {2}
    late = [row for row in rows if row["at"][11:13] >= "16"]
    assert late
    assert all(row["date"] > row["at"][:10] for row in late)  # in Shanghai it is tomorrow


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "=cmd|' /C calc'!A0"]
)
def test_no_cell_begins_a_formula(cell: str) -> None:
    (read,) = next(csv.reader(io.StringIO(spreadsheet.row([cell]), newline="")))
    assert read == f"'{cell}"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=2, max_size=5))
def test_any_text_is_read_back(cells: list[str]) -> None:
    read = next(csv.reader(io.StringIO(spreadsheet.row(cells), newline="")))
    assert read == [spreadsheet.safe(cell) for cell in cells]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in read)


def test_beancounts_spelling_keeps_accounts_apart() -> None:
    assert len({beancount.account(name) for name in ACCOUNTS}) == len(set(ACCOUNTS))


def test_only_who_reads_numbers_takes_them_along(database: Database) -> None:
    with database.reading() as session, pytest.raises(NotAllowed):
        books.export(session, Viewer(), "csv", zone=SHANGHAI)


def test_the_journal_is_read_in_pieces(database: Database, clock: ManualClock) -> None:
    fill(database, clock, entries=5)
    with database.reading() as session:
        pieces = books.export(session, SYSTEM, "beancount", zone=SHANGHAI)
        assert next(pieces).startswith("option")
        assert sum(piece.count(" * ") for piece in pieces) == 5
