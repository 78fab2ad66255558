"""Talking to payment providers: always between two transactions, never inside one.

Each function may be killed at any point and run again: what the provider did meanwhile is found by asking it.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, Unavailable, say
from xingtan.domains.commerce.errors import PaymentRefused
from xingtan.domains.commerce.models import Payment, Refund
from xingtan.domains.commerce.providers import PaymentProvider, ProviderPayment, ProviderRefund, Providers
from xingtan.domains.commerce.use_cases.payments import note_no_answer, note_presented, payment_to_start, settle
from xingtan.domains.commerce.use_cases.refunds import note_refund_unanswered, refund_to_send, settle_refund
from xingtan.infra.db import Database

REFUND_STALE_AFTER = timedelta(minutes=10)
_AT_ONCE = 200
_log = structlog.get_logger("commerce")


def present(database: Database, providers: Providers, payment_id: UUID, *, clock: Clock) -> str:
    """Open the payment at its provider and return the page to which the buyer goes; again returns the same page.

    `Unavailable` when the provider gives no answer: the payment is then unknown, and reconciliation asks again.
    `PaymentRefused` when it says no.
    """
    wanted = database.read(lambda session: payment_to_start(session, payment_id))
    try:
        started = provider_named(providers, wanted.provider).start(wanted.start)
    except Unavailable:
        database.write(lambda session: note_no_answer(session, payment_id, clock=clock))
        raise
    except PaymentRefused as error:
        refused = ProviderPayment(None, "failed", failure_code=error.code)
        database.write(lambda session: settle(session, payment_id, refused, clock=clock))
        raise
    database.write(lambda session: note_presented(session, payment_id, started, clock=clock))
    return started.redirect_url


def ask(database: Database, providers: Providers, payment_id: UUID, *, clock: Clock) -> str:
    """Ask the provider about the payment, make its answer true here, and return the payment's state."""
    provider_name, reference = database.read(lambda session: _payment_names(session, payment_id))
    try:
        seen = provider_named(providers, provider_name).query(payment_id, reference)
    except Unavailable:
        database.write(lambda session: note_no_answer(session, payment_id, clock=clock))
        raise
    return database.write(lambda session: settle(session, payment_id, seen, clock=clock))


def send_refund(database: Database, providers: Providers, refund_id: UUID, *, clock: Clock) -> str:
    """Have the provider give the money back, once however often this runs, and return the refund's state."""
    wanted = database.read(lambda session: refund_to_send(session, refund_id))
    if not wanted.is_open:
        return database.read(lambda session: session.get_one(Refund, refund_id).state)
    provider = provider_named(providers, wanted.provider)
    try:
        answer = provider.refund(wanted.payment_id, wanted.reference, amount=wanted.amount, key=wanted.key)
    except Unavailable:
        database.write(lambda session: note_refund_unanswered(session, refund_id))
        raise
    except PaymentRefused as error:
        answer = ProviderRefund("failed", failure_code=error.code)
    return database.write(lambda session: settle_refund(session, refund_id, answer, clock=clock))


def reconcile(database: Database, providers: Providers, *, clock: Clock) -> int:
    """Ask about every payment whose time has come and every refund that hangs; return how many were asked about.

    A provider that does not answer spoils nothing for the others.
    """
    payments = database.read(lambda session: _payments_to_ask(session, clock=clock))
    refunds = database.read(lambda session: _refunds_to_send(session, clock=clock))
    for payment_id in payments:
        try:
            ask(database, providers, payment_id, clock=clock)
        except Unavailable:
            _log.warning("a provider does not answer", payment=str(payment_id))
    for refund_id in refunds:
        try:
            send_refund(database, providers, refund_id, clock=clock)
        except Unavailable:
            _log.warning("a provider does not answer", refund=str(refund_id))
    return len(payments) + len(refunds)


def provider_named(providers: Providers, name: str) -> PaymentProvider:
    """Return the provider; `NotFound` for a name that is not set up here."""
    if name not in providers:
        raise NotFound(say("This way to pay is not offered here."))
    return providers[name]


def _payment_names(session: Session, payment_id: UUID) -> tuple[str, str | None]:
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise NotFound(say("There is no such payment."))
    return payment.provider, payment.provider_reference


def _payments_to_ask(session: Session, *, clock: Clock) -> list[UUID]:
    wanted = select(Payment.id).where(Payment.ask_at <= clock.now()).order_by(Payment.ask_at, Payment.id)
    return list(session.scalars(wanted.limit(_AT_ONCE)))


def _refunds_to_send(session: Session, *, clock: Clock) -> list[UUID]:
    stale = clock.now() - REFUND_STALE_AFTER
    wanted = select(Refund.id).where(
        or_(Refund.state == "requested", Refund.state == "unknown"), Refund.created_at <= stale
    )
    return list(session.scalars(wanted.order_by(Refund.created_at).limit(_AT_ONCE)))
