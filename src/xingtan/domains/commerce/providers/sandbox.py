"""The sandbox: a payment provider of our own with which nobody pays real money. It is truly the other side.

1. It keeps its own books (`sandbox_payment`) and is reached only through the protocol, its pages and its notices.
2. Its notices are signed: ``sandbox-signature: t=<unix seconds>,v1=<HMAC-SHA256 of "t.body">``, in hexadecimal.
3. Whatever is asked twice is done once: `start` by the payment's id, `refund` by its key.
4. A payment that nobody finished within a day is over.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.domains.commerce.models import SandboxPayment
from xingtan.domains.commerce.providers import Notice, ProviderPayment, ProviderRefund, Start, Started
from xingtan.infra.db import Database

NAME = "sandbox"
SIGNATURE_HEADER = "sandbox-signature"
TOLERANCE = timedelta(seconds=300)
OPEN_FOR = timedelta(hours=24)
_SIGNATURE = re.compile(r"t=(?P<t>[0-9]{1,12}),v1=(?P<v1>[0-9a-f]{64})")
_LONGEST_NOTICE = 10_000


def sign(secret: bytes, body: bytes, *, at: datetime) -> str:
    """Return the signature header's value for `body` sent at `at`."""
    timestamp = str(int(at.timestamp()))
    return f"t={timestamp},v1={_digest(secret, timestamp, body)}"


def _digest(secret: bytes, timestamp: str, body: bytes) -> str:
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Sandbox:
    """The sandbox as the academy sees it: a `PaymentProvider`."""

    name = NAME

    def __init__(self, database: Database, secret: bytes, *, clock: Clock) -> None:
        self._database, self._secret, self._clock = database, secret, clock

    def start(self, start: Start) -> Started:
        """Open the payment and return its page here."""
        reference = self._database.write(lambda session: open_payment(session, start, at=self._clock.now()))
        return Started(reference, f"/sandbox/pay/{reference}")

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:  # noqa: ARG002 - our key is enough
        """Return what the sandbox knows of the payment."""
        return self._database.read(lambda session: known_payment(session, payment_id, at=self._clock.now()))

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:  # noqa: ARG002
        """Give money back, once per `key`; `PaymentRefused` for more than is left."""
        return self._database.write(lambda session: refund_payment(session, payment_id, amount=amount, key=key))

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a notice says when signature and age are right."""
        match = _SIGNATURE.fullmatch(headers.get(SIGNATURE_HEADER, ""))
        if match is None or len(body) > _LONGEST_NOTICE:
            raise NoticeRefused(say("This notice is not signed as it should be."))
        if not hmac.compare_digest(_digest(self._secret, match["t"], body), match["v1"]):
            raise NoticeRefused(say("This notice is not signed as it should be."))
        sent_at = datetime.fromtimestamp(int(match["t"]), UTC)
        if abs(self._clock.now() - sent_at) > TOLERANCE:
            raise NoticeRefused(say("This notice is too old."))
        return _read(body)


def _read(body: bytes) -> Notice:
    try:
        notice = json.loads(body)
        return Notice(str(notice["id"]), str(notice["reference"]), UUID(notice["payment"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NoticeRefused(say("This notice cannot be read.")) from None


def open_payment(session: Session, start: Start, *, at: datetime) -> str:
    """Open the payment in the sandbox's own books, once, and return its reference."""
    known = session.scalar(select(SandboxPayment).where(SandboxPayment.merchant_key == str(start.payment_id)))
    if known is not None:
        if (known.amount_minor, known.currency) != (start.amount.minor, start.amount.currency):
            raise PaymentRefused(say("This payment was opened before with another amount."))
        return known.reference
    row = SandboxPayment(
        reference=f"sbx_{secrets.token_urlsafe(18)}", merchant_key=str(start.payment_id), state="open",
        amount_minor=start.amount.minor, currency=start.amount.currency, paid_minor=0,
        paid_currency=start.amount.currency, refunded_minor=0, description=start.description,
        return_url=start.return_path, failure_code=None, challenges=0, refunds={}, created_at=at,
    )  # fmt: skip
    session.add(row)
    return row.reference


def known_payment(session: Session, payment_id: UUID, *, at: datetime) -> ProviderPayment:
    """Return what the sandbox knows of the payment."""
    row = session.scalar(select(SandboxPayment).where(SandboxPayment.merchant_key == str(payment_id)))
    if row is None:
        return ProviderPayment(None, "absent")
    if row.state == "succeeded":
        return ProviderPayment(row.reference, "succeeded", Money(row.paid_minor, row.paid_currency))
    if row.state == "failed":
        return ProviderPayment(row.reference, "failed", failure_code=row.failure_code)
    if row.created_at + OPEN_FOR <= at:
        return ProviderPayment(row.reference, "failed", failure_code="abandoned")
    return ProviderPayment(row.reference, "open")


def refund_payment(session: Session, payment_id: UUID, *, amount: Money, key: str) -> ProviderRefund:
    """Give money back in the sandbox's own books, once per `key`; `PaymentRefused` for a payment it never took."""
    row = session.scalar(select(SandboxPayment).where(SandboxPayment.merchant_key == str(payment_id)).with_for_update())
    if row is None or row.state != "succeeded" or amount.currency != row.paid_currency:
        raise PaymentRefused(say("The provider knows of no such payment."))
    if key in row.refunds:
        if row.refunds[key] != amount.minor:
            raise PaymentRefused(say("The provider has given another amount back under this key."))
        return ProviderRefund("succeeded")
    if row.refunded_minor + amount.minor > row.paid_minor:
        return ProviderRefund("failed", failure_code="more_than_paid")
    row.refunded_minor += amount.minor
    row.refunds = {**row.refunds, key: amount.minor}
    return ProviderRefund("succeeded")


def sandbox_row(session: Session, reference: str) -> SandboxPayment:
    """Return the sandbox's own row, locked; `NotFound` when there is none. For the sandbox's desk alone."""
    row = session.get(SandboxPayment, reference, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return row
