"""Bank transfers: the buyer writes her order's number into the purpose, and the creator says what arrived.

1. The creator's word is the other side's answer: `query` returns it, and nobody else can give it. 2. What is to go back
is asked for here and sent by hand; it is pending until the creator says that it was sent. 3. There are no notices.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.domains.commerce.models import ManualRefund, ManualTransfer
from xingtan.domains.commerce.providers import Ability, Notice, ProviderPayment, ProviderRefund, Start, Started
from xingtan.infra.db import Database

NAME = "manual"


class Manual:
    """The creator's bank account as the academy sees it: a `PaymentProvider`."""

    name = NAME
    abilities: frozenset[Ability] = frozenset({"partial_refund", "by_hand"})
    hosts: tuple[str, ...] = ()
    thanks = ""

    def __init__(self, database: Database, *, currencies: frozenset[str], clock: Clock) -> None:
        self._database, self.currencies, self._clock = database, currencies, clock

    def start(self, start: Start) -> Started:
        """Expect a transfer, and return the page that tells the buyer where to send it."""
        if start.amount.currency not in self.currencies:
            raise PaymentRefused(say("This way to pay takes other currencies."))
        self._database.write(lambda session: _expect(session, start, at=self._clock.now()))
        return Started(start.payment_id.hex, start.return_path.removesuffix("/return") + "/transfer")

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:  # noqa: ARG002 - our id is enough
        """Return what the creator has said of the transfer."""
        return self._database.read(lambda session: _known(session, payment_id))

    def charge(self, start: Start, mandate: str) -> ProviderPayment:  # noqa: ARG002 - nobody can give a mandate here
        """Refuse: here each payment is the buyer's own."""
        raise PaymentRefused(say("This provider cannot charge without the buyer."))

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:  # noqa: ARG002
        """Ask the creator to send money back, once per `key`, and return what she has said of it."""
        return self._database.write(
            lambda session: _ask_back(session, payment_id, amount=amount, key=key, at=self._clock.now())
        )

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:  # noqa: ARG002 - there are none
        """Refuse: a bank account sends no notices."""
        raise NoticeRefused(say("This notice is not signed as it should be."))

    def payment_of(self, reference: str) -> UUID | None:  # noqa: ARG002 - there are no notices
        """Return None: a bank account sends no notices."""
        return None


def _transfer(session: Session, payment_id: UUID) -> ManualTransfer | None:
    wanted = select(ManualTransfer).where(ManualTransfer.payment_id == payment_id).with_for_update()
    return session.scalar(wanted)


def _expect(session: Session, start: Start, *, at: datetime) -> None:
    known = _transfer(session, start.payment_id)
    if known is not None:
        if (known.amount_minor, known.currency) != (start.amount.minor, start.amount.currency):
            raise PaymentRefused(say("This payment was opened before with another amount."))
        return
    session.add(
        ManualTransfer(
            reference=start.payment_id.hex, payment_id=start.payment_id, state="open", amount_minor=start.amount.minor,
            currency=start.amount.currency, received_minor=0, purpose=start.description.partition(" · ")[0],
            return_path=start.return_path, created_at=at, decided_at=None, decided_by_id=None,
        )
    )  # fmt: skip


def _known(session: Session, payment_id: UUID) -> ProviderPayment:
    row = session.scalar(select(ManualTransfer).where(ManualTransfer.payment_id == payment_id))
    if row is None:
        return ProviderPayment(None, "absent")
    if row.state == "arrived":
        return ProviderPayment(row.reference, "succeeded", Money(row.received_minor, row.currency))
    if row.state == "rejected":
        return ProviderPayment(row.reference, "failed", failure_code="never_arrived")
    return ProviderPayment(row.reference, "open")


def _ask_back(session: Session, payment_id: UUID, *, amount: Money, key: str, at: datetime) -> ProviderRefund:
    row = _transfer(session, payment_id)
    if row is None or row.state != "arrived" or row.currency != amount.currency:
        raise PaymentRefused(say("The provider knows of no such payment."))
    known = session.get(ManualRefund, key)
    if known is not None:
        return _refund(known, amount)
    rows = session.scalars(select(ManualRefund).where(ManualRefund.reference == row.reference))
    if sum(one.amount_minor for one in rows if one.state != "refused") + amount.minor > row.received_minor:
        return ProviderRefund("failed", failure_code="more_than_paid")
    session.add(
        ManualRefund(
            key=key, reference=row.reference, state="asked", amount_minor=amount.minor, created_at=at,
            decided_at=None, decided_by_id=None,
        )
    )  # fmt: skip
    return ProviderRefund("pending")


def _refund(known: ManualRefund, amount: Money) -> ProviderRefund:
    if known.amount_minor != amount.minor:
        raise PaymentRefused(say("The provider has given another amount back under this key."))
    if known.state == "refused":
        return ProviderRefund("failed", failure_code="refused_by_hand")
    return ProviderRefund("succeeded" if known.state == "sent" else "pending")
