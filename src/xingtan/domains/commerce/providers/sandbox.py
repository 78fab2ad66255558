"""The sandbox: a payment provider of our own with which nobody pays real money. It is truly the other side.

1. It keeps its own books (`sandbox_books`) and is reached only through the protocol, its pages and its notices.
2. Its notices are signed: ``sandbox-signature: t=<unix seconds>,v1=<HMAC-SHA256 of "t.body">``, in hexadecimal.
3. Whatever is asked twice is done once: `start` by the payment's id, `refund` by its key.
4. A payment that nobody finished within a day is over.
5. What a tester may want to see goes wrong here on purpose: cards that decline, answers that are lost, slow refunds.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Unavailable, say
from xingtan.core.money import CURRENCIES, Money
from xingtan.domains.commerce.errors import NoticeRefused
from xingtan.domains.commerce.providers import Ability, Notice, ProviderPayment, ProviderRefund, Start, Started
from xingtan.domains.commerce.providers.sandbox_books import (
    Charged,
    charge_card,
    known_payment,
    open_payment,
    refund_payment,
)
from xingtan.domains.commerce.providers.sandbox_notices import notify
from xingtan.infra.db import Database

NAME = "sandbox"
SIGNATURE_HEADER = "sandbox-signature"
TOLERANCE = timedelta(seconds=300)
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
    abilities: frozenset[Ability] = frozenset({"recurring", "partial_refund", "disputes"})
    currencies = frozenset(CURRENCIES)
    hosts: tuple[str, ...] = ()
    thanks = "{}"

    def __init__(self, database: Database, secret: bytes, *, clock: Clock, fee_bp: int = 0) -> None:
        self._database, self._secret, self._clock, self._fee_bp = database, secret, clock, fee_bp

    def start(self, start: Start) -> Started:
        """Open the payment and return its page here."""
        reference = self._database.write(lambda session: open_payment(session, start, at=self._clock.now()))
        return Started(reference, f"/sandbox/pay/{reference}")

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:  # noqa: ARG002 - our key is enough
        """Return what the sandbox knows of the payment."""
        return self._database.read(lambda session: known_payment(session, payment_id, at=self._clock.now()))

    def charge(self, start: Start, mandate: str) -> ProviderPayment:
        """Charge a card that was left here, and do with it what the tester told."""
        done = self._database.write(lambda session: self._charge(session, start, mandate))
        if done.is_answered_late:
            raise Unavailable(say("The payment provider does not answer."))
        return done.payment

    def _charge(self, session: Session, start: Start, mandate: str) -> Charged:
        at = self._clock.now()
        done = charge_card(session, start, mandate, fee_bp=self._fee_bp, at=at)
        if done.is_new:
            notify(session, done.row, f"payment.{done.payment.status}", delays_s=(0,), at=at)
        return done

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

    def payment_of(self, reference: str) -> UUID | None:  # noqa: ARG002 - every notice names the payment
        """Return None: the sandbox's notices always name the payment."""
        return None


def _read(body: bytes) -> Notice:
    try:
        notice = json.loads(body)
        return Notice(str(notice["id"]), str(notice["reference"]), UUID(notice["payment"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NoticeRefused(say("This notice cannot be read.")) from None
