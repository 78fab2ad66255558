"""Payments: presented to the buyer, settled by what the provider says when asked.

`settle` is the only door through which money comes in. Money arriving, the order's state, the books, access and the
news of it are one commit. It may be called any number of times, in any order, with any of the provider's answers.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken, NotFound, say
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.events import PaymentFailed, PaymentHeld
from xingtan.domains.commerce.goods import part_ids
from xingtan.domains.commerce.machines import OPEN, PAYMENT
from xingtan.domains.commerce.models import OrderLine, Payment, SalesOrder
from xingtan.domains.commerce.providers import ProviderPayment, Start, Started
from xingtan.domains.commerce.rules.settling import next_ask, verdict
from xingtan.domains.commerce.use_cases.fulfilment import fulfil, ordered_products
from xingtan.domains.commerce.use_cases.orders import cancel
from xingtan.domains.commerce.use_cases.refunds import return_surplus
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.outbox import emit

_log = structlog.get_logger("commerce")
_LATE = ("succeeded", "surplus", "held", "partly_refunded", "refunded", "returned")


@dataclass(frozen=True, slots=True)
class PaymentToStart:
    """A payment, its provider, and what the provider is told of it."""

    provider: str
    start: Start


def payment_to_start(session: Session, payment_id: UUID) -> PaymentToStart:
    """Return what the payment's provider has to be told."""
    payment = _payment(session, payment_id)
    order = session.get_one(SalesOrder, payment.order_id)
    title = session.scalar(select(OrderLine.title).where(OrderLine.order_id == order.id).order_by(OrderLine.position))
    start = Start(
        payment.id, Money(payment.amount_minor, payment.currency), f"{order.number} · {title}",
        f"/pay/{order.number}/return", order.language,
    )  # fmt: skip
    return PaymentToStart(payment.provider, start)


def note_presented(session: Session, payment_id: UUID, started: Started, *, clock: Clock) -> None:
    """Keep the provider's reference and page. When a notice was faster, the state stays what it made of it."""
    payment = _locked(session, payment_id)
    payment.provider_reference, payment.redirect_url = started.reference, started.redirect_url
    payment.updated_at = clock.now()
    if PAYMENT.may(payment.state, "presented"):
        payment.state = PAYMENT.after(payment.state, "presented")
        payment.ask_at = payment.ask_at or next_ask(created_at=payment.created_at, at=clock.now())


def note_no_answer(session: Session, payment_id: UUID, *, clock: Clock) -> None:
    """Note that the provider gave no answer: what it did is unknown until it is asked again."""
    payment = _locked(session, payment_id)
    payment.updated_at = clock.now()
    if PAYMENT.may(payment.state, "gave no answer"):
        payment.state = PAYMENT.after(payment.state, "gave no answer")
    if payment.state in OPEN:
        payment.ask_at = next_ask(created_at=payment.created_at, at=clock.now())


def settle(session: Session, payment_id: UUID, seen: ProviderPayment, *, clock: Clock) -> str:
    """Make true here what the provider says of the payment, and return the payment's state."""
    payment = _locked(session, payment_id)
    order = session.get_one(SalesOrder, payment.order_id)
    payment.provider_reference = payment.provider_reference or seen.reference
    if payment.state in _LATE:
        return payment.state
    payment.updated_at = clock.now()
    if seen.status == "succeeded":
        _receive(session, order, payment, seen, clock=clock)
    elif seen.status == "open":
        payment.ask_at = next_ask(created_at=payment.created_at, at=clock.now())
    else:
        _fail(session, order, payment, seen.failure_code or "never_started", clock=clock)
    session.flush()
    return payment.state


def _receive(session: Session, order: SalesOrder, payment: Payment, seen: ProviderPayment, *, clock: Clock) -> None:
    if seen.received is None or seen.received.minor <= 0:
        msg = f"provider {payment.provider} calls a payment succeeded and names no amount"
        raise Broken(msg)
    payment.received_minor, payment.received_currency = seen.received.minor, seen.received.currency
    payment.settled_at, payment.ask_at, payment.failure_code = clock.now(), None, None
    wanted = Money(payment.amount_minor, payment.currency)
    found = verdict(
        order_state=order.state, wanted=wanted, received=seen.received, owns_all=_owns_all(session, order, clock.now())
    )
    if found == "mismatch":
        _hold(session, order, payment, seen.received, clock=clock)
    elif found == "surplus":
        _return(session, order, payment, seen.received, clock=clock)
    else:
        payment.state = PAYMENT.after(payment.state, "succeeded")
        _post(session, payment, seen.received, memo="sale", account=books.SALES, clock=clock)
        fulfil(session, order, source_kind="order", clock=clock)


def _hold(session: Session, order: SalesOrder, payment: Payment, received: Money, *, clock: Clock) -> None:
    payment.state = PAYMENT.after(payment.state, "did not match")
    _post(session, payment, received, memo="held", account=books.UNAPPLIED, clock=clock)
    wanted = Money(payment.amount_minor, payment.currency)
    emit(session, PaymentHeld(order.id, payment.id, wanted, received), at=clock.now())
    _log.error("a payment does not match its order", order=order.number, wanted=str(wanted), received=str(received))


def _return(session: Session, order: SalesOrder, payment: Payment, received: Money, *, clock: Clock) -> None:
    payment.state = PAYMENT.after(payment.state, "was surplus")
    _post(session, payment, received, memo="surplus", account=books.UNAPPLIED, clock=clock)
    if order.state == "placed":  # she owns it by another order: this one is over
        cancel(session, order, clock=clock)
    session.flush()
    return_surplus(session, order, payment, clock=clock)


def _fail(session: Session, order: SalesOrder, payment: Payment, code: str, *, clock: Clock) -> None:
    payment.ask_at = None
    if not PAYMENT.may(payment.state, "failed"):
        return
    payment.state = PAYMENT.after(payment.state, "failed")
    payment.failure_code, payment.settled_at = code, clock.now()
    emit(session, PaymentFailed(order.id, payment.id, order.person_id, code), at=clock.now())


def _post(session: Session, payment: Payment, received: Money, *, memo: str, account: str, clock: Clock) -> None:
    lines = (
        books.Line(books.provider_account(payment.provider), received),
        books.Line(account, -received),
    )
    entry = books.Entry(f"payment:{payment.id}", memo, "order", payment.order_id, lines)
    books.post(session, entry, clock=clock)


def _owns_all(session: Session, order: SalesOrder, at: datetime) -> bool:
    ordered = ordered_products(session, order)
    owned = entitlements.accessible(session, order.person_id, at=at)
    if not owned:
        return False
    parts = part_ids(session, ordered)
    return owned.issuperset(ordered) or (bool(parts) and owned.issuperset(parts))


def _payment(session: Session, payment_id: UUID) -> Payment:
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise NotFound(say("There is no such payment."))
    return payment


def _locked(session: Session, payment_id: UUID) -> Payment:
    """Return the payment, with its order locked before it."""
    order_id = session.scalar(select(Payment.order_id).where(Payment.id == payment_id))
    if order_id is None:
        raise NotFound(say("There is no such payment."))
    session.get_one(SalesOrder, order_id, with_for_update=True)
    return session.get_one(Payment, payment_id, with_for_update=True)
