"""What must hold of wallets, credits and uses at any moment, recomputed from the rows."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce.models import CreditLot, UseCharge, Wallet, WalletEntry, Withdrawal
from xingtan.domains.commerce.wallets.statements import top_ups_left
from xingtan.domains.commerce.wallets.uses import LESSON_UNITS
from xingtan.domains.entitlements import api as entitlements


def check(session: Session, *, at: datetime) -> Iterator[str]:  # noqa: ARG001 - the shape of every noun's check
    """Yield what does not hold: M3 and M6 of wallets and credits, E1 of what is paid per use."""
    yield from _entries_differ(session)
    yield from _books_differ(session)
    yield from _lots_differ(session)
    yield from _parts_differ(session)


def _entries_differ(session: Session) -> Iterator[str]:
    """M3 and M6: replayed from the first entry, every balance is what its entry says, and none is below nothing."""
    for wallet in session.scalars(select(Wallet)):
        paid = bonus = count = 0
        rows = select(WalletEntry).where(WalletEntry.wallet_id == wallet.id).order_by(WalletEntry.number)
        for row in session.scalars(rows):
            paid, bonus, count = paid + row.amount_minor, bonus + row.bonus_minor, count + 1
            if (row.number, row.balance_minor, row.bonus_balance_minor) != (count, paid, bonus):
                yield f"M3: entry {row.number} of wallet {wallet.id} does not follow the one before it"
            if paid < 0 or bonus < 0:
                yield f"M6: wallet {wallet.id} is below nothing at entry {row.number}"
        left = [lot.left for lot in top_ups_left(session, wallet)]
        if (sum(one.paid.minor for one in left), sum(one.bonus.minor for one in left)) != (paid, bonus):
            yield f"M3: what is left of the top-ups of wallet {wallet.id} is not its balance"
        if wallet.entries != count:
            yield f"M3: wallet {wallet.id} counts {wallet.entries} entries of {count}"


def _books_differ(session: Session) -> Iterator[str]:
    """M3: what the books owe is what is in the wallets, on its way back from them, and not used of the credits."""
    owed: dict[tuple[str, str], int] = defaultdict(int)
    entries = select(Wallet.currency, func.sum(WalletEntry.amount_minor), func.sum(WalletEntry.bonus_minor))
    for currency, paid, bonus in session.execute(
        entries.join(Wallet, Wallet.id == WalletEntry.wallet_id).group_by(Wallet.currency)
    ):
        owed[books.WALLET, currency] += int(paid)
        owed[books.BONUS, currency] += int(bonus)
    leaving = select(Wallet.currency, func.sum(Withdrawal.amount_minor)).join(Wallet, Wallet.id == Withdrawal.wallet_id)
    for currency, minor in session.execute(leaving.where(Withdrawal.state == "open").group_by(Wallet.currency)):
        owed[books.WALLET, currency] += int(minor)
    lots = select(CreditLot.currency, func.sum(CreditLot.unearned_minor)).group_by(CreditLot.currency)
    for currency, minor in session.execute(lots):
        owed[books.CREDITS, currency] += int(minor)
    ours = (books.WALLET, books.BONUS, books.CREDITS)
    found = {
        (one.account, one.balance.currency): -one.balance.minor
        for one in books.trial_balance(session, SYSTEM)
        if one.account in ours
    }
    for account, currency in owed.keys() | found.keys():
        theirs, rows = found.get((account, currency), 0), owed.get((account, currency), 0)
        if theirs != rows:
            yield f"M3: the books say {theirs} {currency} in {account}, the rows say {rows}"


def _lots_differ(session: Session) -> Iterator[str]:
    used: dict[UUID | None, int] = dict(
        session.execute(
            select(UseCharge.lot_id, func.count())
            .where(UseCharge.lot_id.is_not(None), UseCharge.reversed_at.is_(None))
            .group_by(UseCharge.lot_id)
        ).all()
    )
    for lot in session.scalars(select(CreditLot)):
        if lot.taken != used.get(lot.id, 0):
            yield f"M6: credits {lot.id} count {lot.taken} uses, and {used.get(lot.id, 0)} were charged"


def _parts_differ(session: Session) -> Iterator[str]:
    """E1: a lesson is open by itself if and only if it, or a minute of it, is paid for."""
    wanted = select(UseCharge).where(UseCharge.unit.in_(LESSON_UNITS), UseCharge.reversed_at.is_(None))
    paid = {row.id: row.unit for row in session.scalars(wanted)}
    live = entitlements.part_sources(session)
    yield from (f"E2: a lesson is open by use {use_id}, which is not paid" for use_id in live - paid.keys())
    yield from (
        f"E1: use {use_id} is paid, and opens nothing"
        for use_id, unit in paid.items()
        if unit == "lesson" and use_id not in live
    )
