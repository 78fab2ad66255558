"""What reads of the books return: frozen rows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.money import Money


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account's balance in one currency: a debit when positive. `postings` counts what it is the sum of."""

    account: str
    holds: str
    balance: Money
    postings: int


@dataclass(frozen=True, slots=True)
class PostingView:
    """One line of an entry."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with its lines, debits first."""

    id: UUID
    key: str
    at: datetime
    memo: str
    reference_kind: str
    reference_id: UUID
    postings: tuple[PostingView, ...]


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries: of one account, of one reference, or all."""

    account: str | None = None
    reference_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries, newest first; `next_before` continues behind them, None at the end."""

    entries: tuple[EntryView, ...]
    next_before: UUID | None
