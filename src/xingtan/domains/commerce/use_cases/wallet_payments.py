"""Orders paid from the wallet: taken and settled, given back and settled, each in one commit.

Lock order: the order, its payment, its refund, then the wallet.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import say
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.errors import PaymentRefused
from xingtan.domains.commerce.machines import OPEN
from xingtan.domains.commerce.models import OrderLine, Refund, Wallet, WalletEntry
from xingtan.domains.commerce.providers import ProviderPayment, ProviderRefund
from xingtan.domains.commerce.rules.purses import Purse, give_back, spend
from xingtan.domains.commerce.use_cases.payments import locked, settle_locked
from xingtan.domains.commerce.use_cases.refunds import settle_refund
from xingtan.domains.commerce.wallets.entries import NewEntry, add_entry, entry_with, locked_wallet, purse_of
from xingtan.infra.db import Database


def pay_from_wallet(session: Session, payment_id: UUID, *, clock: Clock) -> ProviderPayment:
    """Take a payment's amount from its buyer's wallet and settle it, once; return what was taken.

    `NotEnough` when there is less, `PaymentRefused` for an order that fills a wallet. Nothing is taken then.
    """
    order, payment = locked(session, payment_id)
    taken = taken_for(session, payment_id)
    if taken.status == "succeeded" or payment.state not in (*OPEN, "failed"):
        return taken
    lines = select(OrderLine.kind, OrderLine.title).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    found = session.execute(lines).all()
    if any(kind == "top_up" for kind, _ in found):
        raise PaymentRefused(say("A wallet cannot be filled from a wallet."))
    amount = Money(payment.amount_minor, payment.currency)
    wallet = locked_wallet(session, order.person_id, order.currency, clock=clock)
    moved = -spend(purse_of(session, wallet), amount)
    new = NewEntry("paid", moved, _key(payment_id), f"{order.number} · {found[0].title}", order.id, books.WALLET)
    entry = add_entry(session, wallet, new, clock=clock)
    seen = ProviderPayment(_reference(entry), "succeeded", amount)
    settle_locked(session, order, payment, seen, clock=clock)
    return seen


def taken_for(session: Session, payment_id: UUID) -> ProviderPayment:
    """Return what was taken from a wallet for the payment; ``absent`` when nothing was."""
    found = _entry(session, payment_id)
    if found is None:
        return ProviderPayment(None, "absent")
    entry, wallet = found
    return ProviderPayment(
        _reference(entry), "succeeded", Money(-entry.amount_minor - entry.bonus_minor, wallet.currency)
    )


def return_to_wallet(
    session: Session, payment_id: UUID, *, amount: Money, refund_id: UUID, clock: Clock
) -> ProviderRefund:  # fmt: skip
    """Give `amount` of a payment back to the wallet that it came from and settle the refund, once."""
    locked(session, payment_id)
    session.get_one(Refund, refund_id, with_for_update=True)
    found = _entry(session, payment_id)
    if found is None:
        raise PaymentRefused(say("The provider knows of no such payment."))
    spent, wallet = found
    wallet = locked_wallet(session, wallet.person_id, wallet.currency, clock=clock)
    key = f"refund:{refund_id}"
    if entry_with(session, wallet.id, key) is None:
        moved = give_back(-_moved(spent, wallet), _returned(session, wallet, payment_id), amount)
        new = NewEntry("returned", moved, key, spent.title, payment_id, books.WALLET)
        add_entry(session, wallet, new, clock=clock)
    done = ProviderRefund("succeeded")
    settle_refund(session, refund_id, done, clock=clock)
    return done


@dataclass(frozen=True, slots=True)
class WalletTill:
    """The till of `providers.wallet`: each of its moves is a transaction."""

    database: Database
    clock: Clock

    def take(self, payment_id: UUID) -> ProviderPayment:
        """Take the payment's amount and settle it."""
        return self.database.write(lambda session: pay_from_wallet(session, payment_id, clock=self.clock))

    def known(self, payment_id: UUID) -> ProviderPayment:
        """Return what was taken."""
        return self.database.read(lambda session: taken_for(session, payment_id))

    def give_back(self, payment_id: UUID, *, amount: Money, key: str) -> ProviderRefund:
        """Give back and settle; `key` is that of the refund."""
        refund_id = UUID(key.removeprefix("refund-"))
        return self.database.write(
            lambda session: return_to_wallet(session, payment_id, amount=amount, refund_id=refund_id, clock=self.clock)
        )


def _key(payment_id: UUID) -> str:
    return f"payment:{payment_id}"


def _reference(entry: WalletEntry) -> str:
    return f"wallet-{entry.id}"


def _entry(session: Session, payment_id: UUID) -> tuple[WalletEntry, Wallet] | None:
    wanted = select(WalletEntry, Wallet).join(Wallet, Wallet.id == WalletEntry.wallet_id)
    found = session.execute(wanted.where(WalletEntry.key == _key(payment_id))).one_or_none()
    return None if found is None else (found[0], found[1])


def _moved(entry: WalletEntry, wallet: Wallet) -> Purse:
    return Purse(Money(entry.amount_minor, wallet.currency), Money(entry.bonus_minor, wallet.currency))


def _returned(session: Session, wallet: Wallet, payment_id: UUID) -> Purse:
    rows = session.scalars(
        select(WalletEntry).where(
            WalletEntry.wallet_id == wallet.id, WalletEntry.kind == "returned", WalletEntry.source_id == payment_id
        )
    )
    nothing = Purse(Money(0, wallet.currency), Money(0, wallet.currency))
    return sum((_moved(row, wallet) for row in rows), start=nothing)
