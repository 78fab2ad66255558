"""Statements of a period and balances by month, from sums in the database."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.books.models import JournalEntry, Posting
from xingtan.domains.books.rules.statements import Statements, is_cash, statements


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """An account's balance at several instants: a debit when positive."""

    account: str
    balances: tuple[Money, ...]


def balances_at(session: Session, viewer: Viewer, instants: Sequence[datetime]) -> tuple[AccountHistory, ...]:
    """Return every account's balance just before each of `instants`, which ascend; one query."""
    viewer.require(Permission.NUMBERS_READ)
    moved = _moved(session, instants)
    found = []
    for (currency, account), parts in sorted(moved.items()):
        minor, balances = 0, []
        for place in range(len(instants)):
            minor += parts.get(place, 0)
            balances.append(Money(minor, currency))
        found.append(AccountHistory(account, tuple(balances)))
    return tuple(found)


def statements_of(session: Session, viewer: Viewer, period: Period) -> tuple[Statements, ...]:
    """Return income, balance sheet and cash of a period that has an end, for each currency; two queries."""
    viewer.require(Permission.NUMBERS_READ)
    if period.ends_at is None:
        msg = "statements are of a period that ends"
        raise ValueError(msg)
    moved = _moved(session, (period.starts_at, period.ends_at))
    before = {(account, currency): parts.get(0, 0) for (currency, account), parts in moved.items()}
    after = {(account, currency): sum(parts.values()) for (currency, account), parts in moved.items()}
    return statements(before, after, _cash_flows(session, period))


def _moved(session: Session, instants: Sequence[datetime]) -> dict[tuple[str, str], dict[int, int]]:
    """Return (currency, account) → place of the first instant after → what was moved until then."""
    place = case(*((JournalEntry.at < at, number) for number, at in enumerate(instants)), else_=len(instants))
    rows = session.execute(
        select(Posting.currency, Posting.account, place, func.sum(Posting.amount_minor))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.at < instants[-1])
        .group_by(Posting.currency, Posting.account, place)
    )
    found: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for currency, account, number, minor in rows:
        found[currency, account][number] = int(minor)
    return found


def _cash_flows(session: Session, period: Period) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(JournalEntry.memo, Posting.currency, Posting.account, func.sum(Posting.amount_minor))
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .where(JournalEntry.at >= period.starts_at, JournalEntry.at < period.ends_at)
        .group_by(JournalEntry.memo, Posting.currency, Posting.account)
    )
    flows: dict[tuple[str, str], int] = defaultdict(int)
    for memo, currency, account, minor in rows:
        if is_cash(account):
            flows[memo, currency] += int(minor)
    return {key: minor for key, minor in flows.items() if minor}
