"""Payments: presented to the buyer, settled by what the provider says when asked.

`settle` is the only door through which money comes in. Money arriving, the order's state, the books, access and the
news of it are one commit. It may be called any number of times, in any order, with any of the provider's answers.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken, NotFound, say
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce import reservations
from xingtan.domains.commerce.events import PaymentFailed, PaymentHeld
from xingtan.domains.commerce.lines import LINES
from xingtan.domains.commerce.machines import KEPT, OPEN, PAYMENT
from xingtan.domains.commerce.models import OrderLine, Payment, PaymentMethod, SalesOrder
from xingtan.domains.commerce.money_in import keep_method, money_account, post_fee
from xingtan.domains.commerce.providers import ProviderPayment, Start, Started
from xingtan.domains.commerce.rules.settling import next_ask, verdict
from xingtan.domains.commerce.use_cases.disputes import note_dispute
from xingtan.domains.commerce.use_cases.fulfilment import earned, fulfil, paid_lines
from xingtan.domains.commerce.use_cases.orders import cancel
from xingtan.domains.commerce.use_cases.refunds import return_surplus
from xingtan.infra.outbox import emit

_log = structlog.get_logger("commerce")
_LATE = (*KEPT, "surplus", "held", "returned")


@dataclass(frozen=True, slots=True)
class PaymentToStart:
    """A payment, its provider, and what the provider is told of it; `mandate` when the buyer need not be there."""

    provider: str
    start: Start
    mandate: str | None


def payment_to_start(session: Session, payment_id: UUID) -> PaymentToStart:
    """Return what the payment's provider has to be told."""
    first = select(OrderLine.title).where(OrderLine.order_id == SalesOrder.id).order_by(OrderLine.position).limit(1)
    found = session.execute(
        select(Payment, SalesOrder, first.scalar_subquery(), PaymentMethod.reference)
        .join(SalesOrder, SalesOrder.id == Payment.order_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .where(Payment.id == payment_id)
    ).one_or_none()
    if found is None:
        raise NotFound(say("There is no such payment."))
    payment, order, title, mandate = found
    start = Start(
        payment.id, Money(payment.amount_minor, payment.currency), f"{order.number} · {title}",
        f"/pay/{order.number}/return", order.language, expires_at=order.expires_at, wants_mandate=payment.wants_mandate,
    )  # fmt: skip
    return PaymentToStart(payment.provider, start, mandate)


def note_presented(session: Session, payment_id: UUID, started: Started, *, clock: Clock) -> None:
    """Keep the provider's reference and page. When a notice was faster, the state stays what it made of it.

    Where money is taken at once there is no page any more, and nothing to keep.
    """
    _, payment = locked(session, payment_id)
    if payment.state in _LATE and payment.provider_reference == started.reference:
        return
    payment.provider_reference, payment.redirect_url = started.reference, started.redirect_url
    payment.qr = started.qr
    payment.updated_at = clock.now()
    if PAYMENT.may(payment.state, "presented"):
        payment.state = PAYMENT.after(payment.state, "presented")
        payment.ask_at = payment.ask_at or next_ask(created_at=payment.created_at, at=clock.now())


def note_no_answer(session: Session, payment_id: UUID, *, clock: Clock) -> None:
    """Note that the provider gave no answer: what it did is unknown until it is asked again."""
    _, payment = locked(session, payment_id)
    payment.updated_at = clock.now()
    if PAYMENT.may(payment.state, "gave no answer"):
        payment.state = PAYMENT.after(payment.state, "gave no answer")
    if payment.state in OPEN:
        payment.ask_at = next_ask(created_at=payment.created_at, at=clock.now())


def settle(session: Session, payment_id: UUID, seen: ProviderPayment, *, clock: Clock) -> str:
    """Make true here what the provider says of the payment, and return the payment's state."""
    order, payment = locked(session, payment_id)
    return settle_locked(session, order, payment, seen, clock=clock)


def settle_locked(
    session: Session, order: SalesOrder, payment: Payment, seen: ProviderPayment, *, clock: Clock
) -> str:  # fmt: skip
    """Settle a payment that the caller has locked, its order before it."""
    payment.provider_reference = payment.provider_reference or seen.reference
    if payment.state in _LATE:
        payment.ask_at = None
        _note_more(session, order, payment, seen, clock=clock)
        return payment.state
    payment.updated_at = clock.now()
    if seen.status == "succeeded":
        _receive(session, order, payment, seen, clock=clock)
        _note_more(session, order, payment, seen, clock=clock)
    elif seen.status == "open":
        payment.ask_at = next_ask(created_at=payment.created_at, at=clock.now())
    else:
        _fail(session, order, payment, seen.failure_code or "never_started", clock=clock)
    session.flush()
    return payment.state


def _note_more(session: Session, order: SalesOrder, payment: Payment, seen: ProviderPayment, *, clock: Clock) -> None:
    """Note what may come with the money or after it: the buyer's word for later, the provider's fee, disputes."""
    if seen.mandate is not None and payment.method_id is None and payment.state in KEPT:
        payment.method_id = keep_method(session, order.person_id, payment.provider, seen.mandate, clock=clock)
    if seen.fee is not None:
        post_fee(session, payment, seen.fee, clock=clock)
    session.flush()
    for dispute in seen.disputes:
        note_dispute(session, order, payment, dispute, clock=clock)


def _receive(session: Session, order: SalesOrder, payment: Payment, seen: ProviderPayment, *, clock: Clock) -> None:
    if seen.received is None or seen.received.minor <= 0:
        msg = f"provider {payment.provider} calls a payment succeeded and names no amount"
        raise Broken(msg)
    payment.received_minor, payment.received_currency = seen.received.minor, seen.received.currency
    payment.settled_at, payment.ask_at, payment.failure_code = clock.now(), None, None
    wanted = Money(payment.amount_minor, payment.currency)
    with session.no_autoflush:  # what is asked here is of others: the payment is written once, with its state
        lines = paid_lines(session, order)
        is_wanted = all(LINES[one.line.kind].is_wanted(session, one, at=clock.now()) for one in lines)
        found = verdict(order_state=order.state, wanted=wanted, received=seen.received, is_wanted=is_wanted)
        if found == "pays" and not reservations.use(session, order.id):
            found = "surplus"  # it came late, and what it was for is gone
    if found == "mismatch":
        _hold(session, order, payment, seen.received, clock=clock)
    elif found == "surplus":
        _return(session, order, payment, seen.received, clock=clock)
    else:
        payment.state = PAYMENT.after(payment.state, "succeeded")
        session.flush()
        _post(session, payment, seen.received, memo="sale", against=tuple(earned(session, lines)), clock=clock)
        fulfil(session, order, lines, clock=clock)


def _hold(session: Session, order: SalesOrder, payment: Payment, received: Money, *, clock: Clock) -> None:
    payment.state = PAYMENT.after(payment.state, "did not match")
    _post(session, payment, received, memo="held", against=_unapplied(received), clock=clock)
    wanted = Money(payment.amount_minor, payment.currency)
    emit(session, PaymentHeld(order.id, payment.id, wanted, received), at=clock.now())
    _log.error("a payment does not match its order", order=order.number, wanted=str(wanted), received=str(received))


def _return(session: Session, order: SalesOrder, payment: Payment, received: Money, *, clock: Clock) -> None:
    payment.state = PAYMENT.after(payment.state, "was surplus")
    _post(session, payment, received, memo="surplus", against=_unapplied(received), clock=clock)
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


def _post(
    session: Session, payment: Payment, received: Money, *, memo: str, against: tuple[books.Line, ...], clock: Clock
) -> None:  # fmt: skip
    lines = (books.Line(money_account(payment.provider), received), *against)
    entry = books.Entry(f"payment:{payment.id}", memo, "order", payment.order_id, lines)
    books.post(session, entry, clock=clock)


def _unapplied(received: Money) -> tuple[books.Line, ...]:
    return (books.Line(books.UNAPPLIED, -received),)


def locked(session: Session, payment_id: UUID) -> tuple[SalesOrder, Payment]:
    """Return the payment and its order, which is locked before it; `NotFound` without one."""
    its_order = select(Payment.order_id).where(Payment.id == payment_id).scalar_subquery()
    order = session.scalar(select(SalesOrder).where(SalesOrder.id == its_order).with_for_update())
    if order is None:
        raise NotFound(say("There is no such payment."))
    return order, session.get_one(Payment, payment_id, with_for_update=True)
