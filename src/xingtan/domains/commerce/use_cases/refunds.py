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
from xingtan.domains.commerce.machines import KEPT, ORDER, PAYMENT, REFUND
from xingtan.domains.commerce.models import Payment, Refund, SalesOrder
from xingtan.domains.commerce.providers import ProviderRefund
from xingtan.domains.commerce.rules.refunds import REASONS, refund_amount, refund_event
from xingtan.domains.commerce.use_cases.fulfilment import SOURCES, ordered_products
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue
from xingtan.infra.outbox import emit

SEND_REFUND = "commerce.send_refund"
_REFUNDABLE = ("succeeded", "partly_refunded", "held")
_log = structlog.get_logger("commerce")


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """How much of a payment goes back (`amount` None: all that is left), and why. `key` comes with the form."""

    payment_id: UUID
    amount: Money | None
    reason: str
    key: str


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
    left = received - Money(payment.refunding_minor, received.currency)
    amount = refund_amount(command.amount, left=left)
    if payment.state == "held" and amount != received:
        raise Invalid.of("amount", say("A payment that does not match goes back whole."))
    refund = _reserve(session, order, payment, amount=amount, reason=command.reason, by=viewer.person_id, clock=clock)
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
        currency=amount.currency, reason=reason, requested_by_id=by, failure_code=None, created_at=clock.now(),
        settled_at=None,
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
        f"refund-{refund.id}", refund.state in ("requested", "unknown"),
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
    refund.settled_at, refund.failure_code = clock.now(), answer.failure_code
    if answer.status == "failed":
        payment.refunding_minor -= refund.amount_minor
        _log.error("a refund was refused", order=order.number, refund=str(refund.id), code=answer.failure_code)
    else:
        session.flush()
        _give_back(session, refund, order, payment, clock=clock)
    session.flush()
    return refund.state


def _give_back(session: Session, refund: Refund, order: SalesOrder, payment: Payment, *, clock: Clock) -> None:
    amount, is_kept = Money(refund.amount_minor, refund.currency), payment.state in KEPT
    _post(session, refund, payment, amount, account=books.REFUNDS if is_kept else books.UNAPPLIED, clock=clock)
    event = refund_event(received=_received(payment), returned=_returned(session, payment))
    payment.state, payment.updated_at = PAYMENT.after(payment.state, event), clock.now()
    if not is_kept:
        emit(session, PaymentReturned(order.id, payment.id, amount), at=clock.now())
        return
    order.state = ORDER.after(order.state, event)
    is_full = event == "refunded"
    if is_full:
        entitlements.end(session, SOURCES, order.id, reason="refunded", clock=clock)
    product_ids = ordered_products(session, order)
    news = OrderRefunded(order.id, order.number, order.person_id, product_ids, refund.id, amount, is_full)
    emit(session, news, at=clock.now())


def _post(
    session: Session, refund: Refund, payment: Payment, amount: Money, *, account: str, clock: Clock
) -> None:  # fmt: skip
    lines = (books.Line(account, amount), books.Line(books.provider_account(payment.provider), -amount))
    books.post(session, books.Entry(f"refund:{refund.id}", "refund", "order", refund.order_id, lines), clock=clock)


def _returned(session: Session, payment: Payment) -> Money:
    done = select(func.sum(Refund.amount_minor)).where(Refund.payment_id == payment.id, Refund.state == "succeeded")
    return Money(int(session.scalar(done) or 0), _received(payment).currency)


def _received(payment: Payment) -> Money:
    return Money(payment.received_minor or 0, payment.received_currency or payment.currency)


def _one_time_key(viewer: Viewer, command: RequestRefund) -> OneTimeKey:
    amount = [command.amount.minor, command.amount.currency] if command.amount else None
    request: Mapping[str, Any] = {"payment": str(command.payment_id), "amount": amount, "reason": command.reason}
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
