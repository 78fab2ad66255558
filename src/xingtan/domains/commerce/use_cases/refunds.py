"""Refunds: requested in one transaction, sent by a job, settled in another. The provider is never called inside one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.books import api as books
from xingtan.domains.commerce.events import OrderRefunded, PaymentReturned
from xingtan.domains.commerce.idempotency import OneTimeKey, recall, remember
from xingtan.domains.commerce.machines import KEPT, OPEN_REFUND, ORDER, PAYMENT, REFUND
from xingtan.domains.commerce.models import Dispute, OrderLine, Payment, Refund, SalesOrder
from xingtan.domains.commerce.money_in import money_account
from xingtan.domains.commerce.providers import ProviderRefund
from xingtan.domains.commerce.rules.refunds import REASONS, refund_amount, refund_event
from xingtan.domains.commerce.use_cases.fulfilment import ordered_products
from xingtan.domains.commerce.use_cases.returns import Return, take_out
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue
from xingtan.infra.outbox import emit

SEND_REFUND = "commerce.send_refund"
_REFUNDABLE = ("succeeded", "partly_refunded", "held")
_log = structlog.get_logger("commerce")


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """How much of a payment goes back (`amount` None: all that is left), and why. `key` comes with the form.

    `line_id`: of this line of the order first; None: of all lines in proportion.
    """

    payment_id: UUID
    amount: Money | None
    reason: str
    key: str
    line_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class RefundToSend:
    """What a provider is told of a refund; `is_open` is False once its outcome is known."""

    provider: str
    payment_id: UUID
    reference: str
    amount: Money
    key: str
    is_open: bool


def request_refund(session: Session, viewer: Viewer, command: RequestRefund, *, clock: Clock) -> UUID:
    """Reserve the amount and have it sent; return the refund's id. `RefundTooLarge` when less is left."""
    viewer.require(Permission.ORDERS_REFUND)
    if command.reason not in REASONS:
        raise Invalid.of("reason", say("Please choose a reason."))
    one_time = _one_time_key(viewer, command)
    known = recall(session, one_time)
    if known is not None:
        return UUID(known["refund_id"])
    order, payment = _locked(session, command.payment_id)
    if payment.state not in _REFUNDABLE:
        raise Conflict(say("There is nothing left of this payment to give back."))
    received = _received(payment)
    left = received - Money(payment.refunding_minor + payment.disputed_minor, received.currency)
    if command.line_id is not None:
        left = min(left, _left_of_line(session, order, command.line_id))
    amount = refund_amount(command.amount, left=left)
    if payment.state == "held" and amount != received:
        raise Invalid.of("amount", say("A payment that does not match goes back whole."))
    refund = _reserve(session, order, payment, amount=amount, reason=command.reason, by=viewer.person_id, clock=clock)
    refund.line_id = command.line_id
    remember(session, one_time, {"refund_id": str(refund.id)}, at=clock.now())
    details = {"order_id": str(order.id), "minor": amount.minor, "currency": amount.currency, "reason": refund.reason}
    note_action(session, Action("refund.requested", "refund", refund.id, viewer.person_id, details), clock=clock)
    return refund.id


def return_surplus(session: Session, order: SalesOrder, payment: Payment, *, clock: Clock) -> None:
    """Send back, whole, what a locked payment brought and no order waits for (M7)."""
    _reserve(session, order, payment, amount=_received(payment), reason="duplicate", by=None, clock=clock)


def _reserve(
    session: Session, order: SalesOrder, payment: Payment, *, amount: Money, reason: str, by: UUID | None, clock: Clock
) -> Refund:  # fmt: skip
    payment.refunding_minor += amount.minor
    refund = Refund(
        id=new_id(), order_id=order.id, payment_id=payment.id, state=REFUND.initial, amount_minor=amount.minor,
        currency=amount.currency, reason=reason, line_id=None, requested_by_id=by, failure_code=None,
        created_at=clock.now(), settled_at=None,
    )  # fmt: skip
    session.add(refund)
    session.flush()
    enqueue(session, SEND_REFUND, {"refund_id": str(refund.id)}, key=f"refund:{refund.id}", at=clock.now())
    return refund


def refund_to_send(session: Session, refund_id: UUID) -> RefundToSend:
    """Return what the provider has to be told of the refund."""
    refund = session.get(Refund, refund_id)
    if refund is None:
        raise NotFound(say("There is no such refund."))
    payment = session.get_one(Payment, refund.payment_id)
    return RefundToSend(
        payment.provider, payment.id, payment.provider_reference or "", Money(refund.amount_minor, refund.currency),
        f"refund-{refund.id}", refund.state in OPEN_REFUND,
    )  # fmt: skip


def note_refund_unanswered(session: Session, refund_id: UUID) -> None:
    """Note that the provider gave no answer: whether the money went back is unknown until it is asked again."""
    refund, _, _ = _locked_refund(session, refund_id)
    if REFUND.may(refund.state, "gave no answer"):
        refund.state = REFUND.after(refund.state, "gave no answer")


def settle_refund(session: Session, refund_id: UUID, answer: ProviderRefund, *, clock: Clock) -> str:
    """Make true here what the provider did, and return the refund's state; again changes nothing.

    A full refund ends the access that the order gave. A refused one frees its amount.
    """
    refund, order, payment = _locked_refund(session, refund_id)
    if refund.state in REFUND.final:
        return refund.state
    refund.state = REFUND.after(refund.state, answer.status)
    if answer.status == "pending":
        return refund.state
    refund.settled_at, refund.failure_code = clock.now(), answer.failure_code
    if answer.status == "failed":
        payment.refunding_minor -= refund.amount_minor
        payment.ask_at = clock.now()  # a dispute may have been faster, and could not be noted while this was on its way
        _log.error("a refund was refused", order=order.number, refund=str(refund.id), code=answer.failure_code)
    else:
        session.flush()
        _give_back(session, refund, order, payment, clock=clock)
    session.flush()
    return refund.state


