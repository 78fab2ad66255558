"""Sums of what entries moved, for whoever checks something else against the books."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.books.models import JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class Moved:
    """What an entry moved on some accounts, in minor units: both are positive."""

    debits_minor: int
    credits_minor: int


def moved_by_entry(session: Session, viewer: Viewer, *, accounts: Collection[str]) -> dict[tuple[str, str], Moved]:
    """Return (key of the entry, currency) → what it moved on `accounts`; without those that moved nothing."""
    viewer.require(Permission.NUMBERS_READ)
    debits = func.sum(case((Posting.amount_minor > 0, Posting.amount_minor), else_=0))
    credits_ = func.sum(case((Posting.amount_minor < 0, -Posting.amount_minor), else_=0))
    rows = session.execute(
        select(JournalEntry.key, Posting.currency, debits, credits_)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .where(Posting.account.in_(accounts))
        .group_by(JournalEntry.key, Posting.currency)
    )
    return {(key, currency): Moved(int(debit), int(credit)) for key, currency, debit, credit in rows}
