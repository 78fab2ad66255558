"""Unused money of a wallet, on its way back to the payments that it came from; the oldest top-up first.

1. The wallet gives it in the commit that asks for the refunds, so nobody spends it meanwhile.
2. A refund that is refused puts it back. 3. A bonus that came with the money goes with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, say
from xingtan.core.money import Money, total
from xingtan.core.viewer import Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.books import api as books
from xingtan.domains.commerce.errors import NotWithdrawable
from xingtan.domains.commerce.idempotency import OneTimeKey, recall, remember
from xingtan.domains.commerce.machines import WITHDRAWAL
from xingtan.domains.commerce.models import OrderLine, Payment, Refund, SalesOrder, Wallet, WalletEntry, Withdrawal
from xingtan.domains.commerce.rules.purses import Purse, Unused, is_withdrawable, lapsing_bonus
from xingtan.domains.commerce.use_cases.refunds import refund_line
from xingtan.domains.commerce.wallets.entries import NewEntry, add_entry, locked_wallet, movement_of
from xingtan.domains.commerce.wallets.statements import top_ups_left
from xingtan.infra.db import new_id

_GIVES_BACK = ("succeeded", "partly_refunded")
_MENDED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Withdraw:
    """How much of her unused money somebody wants back (None: all that can go); `key` is the form's."""

    currency: str
    amount: Money | None
    key: str


@dataclass(frozen=True, slots=True)
class WithdrawalPart:
    """What goes back to one payment, and the bonus that goes with it."""

    order_id: UUID
    order_number: str
    provider: str
    amount: Money
    bonus: Money


@dataclass(frozen=True, slots=True)
class _Source:
    order: SalesOrder
    payment: Payment
    line_id: UUID
    lot: Unused


def withdrawable(session: Session, viewer: Viewer, currency: str, *, clock: Clock) -> tuple[WithdrawalPart, ...]:
    """Return what of the viewer's unused money can go back, payment by payment, the oldest first."""
    wanted = select(Wallet).where(Wallet.person_id == viewer.require_person(), Wallet.currency == currency)
    wallet = session.scalar(wanted)
    if wallet is None:
        return ()
    found = _sources(session, wallet, clock=clock)
    return tuple(_part(one, _left(one)) for one in found if _left(one))


def withdraw(session: Session, viewer: Viewer, command: Withdraw, *, clock: Clock) -> tuple[WithdrawalPart, ...]:
    """Send unused money of the viewer's back to where it came from, and return what goes where.

    `NotWithdrawable` when nothing of it, or less than she asks for, can go back by itself.
    """
    person_id = viewer.require_person()
    one_time = _one_time_key(person_id, command)
    known = recall(session, one_time)
    if known is not None:
        return tuple(_read(one, command.currency) for one in known["parts"])
    orders = _locked_orders(session, person_id, command.currency)
    wallet = locked_wallet(session, person_id, command.currency, clock=clock)
    parts = _plan(_sources(session, wallet, clock=clock, only=orders), command)
    for source, part in parts:
        _send(session, wallet, source, part, clock=clock)
    done = tuple(part for _, part in parts)
    remember(session, one_time, {"parts": [_row(one) for one in done]}, at=clock.now())
    minor = sum(one.amount.minor for one in done)
    details = {"minor": minor, "currency": command.currency}
    note_action(session, Action("wallet.withdrawn", "wallet", wallet.id, person_id, details), clock=clock)
    return done


def mend_withdrawals(session: Session, *, clock: Clock) -> int:
    """Put back what a refused refund did not carry, some hundreds at most, and return how many."""
    refused = select(Withdrawal, Refund).join(Refund, Refund.id == Withdrawal.refund_id)
    refused = refused.where(Withdrawal.state == "open", Refund.state == "failed").order_by(Withdrawal.id)
    rows = session.execute(refused.limit(_MENDED_AT_ONCE)).all()
    for found, _ in rows:
        wallet = session.get_one(Wallet, found.wallet_id, with_for_update=True, populate_existing=True)
        row = session.get_one(Withdrawal, found.id, with_for_update=True, populate_existing=True)
        if row.state == "open":
            _restore(session, wallet, row, clock=clock)
    return len(rows)


def _restore(session: Session, wallet: Wallet, row: Withdrawal, *, clock: Clock) -> None:
    row.state, row.settled_at = WITHDRAWAL.after(row.state, "refused"), clock.now()
    taken = session.get_one(WalletEntry, row.entry_id)
    back = -movement_of(taken, wallet.currency).moved
    new = NewEntry("restored", back, f"restored:{row.id}", taken.title, row.order_id, books.REWARD_COSTS)
    add_entry(session, wallet, new, clock=clock)


