"""Wallets: what learners have paid ahead, entry by entry.

1. Entries are numbered from 1 without a gap; each says what was there before it plus what it moved: the database
   refuses anything else, so a balance is the sum of its entries by construction (M3).
2. Neither the balance nor the bonus is ever below nothing (M6).
3. Nothing is changed or deleted: a reversal is an entry. 4. The bonus is spent last.
5. A key names one entry of a wallet, so that a spend is one however often it is tried (M8).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import WITHDRAWAL
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

ADDS = ("top_up", "given", "returned", "restored")
TAKES = ("paid", "used", "withdrawn", "taken_back")
ENTRY_KINDS = (*ADDS, *TAKES)
"""What an entry tells: money paid in, a present from the academy, money that came back from an order or a use, a
withdrawal that did not work; an order paid, a use charged, money on its way back to where it came from, a top-up
undone."""


class Wallet(Base):
    """One person's wallet in one currency: it has `entries` entries, and its balance is the newest one's.

    A letter is written when less than `warn_below_minor` is left (null: never), once (`warned_at`) until money comes.
    """

    __tablename__ = "wallet"
    __table_args__ = (
        UniqueConstraint("person_id", "currency"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("entries >= 0", name="entries"),
        CheckConstraint("warn_below_minor IS NULL OR warn_below_minor > 0", name="warn_below_minor"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    currency: Mapped[str] = mapped_column(String(3))
    entries: Mapped[int]
    warn_below_minor: Mapped[int | None] = mapped_column(BigInteger)
    warned_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WalletEntry(Base):
    """One movement: `amount_minor` of paid money, `bonus_minor` of bonus, and what is there after it of each.

    `source_id` is what it is about: an order, a use, a reward.
    """

    __tablename__ = "wallet_entry"
    __table_args__ = (
        UniqueConstraint("wallet_id", "number"),
        UniqueConstraint("wallet_id", "key"),
        CheckConstraint(one_of("kind", ENTRY_KINDS), name="kind"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("balance_minor >= 0 AND bonus_balance_minor >= 0", name="never_below_zero"),
        CheckConstraint(
            f"({one_of('kind', ADDS)} AND amount_minor >= 0 AND bonus_minor >= 0 AND amount_minor + bonus_minor > 0) OR"
            f" ({one_of('kind', TAKES)} AND amount_minor <= 0 AND bonus_minor <= 0 AND amount_minor + bonus_minor < 0)",
            name="direction",
        ),
        CheckConstraint("kind NOT IN ('paid', 'used') OR bonus_minor = 0 OR balance_minor = 0", name="bonus_last"),
        Index("ix_wallet_entry_source", "source_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallet.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    bonus_minor: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int] = mapped_column(BigInteger)
    bonus_balance_minor: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    source_id: Mapped[UUID]
    at: Mapped[datetime]


class Withdrawal(Base):
    """Part of a top-up on its way back to where it came from: the entry that took it, the refund that carries it."""

    __tablename__ = "withdrawal"
    __table_args__ = (
        UniqueConstraint("refund_id"),
        UniqueConstraint("entry_id"),
        CheckConstraint(one_of("state", WITHDRAWAL.states), name="state"),
        CheckConstraint("amount_minor > 0 AND bonus_minor >= 0", name="amounts"),
        Index("ix_withdrawal_order", "order_id", "state"),
        Index("ix_withdrawal_state", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallet.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("wallet_entry.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    refund_id: Mapped[UUID] = mapped_column(ForeignKey("refund.id"))
    state: Mapped[str] = mapped_column(String(12))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    bonus_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


def _before(column: str) -> str:
    known = f"SELECT {column} FROM wallet_entry WHERE wallet_id = NEW.wallet_id AND number = NEW.number - 1"  # noqa: S608 - our own words
    return f"CASE WHEN NEW.number = 1 THEN 0 ELSE ({known}) END"


_FOLLOWS = f"""coalesce(NEW.balance_minor - NEW.amount_minor = {_before("balance_minor")}
   AND NEW.bonus_balance_minor - NEW.bonus_minor = {_before("bonus_balance_minor")}, FALSE)"""

_SQLITE = (
    f"""CREATE TRIGGER wallet_entry_follows BEFORE INSERT ON wallet_entry
WHEN NOT {_FOLLOWS}
BEGIN SELECT RAISE(ABORT, 'a wallet entry follows the one before it'); END""",
    *(
        f"""CREATE TRIGGER wallet_entry_never_{verb.lower()}s BEFORE {verb} ON wallet_entry
BEGIN SELECT RAISE(ABORT, 'wallet entries never change'); END"""
        for verb in ("UPDATE", "DELETE")
    ),
)

_POSTGRESQL = (
    f"""CREATE FUNCTION wallet_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT {_FOLLOWS} THEN
    RAISE EXCEPTION 'a wallet entry follows the one before it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE FUNCTION wallet_entries_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'wallet entries never change' USING ERRCODE = 'check_violation'; END $$""",
    """CREATE TRIGGER wallet_entry_follows BEFORE INSERT ON wallet_entry
FOR EACH ROW EXECUTE FUNCTION wallet_entry_follows()""",
    """CREATE TRIGGER wallet_entry_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entry
FOR EACH STATEMENT EXECUTE FUNCTION wallet_entries_never_change()""",
)

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
"""What keeps a wallet's entries in line, per dialect, in order; run after the table is made."""

for _dialect, _statements in TRIGGERS.items():
    for _statement in _statements:
        event.listen(WalletEntry.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