def refund_whole(
    session: Session, order: SalesOrder, *, reason: str, by: UUID | None, clock: Clock, line_id: UUID | None = None
) -> UUID | None:  # fmt: skip
    """Have all that is left of a locked order's money go back, by rule and without a form; None when nothing is left.

    `line_id`: all that is left of this line alone.
    """
    payment = session.scalar(
        select(Payment).where(Payment.order_id == order.id, Payment.state.in_(KEPT)).with_for_update()
    )
    if payment is None:
        return None
    left = _received(payment) - Money(payment.refunding_minor + payment.disputed_minor, order.currency)
    if line_id is not None:
        left = min(left, _left_of_line(session, order, line_id))
    if left.minor <= 0:
        return None
    refund = _reserve(session, order, payment, amount=left, reason=reason, by=by, clock=clock)
    refund.line_id = line_id
    session.flush()
    return refund.id


def refund_line(
    session: Session, order: SalesOrder, line_id: UUID, *, amount: Money, reason: str, by: UUID | None, clock: Clock
) -> UUID:
    """Have `amount` of one line of a locked order go back, by rule and without a form; `RefundTooLarge` beyond it."""
    payment = session.scalars(
        select(Payment).where(Payment.order_id == order.id, Payment.state.in_(KEPT)).with_for_update()
    ).one()
    left = _received(payment) - Money(payment.refunding_minor + payment.disputed_minor, order.currency)
    amount = refund_amount(amount, left=min(left, _left_of_line(session, order, line_id)))
    refund = _reserve(session, order, payment, amount=amount, reason=reason, by=by, clock=clock)
    refund.line_id = line_id
    session.flush()
    return refund.id


def _left_of_line(session: Session, order: SalesOrder, line_id: UUID) -> Money:
    line = session.get(OrderLine, line_id)
    if line is None or line.order_id != order.id:
        raise NotFound(say("There is no such order."))
    waiting = select(func.sum(Refund.amount_minor)).where(Refund.line_id == line_id, Refund.state.in_(OPEN_REFUND))
    return Money(line.amount_minor - line.returned_minor - int(session.scalar(waiting) or 0), order.currency)


def _give_back(session: Session, refund: Refund, order: SalesOrder, payment: Payment, *, clock: Clock) -> None:
    amount, is_kept = Money(refund.amount_minor, refund.currency), payment.state in KEPT
    if is_kept:
        back = Return(amount, "refunded", line_id=refund.line_id, refund_id=refund.id)
        _post(session, refund, payment, amount, debits=take_out(session, order, back, clock=clock), clock=clock)
    else:
        _post(session, refund, payment, amount, debits=(books.Line(books.UNAPPLIED, amount),), clock=clock)
    event = refund_event(received=_received(payment), returned=_returned(session, payment))
    payment.state, payment.updated_at = PAYMENT.after(payment.state, event), clock.now()
    if not is_kept:
        emit(session, PaymentReturned(order.id, payment.id, amount), at=clock.now())
        return
    order.state = ORDER.after(order.state, event)
    product_ids = ordered_products(session, order)
    news = OrderRefunded(
        order.id, order.number, order.person_id, product_ids, refund.id, amount, event == "refunded"
    )  # fmt: skip
    emit(session, news, at=clock.now())


def _post(
    session: Session, refund: Refund, payment: Payment, amount: Money, *, debits: tuple[books.Line, ...], clock: Clock
) -> None:  # fmt: skip
    lines = (*debits, books.Line(money_account(payment.provider), -amount))
    books.post(session, books.Entry(f"refund:{refund.id}", "refund", "order", refund.order_id, lines), clock=clock)


def _returned(session: Session, payment: Payment) -> Money:
    done = select(func.sum(Refund.amount_minor)).where(Refund.payment_id == payment.id, Refund.state == "succeeded")
    lost = select(func.sum(Dispute.amount_minor)).where(Dispute.payment_id == payment.id, Dispute.state == "lost")
    gone = int(session.scalar(done) or 0) + int(session.scalar(lost) or 0)
    return Money(gone, _received(payment).currency)


def _received(payment: Payment) -> Money:
    return Money(payment.received_minor or 0, payment.received_currency or payment.currency)


def _one_time_key(viewer: Viewer, command: RequestRefund) -> OneTimeKey:
    amount = [command.amount.minor, command.amount.currency] if command.amount else None
    request: Mapping[str, Any] = {
        "payment": str(command.payment_id), "amount": amount, "reason": command.reason, "line": str(command.line_id)
    }  # fmt: skip
    return OneTimeKey(f"refund:{viewer.person_id}", command.key, request)


def _locked(session: Session, payment_id: UUID) -> tuple[SalesOrder, Payment]:
    order_id = session.scalar(select(Payment.order_id).where(Payment.id == payment_id))
    if order_id is None:
        raise NotFound(say("There is no such payment."))
    order = session.get_one(SalesOrder, order_id, with_for_update=True)
    return order, session.get_one(Payment, payment_id, with_for_update=True)


def _locked_refund(session: Session, refund_id: UUID) -> tuple[Refund, SalesOrder, Payment]:
    payment_id = session.scalar(select(Refund.payment_id).where(Refund.id == refund_id))
    if payment_id is None:
        raise NotFound(say("There is no such refund."))
    order, payment = _locked(session, payment_id)
    return session.get_one(Refund, refund_id, with_for_update=True), order, payment
