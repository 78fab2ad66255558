"""The sandbox's desk: what the tester decides on its hosted page, before the buyer pays and long after."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, say
from xingtan.core.money import Money
from xingtan.domains.commerce.models import SandboxPayment
from xingtan.domains.commerce.models.providers import SandboxDispute, SandboxMandate, SandboxSlowRefund, SandboxTerms
from xingtan.domains.commerce.providers.sandbox_books import OPEN_FOR, give_back, left, sandbox_row, take
from xingtan.domains.commerce.providers.sandbox_notices import notify

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

CARDS: Mapping[str, tuple[str, int]] = {
    "pays": ("pays", 0),
    "declines_once": ("pays", 1),
    "declines_thrice": ("pays", 3),
    "expired": ("expired", 0),
    "answers_late": ("answers_late", 0),
}
"""The cards that a tester may leave for later charges: what each does, and how often it says no before."""


@dataclass(frozen=True, slots=True)
class SandboxView:
    """A payment as the sandbox's page shows it. `acts` are what a tester may still do with a paid one."""

    reference: str
    state: str  # open, challenged, succeeded, failed
    amount: Money
    description: str
    return_path: str
    challenges_left: int
    wants_mandate: bool = False
    acts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tester:
    """What a tester's choice comes with: the card that she leaves, and the fee that the sandbox keeps."""

    card: str
    fee_bp: int


def look(session: Session, reference: str, *, at: datetime) -> SandboxView:
    """Return the payment at `reference`; `NotFound` when there is none."""
    row = session.get(SandboxPayment, reference)
    if row is None:
        row = sandbox_row(session, reference)
    state = "failed" if row.state == "open" and row.created_at + OPEN_FOR <= at else row.state
    terms = session.get(SandboxTerms, reference)
    return SandboxView(
        row.reference, state, Money(row.amount_minor, row.currency), row.description, row.return_url,
        MOST_CHALLENGES - row.challenges, wants_mandate=terms is not None and terms.wants_mandate,
        acts=_acts(session, row, terms) if state == "succeeded" else (),
    )  # fmt: skip


def choose(
    session: Session, reference: str, choice: str, *, clock: Clock, card: str = "pays", fee_bp: int = 0
) -> SandboxView:
    """Do what the tester chose and return the payment; `Conflict` when it is over already.

    `card` says how the card behaves that is left for later charges, where the academy wants one.
    """
    row = sandbox_row(session, reference)
    _must_be(row, "open", at=clock.now())
    if card not in CARDS:
        raise Invalid.of("card", say("Please choose one of these."))
    if choice == "challenge":
        row.state = "challenged"
    elif choice == "declined":
        _fail(session, row, "card_declined", clock=clock)
    elif choice in _DELAYS_S:
        _pay(session, row, choice, tester=_Tester(card, fee_bp), clock=clock)
    else:
        raise Invalid.of("choice", say("Please choose one of these."))
    return look(session, reference, at=clock.now())


def answer_challenge(session: Session, reference: str, code: str, *, clock: Clock, fee_bp: int = 0) -> SandboxView:
    """Check the code that the buyer's bank asked for: right pays, three wrong ones fail the payment."""
    row = sandbox_row(session, reference)
    _must_be(row, "challenged", at=clock.now())
    row.challenges += 1
    if hmac.compare_digest(code.strip().encode(), CHALLENGE_CODE.encode()):
        _pay(session, row, "success", tester=_Tester("pays", fee_bp), clock=clock)
    elif row.challenges >= MOST_CHALLENGES:
        _fail(session, row, "challenge_failed", clock=clock)
    return look(session, reference, at=clock.now())


def act(session: Session, reference: str, name: str, *, clock: Clock) -> SandboxView:
    """Do with a paid payment what only the other side can; `Conflict` when it cannot be done now."""
    row = sandbox_row(session, reference)
    if name not in _ACTS:
        raise Invalid.of("act", say("Please choose one of these."))
    if row.state != "succeeded" or name not in _acts(session, row, session.get(SandboxTerms, reference)):
        raise Conflict(say("This cannot be done with the test payment now."))
    _ACTS[name](session, row, clock.now())
    notify(session, row, f"payment.{name}", delays_s=(0,), at=clock.now())
    session.flush()
    return look(session, reference, at=clock.now())


