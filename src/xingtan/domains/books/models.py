"""Rows of the books: what happened (`journal_entry`) and what it moved (`posting`). Both are append-only.

1. An entry's postings sum to zero per currency, and there are at least two. The database itself refuses anything else:
   postings are inserted first, and the insertion of the entry checks them and closes the entry.
2. A posting cannot be added to a closed entry. 3. Nothing is ever changed or deleted. Corrections are new entries.
4. A posting without an entry cannot be committed (the foreign key is checked at the commit).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base


class JournalEntry(Base):
    """One fact that moved money. `key` names the fact, so that it is posted once; `memo` is a code, not prose."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_journal_entry_reference", "reference_kind", "reference_id"),
        Index("ix_journal_entry_at", "at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    memo: Mapped[str] = mapped_column(String(40))
    reference_kind: Mapped[str] = mapped_column(String(20))
    reference_id: Mapped[UUID]


class Posting(Base):
    """One account's part in an entry: a debit when positive, a credit when negative."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount_minor"),
        CheckConstraint("length(currency) = 3", name="currency"),
        Index("ix_posting_entry", "entry_id"),
        Index("ix_posting_account", "account", "currency"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entry.id", deferrable=True, initially="DEFERRED"))
    account: Mapped[str] = mapped_column(String(60))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


_UNBALANCED = """(SELECT COUNT(*) FROM posting WHERE entry_id = NEW.id) < 2
   OR EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.id GROUP BY currency HAVING SUM(amount_minor) <> 0)"""

_SQLITE = (
    f"""CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry
WHEN {_UNBALANCED}
BEGIN SELECT RAISE(ABORT, 'a journal entry balances'); END""",
    """CREATE TRIGGER posting_entry_is_open BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'a closed journal entry takes no more postings'); END""",
    *(
        f"""CREATE TRIGGER {table}_never_{verb.lower()}s BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END"""
        for table in ("journal_entry", "posting")
        for verb in ("UPDATE", "DELETE")
    ),
)

_POSTGRESQL = (
    f"""CREATE FUNCTION journal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_UNBALANCED} THEN
    RAISE EXCEPTION 'a journal entry balances' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE FUNCTION posting_entry_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id) THEN
    RAISE EXCEPTION 'a closed journal entry takes no more postings' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE FUNCTION books_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the books are append-only' USING ERRCODE = 'check_violation'; END $$""",
    """CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry
FOR EACH ROW EXECUTE FUNCTION journal_entry_balances()""",
    """CREATE TRIGGER posting_entry_is_open BEFORE INSERT ON posting
FOR EACH ROW EXECUTE FUNCTION posting_entry_is_open()""",
    *(
        f"""CREATE TRIGGER {table}_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION books_are_append_only()"""
        for table in ("journal_entry", "posting")
    ),
)

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
"""What guards the books, per dialect, in order; run after both tables are made."""

for _dialect, _statements in TRIGGERS.items():
    for _statement in _statements:
        event.listen(Posting.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
