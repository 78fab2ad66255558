"""Reading the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from xingtan.core.errors import Broken, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.books.models import JournalEntry, Posting
from xingtan.domains.books.rules.accounts import account_named


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


def balance(session: Session, viewer: Viewer, *, account: str, currency: str) -> Money:
    """Return the balance of `account` in `currency`: a debit when positive."""
    viewer.require(Permission.NUMBERS_READ)
    total = session.scalar(
        select(func.sum(Posting.amount_minor)).where(Posting.account == account, Posting.currency == currency)
    )
    return Money(int(total or 0), currency)


def trial_balance(session: Session, viewer: Viewer) -> tuple[AccountBalance, ...]:
    """Return every account's balance per currency, in the order of currency and name; per currency they sum to zero."""
    viewer.require(Permission.NUMBERS_READ)
    rows = session.execute(
        select(Posting.currency, Posting.account, func.sum(Posting.amount_minor), func.count())
        .group_by(Posting.currency, Posting.account)
        .order_by(Posting.currency, Posting.account)
    )
    return tuple(
        AccountBalance(account, account_named(account).holds, Money(int(total), currency), count)
        for currency, account, total, count in rows
    )


def entries(
    session: Session, viewer: Viewer, *, only: EntryFilter = EntryFilter(), before: UUID | None = None, limit: int = 50
) -> EntryPage:
    """Return entries, newest first, `limit` at most; two queries."""
    viewer.require(Permission.NUMBERS_READ)
    wanted = select(JournalEntry).order_by(JournalEntry.at.desc(), JournalEntry.id.desc()).limit(limit + 1)
    if only.account is not None:
        with_account = select(Posting.entry_id).where(Posting.account == only.account)
        wanted = wanted.where(JournalEntry.id.in_(with_account))
    if only.reference_id is not None:
        wanted = wanted.where(JournalEntry.reference_id == only.reference_id)
    if before is not None:
        mark = session.get(JournalEntry, before)
        if mark is None:
            raise NotFound(say("There is nothing here."))
        wanted = wanted.where(tuple_(JournalEntry.at, JournalEntry.id) < tuple_(mark.at, mark.id))
    found = session.scalars(wanted).all()
    shown = found[:limit]
    return EntryPage(_with_lines(session, shown), shown[-1].id if len(found) > limit else None)


def _with_lines(session: Session, rows: Sequence[JournalEntry]) -> tuple[EntryView, ...]:
    lines: dict[UUID, list[PostingView]] = {row.id: [] for row in rows}
    wanted = select(Posting).where(Posting.entry_id.in_(list(lines))).order_by(Posting.amount_minor.desc(), Posting.id)
    for line in session.scalars(wanted):
        lines[line.entry_id].append(PostingView(line.account, Money(line.amount_minor, line.currency)))
    return tuple(
        EntryView(row.id, row.key, row.at, row.memo, row.reference_kind, row.reference_id, tuple(lines[row.id]))
        for row in rows
    )


def check(session: Session) -> list[str]:
    """Return what does not hold of invariants M1 (entries balance), M2 (so does the whole), M3 (balances replay)."""
    faults: list[str] = []
    entry_sums: dict[tuple[UUID, str], int] = {}
    replayed: dict[tuple[str, str], int] = {}
    parts: dict[UUID, int] = {}
    rows = session.execute(
        select(Posting.entry_id, Posting.account, Posting.amount_minor, Posting.currency).order_by(Posting.id)
    )
    for entry_id, account, minor, currency in rows:
        entry_sums[entry_id, currency] = entry_sums.get((entry_id, currency), 0) + minor
        replayed[account, currency] = replayed.get((account, currency), 0) + minor
        parts[entry_id] = parts.get(entry_id, 0) + 1
    faults += [f"M1: entry {entry} is off by {off} {currency}" for (entry, currency), off in entry_sums.items() if off]
    faults += [f"M1: entry {entry} has one posting only" for entry, count in parts.items() if count < 2]  # noqa: PLR2004
    for currency in {currency for _, currency in replayed}:
        off = sum(minor for (_, its), minor in replayed.items() if its == currency)
        faults += [f"M2: the trial balance is off by {off} {currency}"] if off else []
    faults += _unlike_replay(session, replayed)
    known = set(session.scalars(select(JournalEntry.id)))
    faults += [f"M1: entry {entry} has no postings" for entry in known - parts.keys()]
    faults += [f"M1: postings of {entry} have no entry" for entry in parts.keys() - known]
    return faults


def _unlike_replay(session: Session, replayed: dict[tuple[str, str], int]) -> list[str]:
    faults = []
    for account in {account for account, _ in replayed}:
        try:
            account_named(account)
        except Broken as error:
            faults.append(f"M3: {error}")
    summed = session.execute(
        select(Posting.account, Posting.currency, func.sum(Posting.amount_minor)).group_by(
            Posting.account, Posting.currency
        )
    )
    for account, currency, total in summed:
        if replayed.get((account, currency), 0) != int(total):
            faults.append(f"M3: {account} says {total} {currency}, its postings say otherwise")
    return faults
