"""Posting to the books: a fact's entry is written once, whole, and balanced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken
from xingtan.core.money import Money
from xingtan.domains.books.models import JournalEntry, Posting
from xingtan.domains.books.rules.accounts import account_named
from xingtan.infra.db import new_id


@dataclass(frozen=True, slots=True)
class Line:
    """An account and what it gains: a debit when positive, a credit when negative."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact to post. `key` names it for ever; `memo` is a short code such as ``sale``."""

    key: str
    memo: str
    reference_kind: str
    reference_id: UUID
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class DatedEntry:
    """An entry of the past, and when it was."""

    at: datetime
    entry: Entry


def post(session: Session, entry: Entry, *, clock: Clock) -> UUID:
    """Write `entry` and return its id; the same key again changes nothing and returns the first one's id.

    `Broken` when it does not balance, names an account outside the chart, or its key was posted with other lines.
    """
    known = session.scalar(select(JournalEntry.id).where(JournalEntry.key == entry.key))
    if known is not None:
        _must_equal(session, known, entry)
        return known
    if not entry.lines:
        msg = f"{entry.key} moves nothing: an entry balances at least two accounts"
        raise Broken(msg)
    for line in entry.lines:
        account_named(line.account)
    entry_id = new_id()
    # The postings go first: inserting the entry is what checks and closes them.
    session.execute(insert(Posting), [_row(entry_id, line) for line in entry.lines])
    session.execute(insert(JournalEntry).values(_entry_row(entry_id, entry, clock.now())))
    return entry_id


def post_past(session: Session, found: Sequence[DatedEntry]) -> None:
    """Write many entries of the past, whose keys are new; the database checks each as it does any other."""
    named = [(new_id(), one) for one in found]
    for line in (line for one in found for line in one.entry.lines):
        account_named(line.account)
    if not named:
        return
    session.execute(insert(Posting), [_row(entry_id, line) for entry_id, one in named for line in one.entry.lines])
    session.execute(insert(JournalEntry), [_entry_row(entry_id, one.entry, one.at) for entry_id, one in named])


def _entry_row(entry_id: UUID, entry: Entry, at: datetime) -> dict[str, object]:
    return {
        "id": entry_id, "key": entry.key, "at": at, "memo": entry.memo, "reference_kind": entry.reference_kind,
        "reference_id": entry.reference_id,
    }  # fmt: skip


def _row(entry_id: UUID, line: Line) -> dict[str, object]:
    return {
        "id": new_id(), "entry_id": entry_id, "account": line.account,
        "amount_minor": line.amount.minor, "currency": line.amount.currency,
    }  # fmt: skip


def _must_equal(session: Session, entry_id: UUID, entry: Entry) -> None:
    rows = session.execute(
        select(Posting.account, Posting.amount_minor, Posting.currency).where(Posting.entry_id == entry_id)
    ).all()
    if sorted(tuple(row) for row in rows) != sorted(_plain(entry.lines)):
        msg = f"{entry.key} was posted before, with other lines"
        raise Broken(msg)


def _plain(lines: Sequence[Line]) -> list[tuple[str, int, str]]:
    return [(line.account, line.amount.minor, line.amount.currency) for line in lines]
