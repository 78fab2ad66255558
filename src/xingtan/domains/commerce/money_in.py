"""Beside the money: where it is, what a provider kept of it, the buyer's word that she may be charged again."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.models import Payment, PaymentMethod
from xingtan.domains.commerce.providers import Mandate
from xingtan.infra.db import new_id

WALLET = "wallet"
"""The provider inside the house: what it holds for learners is owed to them."""


def money_account(provider: str) -> str:
    """Return the account that grows when `provider` takes money for us: the wallet's is what we owe."""
    return books.WALLET if provider == WALLET else books.provider_account(provider)


def keep_method(session: Session, person_id: UUID, provider: str, mandate: Mandate, *, clock: Clock) -> UUID:
    """Keep the buyer's word, once per reference, and return its id."""
    known = session.scalar(
        select(PaymentMethod).where(PaymentMethod.provider == provider, PaymentMethod.reference == mandate.reference)
    )
    if known is not None:
        return known.id
    row = PaymentMethod(
        id=new_id(), person_id=person_id, provider=provider, reference=mandate.reference, label=mandate.label,
        created_at=clock.now(), ended_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def post_fee(session: Session, payment: Payment, fee: Money, *, clock: Clock) -> None:
    """Post what the provider has kept beyond what is posted already; a fee that shrinks comes back."""
    more = Money(fee.minor - payment.fee_minor, fee.currency)
    if not more or fee.currency != payment.received_currency or fee.minor > (payment.received_minor or 0):
        return
    lines = (books.Line(books.FEES, more), books.Line(money_account(payment.provider), -more))
    key = f"fee:{payment.id}:{payment.fee_minor}:{fee.minor}"
    books.post(session, books.Entry(key, "fee", "order", payment.order_id, lines), clock=clock)
    payment.fee_minor = fee.minor
