"""The journal as hledger text (hledger.org/hledger.html#journal).

1. Accounts keep our names; each is declared with its type before its first posting, each currency with its decimals.
2. The file ends with an entry that moves nothing and asserts every balance.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date
from zoneinfo import ZoneInfo

from xingtan.core.money import CURRENCIES, Money
from xingtan.domains.books.formats.running import Running
from xingtan.domains.books.views import EntryView

_TYPES = {"assets": "A", "liability": "L", "equity": "E", "income": "R", "expense": "X"}
_NOT_IN_CODE = re.compile(r"[()\s;]+")
_NOT_IN_TEXT = re.compile(r"[;|,\s]+")


def lines(entries: Iterable[EntryView], *, zone: ZoneInfo) -> Iterator[str]:
    """Return the file line by line; days are those of `zone`."""
    yield "decimal-mark .\n"
    running, day = Running(), None
    for entry in entries:
        day = entry.at.astimezone(zone).date()
        yield "\n"
        for posting in entry.postings:
            if running.is_new_currency(posting.amount.currency):
                yield _commodity(posting.amount.currency)
            if running.is_new(posting.account):
                yield f"account {posting.account}  ; type:{_TYPES[posting.account.partition(':')[0]]}\n"
            running.add(posting)
        yield from _entry(entry, day)
    if day is not None:
        yield from _assertions(running, day)


def _commodity(currency: str) -> str:
    return f"commodity 1000.{'0' * CURRENCIES[currency]} {currency}\n"


def _entry(entry: EntryView, day: date) -> Iterator[str]:
    code, memo = _NOT_IN_CODE.sub("_", entry.key), _NOT_IN_TEXT.sub(" ", entry.memo)
    at, reference = entry.at.astimezone(UTC).isoformat(), f"{entry.reference_kind}:{entry.reference_id}"
    yield f"{day} * ({code}) {memo}  ; at:{at}, reference:{_NOT_IN_TEXT.sub('_', reference)}\n"
    for posting in entry.postings:
        yield f"    {posting.account}  {_amount(posting.amount)}\n"


def _assertions(running: Running, day: date) -> Iterator[str]:
    yield f"\n{day} * balances\n"
    for name, balance in running.balances():
        yield f"    {name}  {_amount(Money(0, balance.currency))} = {_amount(balance)}\n"


def _amount(amount: Money) -> str:
    return f"{amount.major()} {amount.currency}"
