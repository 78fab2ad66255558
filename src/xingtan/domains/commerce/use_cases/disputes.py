"""Disputes: the buyer's bank takes money away, and it is decided later whose it is. The provider alone decides."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce import providers
from xingtan.domains.commerce.events import DisputeDecided, DisputeOpened
from xingtan.domains.commerce.machines import DISPUTE, KEPT, OPEN_REFUND, ORDER, PAYMENT
from xingtan.domains.commerce.models import Dispute, Payment, Refund, SalesOrder
from xingtan.domains.commerce.money_in import money_account
from xingtan.domains.commerce.use_cases.returns import Return, take_out
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


def note_dispute(
    session: Session, order: SalesOrder, payment: Payment, seen: providers.Dispute, *, clock: Clock
) -> None:  # fmt: skip
    """Make true here what the provider says of a dispute; again changes nothing. Order and payment are locked.

    A dispute of money that has gone back already moves nothing. What no order keeps is taken from what waits to go.
    """
    row = session.scalar(
        select(Dispute).where(Dispute.payment_id == payment.id, Dispute.provider_reference == seen.reference)
    )
    if row is None:
        row = _open(session, order, payment, seen, clock=clock)
    if row is None or row.state != "open" or seen.status == "open":
        return
    row.state, row.decided_at = DISPUTE.after(row.state, seen.status), clock.now()
    if seen.status == "won":
        _win(session, order, payment, row, clock=clock)
    else:
        _lose(session, order, payment, row, clock=clock)
    news = DisputeDecided(row.id, order.id, _amount(row), seen.status == "won")
    emit(session, news, at=clock.now())
    session.flush()


def _open(
    session: Session, order: SalesOrder, payment: Payment, seen: providers.Dispute, *, clock: Clock
) -> Dispute | None:  # fmt: skip
    left = (payment.received_minor or 0) - payment.refunding_minor - payment.disputed_minor
    minor = min(seen.amount.minor, left)
    if minor <= 0 or seen.amount.currency != payment.received_currency:
        return None
    row = Dispute(
        id=new_id(), payment_id=payment.id, provider_reference=seen.reference, state=DISPUTE.initial,
        amount_minor=minor, currency=seen.amount.currency, opened_at=clock.now(), decided_at=None,
    )  # fmt: skip
    session.add(row)
    payment.disputed_minor += minor
    session.flush()
    amount = _amount(row)
    disputed, held = books.disputed_account(payment.provider), money_account(payment.provider)
    _post(session, row, order, "disputed", (books.Line(disputed, amount), books.Line(held, -amount)), clock=clock)
    emit(session, DisputeOpened(row.id, order.id, amount), at=clock.now())
    return row


def _win(session: Session, order: SalesOrder, payment: Payment, row: Dispute, *, clock: Clock) -> None:
    payment.disputed_minor -= row.amount_minor
    amount = _amount(row)
    disputed, held = books.disputed_account(payment.provider), money_account(payment.provider)
    _post(session, row, order, "dispute_won", (books.Line(held, amount), books.Line(disputed, -amount)), clock=clock)


def _lose(session: Session, order: SalesOrder, payment: Payment, row: Dispute, *, clock: Clock) -> None:
    amount, is_kept = _amount(row), payment.state in KEPT
    debits: Sequence[books.Line] = (books.Line(books.UNAPPLIED, amount),)
    if is_kept:
        debits = take_out(session, order, Return(amount, "charged_back", dispute_id=row.id), clock=clock)
    credit = books.Line(books.disputed_account(payment.provider), -amount)
    _post(session, row, order, "dispute_lost", (*debits, credit), clock=clock)
    is_gone = payment.refunding_minor + payment.disputed_minor == payment.received_minor
    is_over = is_gone and _nothing_open(session, payment)  # what is on its way back has not gone yet, and may not go
    payment.updated_at = clock.now()
    if is_kept:
        event = "charged back" if is_over else "refunded in part"
        payment.state, order.state = PAYMENT.after(payment.state, event), ORDER.after(order.state, event)
    elif is_over:
        payment.state = PAYMENT.after(payment.state, "refunded")


def _nothing_open(session: Session, payment: Payment) -> bool:
    session.flush()
    disputes = select(Dispute.id).where(Dispute.payment_id == payment.id, Dispute.state == "open")
    refunds = select(Refund.id).where(Refund.payment_id == payment.id, Refund.state.in_(OPEN_REFUND))
    return session.scalar(disputes.limit(1)) is None and session.scalar(refunds.limit(1)) is None


def _amount(row: Dispute) -> Money:
    return Money(row.amount_minor, row.currency)


def _post(
    session: Session, row: Dispute, order: SalesOrder, memo: str, lines: tuple[books.Line, ...], *, clock: Clock
) -> None:  # fmt: skip
    books.post(session, books.Entry(f"dispute:{row.id}:{memo}", memo, "order", order.id, lines), clock=clock)