def _acts(session: Session, row: SandboxPayment, terms: SandboxTerms | None) -> tuple[str, ...]:
    found = ["win_dispute", "lose_dispute"] if _dispute(session, row) else []
    if not found and left(session, row) > 0:
        found.append("open_dispute")
    if _slow_refunds(session, row):
        found += ["let_refunds_through", "fail_refunds"]
    elif terms is not None and terms.refunds == "at_once" and left(session, row) > 0:
        found.append("slow_refunds")
    return tuple(found)


def _open_dispute(session: Session, row: SandboxPayment, at: datetime) -> None:
    session.add(
        SandboxDispute(
            reference=f"dsp_{secrets.token_urlsafe(18)}", payment=row.reference, state="open",
            amount_minor=left(session, row), created_at=at,
        )
    )  # fmt: skip


def _win_dispute(session: Session, row: SandboxPayment, _at: datetime) -> None:
    for one in _dispute(session, row):
        one.state = "won"


def _lose_dispute(session: Session, row: SandboxPayment, _at: datetime) -> None:
    for one in _dispute(session, row):
        one.state = "lost"


def _slow_down(session: Session, row: SandboxPayment, _at: datetime) -> None:
    session.get_one(SandboxTerms, row.reference).refunds = "slow"


def _let_through(session: Session, row: SandboxPayment, _at: datetime) -> None:
    for one in _slow_refunds(session, row):
        one.state = "succeeded"
        give_back(row, minor=one.amount_minor, key=one.key)


def _let_fail(session: Session, row: SandboxPayment, _at: datetime) -> None:
    for one in _slow_refunds(session, row):
        one.state = "failed"


_ACTS: Mapping[str, Callable[[Session, SandboxPayment, datetime], None]] = {
    "open_dispute": _open_dispute,
    "win_dispute": _win_dispute,
    "lose_dispute": _lose_dispute,
    "slow_refunds": _slow_down,
    "let_refunds_through": _let_through,
    "fail_refunds": _let_fail,
}


def _dispute(session: Session, row: SandboxPayment) -> list[SandboxDispute]:
    wanted = select(SandboxDispute).where(SandboxDispute.payment == row.reference, SandboxDispute.state == "open")
    return list(session.scalars(wanted))


def _slow_refunds(session: Session, row: SandboxPayment) -> list[SandboxSlowRefund]:
    wanted = select(SandboxSlowRefund).where(
        SandboxSlowRefund.reference == row.reference, SandboxSlowRefund.state == "pending"
    )
    return list(session.scalars(wanted))


def _must_be(row: SandboxPayment, state: str, *, at: datetime) -> None:
    if row.state != state or row.created_at + OPEN_FOR <= at:
        raise Conflict(say("This test payment is over already."))


def _pay(session: Session, row: SandboxPayment, choice: str, *, tester: _Tester, clock: Clock) -> None:
    take(session, row, minor=max(row.amount_minor - (choice == "short"), 1), fee_bp=tester.fee_bp)
    terms = session.get(SandboxTerms, row.reference)
    if terms is not None and terms.wants_mandate:
        terms.mandate = _keep_card(session, tester.card, at=clock.now())
    notify(session, row, "payment.succeeded", delays_s=_DELAYS_S[choice], at=clock.now())


def _keep_card(session: Session, card: str, *, at: datetime) -> str:
    behaviour, declines = CARDS[card]
    reference = f"card_{secrets.token_urlsafe(18)}"
    session.add(
        SandboxMandate(
            reference=reference, behaviour=behaviour, declines_left=declines, label="•••• 4242", created_at=at
        )
    )
    session.flush()
    return reference


def _fail(session: Session, row: SandboxPayment, code: str, *, clock: Clock) -> None:
    row.state, row.failure_code = "failed", code
    notify(session, row, "payment.failed", delays_s=(0,), at=clock.now())
