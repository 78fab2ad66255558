"""The journal as Beancount text (beancount.github.io/docs/beancount_language_syntax.html).

1. Accounts begin with Beancount's own roots and are spelled with capitals and hyphens; each is opened on the day of its
first posting. 2. Amounts carry the decimals of their currency, so that Beancount tolerates less than one minor unit.
3. The file ends by asserting every balance on the day after the last entry.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from xingtan.core.money import Money
from xingtan.domains.books.formats.running import Running
from xingtan.domains.books.views import EntryView

_ROOTS = {
    "assets": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "expense": "Expenses",
}  # fmt: skip


def lines(entries: Iterable[EntryView], *, zone: ZoneInfo) -> Iterator[str]:
    """Return the file line by line; days are those of `zone`."""
    yield 'option "title" "Xingtan"\n'
    running, day = Running(), None
    for entry in entries:
        day = entry.at.astimezone(zone).date()
        yield "\n"
        for posting in entry.postings:
            if running.is_new_currency(posting.amount.currency):
                yield f'option "operating_currency" "{posting.amount.currency}"\n'
            if running.is_new(posting.account):
                yield f"{day} open {account(posting.account)}\n"
            running.add(posting)
        yield from _entry(entry, day)
    if day is not None:
        yield from _assertions(running, day + timedelta(days=1))


def _entry(entry: EntryView, day: date) -> Iterator[str]:
    yield f"{day} * {_quoted(entry.memo)}\n"
    yield f"  key: {_quoted(entry.key)}\n"
    yield f"  at: {_quoted(entry.at.astimezone(UTC).isoformat())}\n"
    yield f"  reference: {_quoted(f'{entry.reference_kind}:{entry.reference_id}')}\n"
    for posting in entry.postings:
        yield f"  {account(posting.account)}  {_amount(posting.amount)}\n"


def _assertions(running: Running, day: date) -> Iterator[str]:
    yield "\n"
    for name, balance in running.balances():
        yield f"{day} balance {account(name)}  {_amount(balance)}\n"


def account(name: str) -> str:
    """Return an account as Beancount spells it: ``Assets:Provider:Wechat-Pay`` of ``assets:provider:wechat_pay``."""
    root, *parts = name.split(":")
    return ":".join((_ROOTS[root], *("-".join(word.capitalize() for word in part.split("_")) for part in parts)))


def _amount(amount: Money) -> str:
    return f"{amount.major()} {amount.currency}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{" ".join(escaped.split())}"'
