"""The sandbox's desk: what the tester decides on its hosted page, and the notices that follow from it."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, say
from xingtan.core.money import Money
from xingtan.domains.commerce.models import SandboxNotice, SandboxPayment
from xingtan.domains.commerce.providers.sandbox import OPEN_FOR, sandbox_row
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue

DELIVER_NOTICE = "sandbox.deliver_notice"
CHALLENGE_CODE = "123456"
MOST_CHALLENGES = 3
LATE_S = 5

Choice = Literal["success", "declined", "challenge", "late", "twice", "never", "short"]
CHOICES: tuple[Choice, ...] = ("success", "challenge", "declined", "late", "twice", "never", "short")

_DELAYS_S: Mapping[str, tuple[int, ...]] = {
    "success": (0,),
    "late": (LATE_S,),
    "twice": (0, 1),
    "never": (),
    "short": (0,),
}
"""After how many seconds each paid choice sends its notice; one notice, as often as there are delays."""


@dataclass(frozen=True, slots=True)
class SandboxView:
    """A payment as the sandbox's page shows it."""

    reference: str
    state: str  # open, challenged, succeeded, failed
    amount: Money
    description: str
    return_path: str
    challenges_left: int


def look(session: Session, reference: str, *, at: datetime) -> SandboxView:
    """Return the payment at `reference`; `NotFound` when there is none."""
    row = session.get(SandboxPayment, reference)
    if row is None:
        row = sandbox_row(session, reference)
    state = "failed" if row.state == "open" and row.created_at + OPEN_FOR <= at else row.state
    return SandboxView(
        row.reference, state, Money(row.amount_minor, row.currency), row.description, row.return_url,
        MOST_CHALLENGES - row.challenges,
    )  # fmt: skip


def choose(session: Session, reference: str, choice: str, *, clock: Clock) -> SandboxView:
    """Do what the tester chose and return the payment; `Conflict` when it is over already."""
    row = sandbox_row(session, reference)
    _must_be(row, "open", at=clock.now())
    if choice == "challenge":
        row.state = "challenged"
    elif choice == "declined":
        _fail(session, row, "card_declined", clock=clock)
    elif choice in _DELAYS_S:
        _pay(session, row, _DELAYS_S[choice], less=1 if choice == "short" else 0, clock=clock)
    else:
        raise Invalid.of("choice", say("Please choose one of these."))
    return look(session, reference, at=clock.now())


def answer_challenge(session: Session, reference: str, code: str, *, clock: Clock) -> SandboxView:
    """Check the code that the buyer's bank asked for: right pays, three wrong ones fail the payment."""
    row = sandbox_row(session, reference)
    _must_be(row, "challenged", at=clock.now())
    row.challenges += 1
    if hmac.compare_digest(code.strip().encode(), CHALLENGE_CODE.encode()):
        _pay(session, row, _DELAYS_S["success"], less=0, clock=clock)
    elif row.challenges >= MOST_CHALLENGES:
        _fail(session, row, "challenge_failed", clock=clock)
    return look(session, reference, at=clock.now())


def _must_be(row: SandboxPayment, state: str, *, at: datetime) -> None:
    if row.state != state or row.created_at + OPEN_FOR <= at:
        raise Conflict(say("This test payment is over already."))


def _pay(session: Session, row: SandboxPayment, delays_s: tuple[int, ...], *, less: int, clock: Clock) -> None:
    row.state, row.paid_minor, row.paid_currency = "succeeded", max(row.amount_minor - less, 1), row.currency
    _notify(session, row, "payment.succeeded", delays_s, clock=clock)


def _fail(session: Session, row: SandboxPayment, code: str, *, clock: Clock) -> None:
    row.state, row.failure_code = "failed", code
    _notify(session, row, "payment.failed", (0,), clock=clock)


def _notify(session: Session, row: SandboxPayment, kind: str, delays_s: tuple[int, ...], *, clock: Clock) -> None:
    notice_id, now = new_id(), clock.now()
    body = {
        "id": f"evt_{notice_id.hex}", "type": kind, "created": int(now.timestamp()), "reference": row.reference,
        "payment": row.merchant_key,
    }  # fmt: skip
    session.add(
        SandboxNotice(
            id=notice_id, reference=row.reference, body=json.dumps(body).encode(), deliveries=0, created_at=now
        )
    )
    for turn, delay_s in enumerate(delays_s):
        args: Mapping[str, Any] = {"notice_id": str(notice_id)}
        at = now + timedelta(seconds=delay_s)
        enqueue(session, DELIVER_NOTICE, args, key=f"sandbox-notice:{notice_id}:{turn}", at=at)


def take_notice(session: Session, notice_id: UUID) -> bytes:
    """Return the raw body of a notice that is being delivered now, and count the delivery."""
    notice = session.get_one(SandboxNotice, notice_id, with_for_update=True)
    notice.deliveries += 1
    return notice.body
