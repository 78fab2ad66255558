"""Writing a wallet's entries: the one place where a balance moves, and the books' part of a bonus with it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken
from xingtan.core.money import Money, zero
from xingtan.domains.books import api as books
from xingtan.domains.commerce.events import WalletLow, WalletMoved
from xingtan.domains.commerce.models import Wallet, WalletEntry
from xingtan.domains.commerce.rules.purses import Movement, Purse, is_newly_low
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A movement to write; `key` names it within its wallet.

    `bonus_against` is the account that the bonus comes from or goes to; None: the caller posts it.
    """

    kind: str
    moved: Purse
    key: str
    title: str
    source_id: UUID
    bonus_against: str | None


def locked_wallet(session: Session, person_id: UUID, currency: str, *, clock: Clock) -> Wallet:
    """Return the person's wallet in `currency`, locked; a new one when she has none."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    wanted = select(Wallet).where(Wallet.person_id == person_id, Wallet.currency == currency).with_for_update()
    row = session.scalar(wanted.execution_options(populate_existing=True))
    if row is not None:
        return row
    new = insert(Wallet).values(
        id=new_id(), person_id=person_id, currency=currency, entries=0, warn_below_minor=None, warned_at=None,
        created_at=clock.now(),
    )  # fmt: skip
    session.execute(new.on_conflict_do_nothing())
    return session.scalars(wanted).one()


def purse_of(session: Session, wallet: Wallet) -> Purse:
    """Return what is in the wallet now."""
    newest = select(WalletEntry.balance_minor, WalletEntry.bonus_balance_minor).where(
        WalletEntry.wallet_id == wallet.id, WalletEntry.number == wallet.entries
    )
    found = session.execute(newest).one_or_none()
    paid, bonus = found if found is not None else (0, 0)
    return Purse(Money(paid, wallet.currency), Money(bonus, wallet.currency))


def entry_with(session: Session, wallet_id: UUID, key: str) -> WalletEntry | None:
    """Return the entry that this key names; None when there is none."""
    return session.scalar(select(WalletEntry).where(WalletEntry.wallet_id == wallet_id, WalletEntry.key == key))


def add_entry(session: Session, wallet: Wallet, new: NewEntry, *, clock: Clock) -> WalletEntry:
    """Write an entry of a locked wallet and return it; the same key again changes nothing."""
    known = entry_with(session, wallet.id, new.key)
    if known is not None:
        _must_equal(known, new)
        return known
    now, before = clock.now(), purse_of(session, wallet)
    after = before + new.moved
    row = WalletEntry(
        id=new_id(), wallet_id=wallet.id, number=wallet.entries + 1, kind=new.kind,
        amount_minor=new.moved.paid.minor, bonus_minor=new.moved.bonus.minor, balance_minor=after.paid.minor,
        bonus_balance_minor=after.bonus.minor, key=new.key, title=new.title[:200], source_id=new.source_id, at=now,
    )  # fmt: skip
    wallet.entries += 1
    session.add(row)
    session.flush()
    _post_bonus(session, row, new, clock=clock)
    news = WalletMoved(
        wallet.id, row.id, wallet.person_id, new.kind, moved=new.moved.paid, bonus=new.moved.bonus, balance=after.whole
    )
    emit(session, news, at=now)
    _warn(session, wallet, row, before=before.whole, after=after.whole, clock=clock)
    return row


def movement_of(row: WalletEntry, currency: str) -> Movement:
    """Return the entry as a replay needs it."""
    return Movement(row.kind, row.source_id, Purse(Money(row.amount_minor, currency), Money(row.bonus_minor, currency)))


def _must_equal(known: WalletEntry, new: NewEntry) -> None:
    if (known.kind, known.amount_minor, known.bonus_minor) != (new.kind, new.moved.paid.minor, new.moved.bonus.minor):
        msg = f"the wallet entry {new.key} was written before, with other amounts"
        raise Broken(msg)


def _post_bonus(session: Session, row: WalletEntry, new: NewEntry, *, clock: Clock) -> None:
    if new.bonus_against is None or not new.moved.bonus:
        return
    lines = (books.Line(books.BONUS, -new.moved.bonus), books.Line(new.bonus_against, new.moved.bonus))
    books.post(session, books.Entry(f"bonus:{row.id}", "bonus", "wallet", row.wallet_id, lines), clock=clock)


def _warn(
    session: Session, wallet: Wallet, row: WalletEntry, *, before: Money, after: Money, clock: Clock
) -> None:  # fmt: skip
    line = None if wallet.warn_below_minor is None else Money(wallet.warn_below_minor, wallet.currency)
    if line is not None and after >= line:
        wallet.warned_at = None
    if is_newly_low(before=before, after=after, warn_below=line, was_warned=wallet.warned_at is not None):
        wallet.warned_at = clock.now()
        emit(session, WalletLow(wallet.id, row.id, wallet.person_id, after), at=clock.now())
    session.flush()


def give_bonus(
    session: Session,
    person_id: UUID,
    amount: Money,
    *,
    key: str,
    title: str,
    source_id: UUID,
    against: str,
    clock: Clock,
) -> UUID:
    """Give somebody money to spend here, taken from the account `against`, once per `key`; return the entry's id."""
    wallet = locked_wallet(session, person_id, amount.currency, clock=clock)
    given = NewEntry("given", Purse(zero(amount.currency), amount), key, title, source_id, against)
    return add_entry(session, wallet, given, clock=clock).id