def _plan(sources: list[_Source], command: Withdraw) -> list[tuple[_Source, WithdrawalPart]]:
    left = total([_left(one) for one in sources], command.currency)
    wanted = left if command.amount is None else command.amount
    if wanted.currency != command.currency or (wanted.minor <= 0 and left):
        raise Invalid.of("amount", say("A withdrawal is more than nothing."))
    if not left or wanted > left:
        raise NotWithdrawable(say("So much cannot go back by itself. Please write to us."))
    parts = []
    for source in sources:
        amount = min(_left(source), wanted)
        wanted -= amount
        if amount:
            parts.append((source, _part(source, amount)))
    return parts


def _send(session: Session, wallet: Wallet, source: _Source, part: WithdrawalPart, *, clock: Clock) -> None:
    refund_id = refund_line(
        session, source.order, source.line_id, amount=part.amount, reason="buyer_asked", by=source.order.person_id,
        clock=clock,
    )  # fmt: skip
    moved = -Purse(part.amount, part.bonus)
    new = NewEntry("withdrawn", moved, f"withdrawn:{refund_id}", part.order_number, part.order_id, books.REWARD_COSTS)
    entry = add_entry(session, wallet, new, clock=clock)
    session.add(
        Withdrawal(
            id=new_id(), wallet_id=wallet.id, entry_id=entry.id, order_id=source.order.id, refund_id=refund_id,
            state=WITHDRAWAL.initial, amount_minor=part.amount.minor, bonus_minor=part.bonus.minor,
            created_at=clock.now(), settled_at=None,
        )
    )  # fmt: skip
    session.flush()


def _sources(
    session: Session, wallet: Wallet, *, clock: Clock, only: frozenset[UUID] | None = None
) -> list[_Source]:  # fmt: skip
    """Return the top-ups of which something is left, with the payments that can still take it back."""
    lots = {lot.source_id: lot for lot in top_ups_left(session, wallet) if lot.left.paid}
    wanted = (
        select(SalesOrder, Payment, OrderLine.id)
        .join(Payment, Payment.order_id == SalesOrder.id)
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(SalesOrder.id.in_(lots), Payment.state.in_(_GIVES_BACK), OrderLine.kind == "top_up")
        .order_by(SalesOrder.paid_at, SalesOrder.id)
    )
    found = [_Source(order, payment, line_id, lots[order.id]) for order, payment, line_id in session.execute(wanted)]
    return [
        one for one in found
        if one.order.paid_at is not None and is_withdrawable(paid_at=one.order.paid_at, at=clock.now())
        and (only is None or one.order.id in only)
    ]  # fmt: skip


def _left(source: _Source) -> Money:
    payment = source.payment
    free = (payment.received_minor or 0) - payment.refunding_minor - payment.disputed_minor
    return min(source.lot.left.paid, Money(max(free, 0), payment.currency))


def _part(source: _Source, amount: Money) -> WithdrawalPart:
    bonus = lapsing_bonus(source.lot, amount)
    return WithdrawalPart(source.order.id, source.order.number, source.payment.provider, amount, bonus)


def _locked_orders(session: Session, person_id: UUID, currency: str) -> frozenset[UUID]:
    """Lock the orders that filled the wallet, before the wallet itself (docs/explanations/locking.md)."""
    filled = select(WalletEntry.source_id).join(Wallet, Wallet.id == WalletEntry.wallet_id)
    filled = filled.where(Wallet.person_id == person_id, Wallet.currency == currency, WalletEntry.kind == "top_up")
    wanted = select(SalesOrder).where(SalesOrder.id.in_(filled)).order_by(SalesOrder.id).with_for_update()
    return frozenset(order.id for order in session.scalars(wanted))


def _one_time_key(person_id: UUID, command: Withdraw) -> OneTimeKey:
    amount = None if command.amount is None else command.amount.minor
    request: Mapping[str, Any] = {"currency": command.currency, "amount": amount}
    return OneTimeKey(f"withdraw:{person_id}", command.key, request)


def _row(part: WithdrawalPart) -> dict[str, Any]:
    return {
        "order": str(part.order_id), "number": part.order_number, "provider": part.provider,
        "minor": part.amount.minor, "bonus": part.bonus.minor,
    }  # fmt: skip


def _read(row: Mapping[str, Any], currency: str) -> WithdrawalPart:
    return WithdrawalPart(
        UUID(row["order"]), row["number"], row["provider"], Money(row["minor"], currency), Money(row["bonus"], currency)
    )
