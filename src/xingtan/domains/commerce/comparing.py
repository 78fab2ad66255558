"""Asking providers at a person's word: about all that is open, and about what they have paid out already.

Outside of transactions, like every talk with a provider; what is found is made true by settlement alone.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, Unavailable
from xingtan.core.money import Money
from xingtan.domains.commerce.conversation import ask, provider_named, send_refund
from xingtan.domains.commerce.machines import OPEN, OPEN_REFUND
from xingtan.domains.commerce.models import Payment, Refund, SalesOrder
from xingtan.domains.commerce.providers import Providers
from xingtan.infra.db import Database

MOST_ASKED = 50
_log = structlog.get_logger("commerce")


@dataclass(frozen=True, slots=True)
class Difference:
    """A payment of which its provider says something else than we do; `theirs` None: it names no amount."""

    number: str
    status: str
    ours: Money
    theirs: Money | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing the newest payments with their provider: how many were asked about, what differs."""

    provider: str
    asked: int
    unanswered: int
    differences: tuple[Difference, ...]


def ask_all_open(database: Database, providers: Providers, *, clock: Clock) -> tuple[int, int]:
    """Ask about every open payment and send every open refund again, now; return how many, and how many unanswered."""
    payments = database.read(
        lambda session: session.scalars(select(Payment.id).where(Payment.state.in_(OPEN)).limit(MOST_ASKED)).all()
    )
    refunds = database.read(
        lambda session: session.scalars(select(Refund.id).where(Refund.state.in_(OPEN_REFUND)).limit(MOST_ASKED)).all()
    )
    unanswered = 0
    for payment_id in payments:
        try:
            ask(database, providers, payment_id, clock=clock)
        except (Unavailable, NotFound):  # no answer, or a provider that is not set up any more
            unanswered += 1
    for refund_id in refunds:
        try:
            send_refund(database, providers, refund_id, clock=clock)
        except (Unavailable, NotFound):
            unanswered += 1
    return len(payments) + len(refunds), unanswered


def compare(database: Database, providers: Providers, name: str) -> Comparison:
    """Ask the provider about its newest payments that were settled here, and return where it says something else."""
    provider = provider_named(providers, name)
    rows = database.read(
        lambda session: session.execute(
            select(
                Payment.id, Payment.provider_reference, Payment.received_minor, Payment.received_currency,
                SalesOrder.number,
            )
            .join(SalesOrder, SalesOrder.id == Payment.order_id)
            .where(Payment.provider == name, Payment.received_minor.is_not(None))
            .order_by(Payment.settled_at.desc())
            .limit(MOST_ASKED)
        ).all()
    )  # fmt: skip
    found: list[Difference] = []
    unanswered = 0
    for payment_id, reference, minor, currency, number in rows:
        try:
            seen = provider.query(payment_id, reference)
        except Unavailable:
            unanswered += 1
            continue
        ours = Money(minor or 0, currency or "")
        if seen.status != "succeeded" or seen.received != ours:
            found.append(Difference(number, seen.status, ours, seen.received))
            _note(name, payment_id, number)
    return Comparison(name, len(rows), unanswered, tuple(found))


def _note(name: str, payment_id: UUID, number: str) -> None:
    _log.error("a provider says something else", provider=name, payment=str(payment_id), order=number)
