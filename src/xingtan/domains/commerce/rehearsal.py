"""Sandbox payments within one transaction: paid and given back by the same settling as any other.

For the history of a sample academy, whose clock stands in the past. The sandbox keeps its own books as always; it
sends no notices, because nobody waits for them.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.providers.sandbox import known_payment, open_payment, refund_payment
from xingtan.domains.commerce.providers.sandbox_desk import choose
from xingtan.domains.commerce.use_cases.payments import payment_to_start, settle
from xingtan.domains.commerce.use_cases.refunds import RequestRefund, refund_to_send, request_refund, settle_refund


def pay_in_sandbox(session: Session, payment_id: UUID, *, clock: Clock) -> str:
    """Have the payment opened and paid at the sandbox, settle it, and return its state."""
    start = payment_to_start(session, payment_id).start
    reference = open_payment(session, start, at=clock.now())
    session.flush()
    choose(session, reference, "never", clock=clock)
    session.flush()
    return settle(session, payment_id, known_payment(session, payment_id, at=clock.now()), clock=clock)


def refund_in_sandbox(session: Session, viewer: Viewer, command: RequestRefund, *, clock: Clock) -> str:
    """Request the refund, have the sandbox give the money back, settle it, and return the refund's state."""
    refund_id = request_refund(session, viewer, command, clock=clock)
    wanted = refund_to_send(session, refund_id)
    answer = refund_payment(session, wanted.payment_id, amount=wanted.amount, key=wanted.key)
    return settle_refund(session, refund_id, answer, clock=clock)
