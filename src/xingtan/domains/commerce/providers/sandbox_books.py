"""The sandbox's own books: payments, cards kept for later, fees, refunds, disputes. Nobody else writes them.

A payment of the past that has no terms was taken without a fee, and its refunds go at once.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import PaymentRefused
from xingtan.domains.commerce.models import SandboxPayment
from xingtan.domains.commerce.models.providers import SandboxDispute, SandboxMandate, SandboxSlowRefund, SandboxTerms
from xingtan.domains.commerce.providers import Dispute, Mandate, ProviderPayment, ProviderRefund, Start

OPEN_FOR = timedelta(hours=24)


def open_payment(session: Session, start: Start, *, at: datetime) -> str:
    """Open the payment, once, and return its reference."""
    known = _payment(session, start.payment_id)
    if known is not None:
        if (known.amount_minor, known.currency) != (start.amount.minor, start.amount.currency):
            raise PaymentRefused(say("This payment was opened before with another amount."))
        return known.reference
    return _add_payment(session, start, at=at).reference


def _add_payment(session: Session, start: Start, *, at: datetime) -> SandboxPayment:
    row = SandboxPayment(
        reference=f"sbx_{secrets.token_urlsafe(18)}", merchant_key=str(start.payment_id), state="open",
        amount_minor=start.amount.minor, currency=start.amount.currency, paid_minor=0,
        paid_currency=start.amount.currency, refunded_minor=0, description=start.description,
        return_url=start.return_path, failure_code=None, challenges=0, refunds={}, created_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(
        SandboxTerms(
            reference=row.reference, fee_minor=0, wants_mandate=start.wants_mandate, mandate=None, refunds="at_once"
        )
    )
    return row


def take(session: Session, row: SandboxPayment, *, minor: int, fee_bp: int) -> None:
    """Take `minor` from the buyer and keep the fee, half a unit rounded up."""
    row.state, row.paid_minor, row.paid_currency = "succeeded", minor, row.currency
    terms = session.get(SandboxTerms, row.reference)
    if terms is not None:
        terms.fee_minor = Money(minor, row.currency).share(fee_bp).minor


def known_payment(session: Session, payment_id: UUID, *, at: datetime) -> ProviderPayment:
    """Return what the sandbox knows of the payment."""
    row = _payment(session, payment_id)
    if row is None:
        return ProviderPayment(None, "absent")
    if row.state == "succeeded":
        return _paid(session, row)
    if row.state == "failed":
        return ProviderPayment(row.reference, "failed", failure_code=row.failure_code)
    if row.created_at + OPEN_FOR <= at:
        return ProviderPayment(row.reference, "failed", failure_code="abandoned")
    return ProviderPayment(row.reference, "open")


def _paid(session: Session, row: SandboxPayment) -> ProviderPayment:
    terms = session.get(SandboxTerms, row.reference)
    card = session.get(SandboxMandate, terms.mandate) if terms and terms.mandate else None
    rows = session.scalars(select(SandboxDispute).where(SandboxDispute.payment == row.reference))
    found = sorted(rows, key=lambda one: (one.created_at, one.reference))
    return ProviderPayment(
        row.reference, "succeeded", Money(row.paid_minor, row.paid_currency),
        fee=Money(terms.fee_minor if terms else 0, row.paid_currency),
        mandate=Mandate(card.reference, card.label) if card else None,
        disputes=tuple(_dispute(one, row.paid_currency) for one in found),
    )  # fmt: skip


def _dispute(row: SandboxDispute, currency: str) -> Dispute:
    amount = Money(row.amount_minor, currency)
    if row.state == "open":
        return Dispute(row.reference, "open", amount)
    return Dispute(row.reference, "won" if row.state == "won" else "lost", amount)


@dataclass(frozen=True, slots=True)
class Charged:
    """What came of a charge: `is_new` for the first call, `is_answered_late` when the caller is to hear nothing now."""

    payment: ProviderPayment
    row: SandboxPayment
    is_new: bool
    is_answered_late: bool


def charge_card(session: Session, start: Start, mandate: str, *, fee_bp: int, at: datetime) -> Charged:
    """Charge a kept card, once per payment id; `PaymentRefused` for a card that nobody left here."""
    known = _payment(session, start.payment_id)
    if known is not None:
        return Charged(known_payment(session, start.payment_id, at=at), known, is_new=False, is_answered_late=False)
    card = session.get(SandboxMandate, mandate, with_for_update=True)
    if card is None:
        raise PaymentRefused(say("The provider knows of no such mandate."))
    row = _add_payment(session, start, at=at)
    _try(session, row, card, fee_bp=fee_bp)
    session.flush()
    seen = known_payment(session, start.payment_id, at=at)
    return Charged(seen, row, is_new=True, is_answered_late=card.behaviour == "answers_late")


def _try(session: Session, row: SandboxPayment, card: SandboxMandate, *, fee_bp: int) -> None:
    if card.declines_left > 0:
        card.declines_left -= 1
        row.state, row.failure_code = "failed", "card_declined"
    elif card.behaviour == "expired":
        row.state, row.failure_code = "failed", "expired_card"
    else:
        take(session, row, minor=row.amount_minor, fee_bp=fee_bp)


def refund_payment(session: Session, payment_id: UUID, *, amount: Money, key: str) -> ProviderRefund:
    """Give money back, once per `key`; `PaymentRefused` for a payment it never took."""
    row = session.scalar(select(SandboxPayment).where(SandboxPayment.merchant_key == str(payment_id)).with_for_update())
    if row is None or row.state != "succeeded" or amount.currency != row.paid_currency:
        raise PaymentRefused(say("The provider knows of no such payment."))
    known = _known_refund(session, row, key)
    if known is not None:
        known_minor, answer = known
        if known_minor != amount.minor:
            raise PaymentRefused(say("The provider has given another amount back under this key."))
        return answer
    if amount.minor > left(session, row):
        return ProviderRefund("failed", failure_code="more_than_paid")
    return _refund(session, row, amount=amount, key=key)


def _known_refund(session: Session, row: SandboxPayment, key: str) -> tuple[int, ProviderRefund] | None:
    if key in row.refunds:
        return row.refunds[key], ProviderRefund("succeeded")
    slow = session.get(SandboxSlowRefund, key)
    if slow is None:
        return None
    failed = ProviderRefund("failed", failure_code="account_closed")
    return slow.amount_minor, failed if slow.state == "failed" else ProviderRefund("pending")


def _refund(session: Session, row: SandboxPayment, *, amount: Money, key: str) -> ProviderRefund:
    terms = session.get(SandboxTerms, row.reference)
    if terms is not None and terms.refunds == "slow":
        session.add(SandboxSlowRefund(key=key, reference=row.reference, state="pending", amount_minor=amount.minor))
        return ProviderRefund("pending")
    give_back(row, minor=amount.minor, key=key)
    return ProviderRefund("succeeded")


def give_back(row: SandboxPayment, *, minor: int, key: str) -> None:
    """Write down that `minor` went back under `key`."""
    row.refunded_minor += minor
    row.refunds = {**row.refunds, key: minor}


def left(session: Session, row: SandboxPayment) -> int:
    """Return what may still go back: neither returned, nor on its way, nor with the buyer's bank."""
    waiting = select(func.sum(SandboxSlowRefund.amount_minor)).where(
        SandboxSlowRefund.reference == row.reference, SandboxSlowRefund.state == "pending"
    )
    disputed = select(func.sum(SandboxDispute.amount_minor)).where(
        SandboxDispute.payment == row.reference, SandboxDispute.state != "won"
    )
    return row.paid_minor - row.refunded_minor - sum(int(session.scalar(one) or 0) for one in (waiting, disputed))


def sandbox_row(session: Session, reference: str) -> SandboxPayment:
    """Return the sandbox's own row, locked; `NotFound` when there is none. For the sandbox's desk alone."""
    row = session.get(SandboxPayment, reference, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return row


def _payment(session: Session, payment_id: UUID) -> SandboxPayment | None:
    return session.scalar(select(SandboxPayment).where(SandboxPayment.merchant_key == str(payment_id)))
