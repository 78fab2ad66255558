"""The creator's desk for bank transfers: what arrived, what did not, and what she has sent back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.models import ManualRefund, ManualTransfer
from xingtan.domains.commerce.providers import SETTLE_PAYMENT
from xingtan.domains.commerce.providers.manual import NAME
from xingtan.infra.inbox import receive

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class TransferView:
    """A bank transfer that is looked for, or was decided. `purpose` is the order's number."""

    reference: str
    state: str  # open, arrived, rejected
    amount: Money
    received: Money
    purpose: str
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundByHand:
    """Money that the creator is to send back. `state`: asked, sent, refused."""

    key: str
    state: str
    amount: Money
    purpose: str
    created_at: datetime


def transfer(session: Session, payment_id: UUID) -> TransferView:
    """Return the transfer of a payment that its buyer has in hand; `NotFound` when there is none."""
    row = session.scalar(select(ManualTransfer).where(ManualTransfer.payment_id == payment_id))
    if row is None:
        raise NotFound(say("There is nothing here."))
    return _view(row)


def transfers(session: Session, viewer: Viewer, *, state: str) -> Sequence[TransferView]:
    """Return the transfers in a state, oldest first."""
    viewer.require(Permission.ORDERS_READ)
    wanted = select(ManualTransfer).where(ManualTransfer.state == state)
    rows = session.scalars(wanted.order_by(ManualTransfer.created_at, ManualTransfer.reference).limit(_AT_ONCE))
    return [_view(row) for row in rows]


def refunds_by_hand(session: Session, viewer: Viewer) -> Sequence[RefundByHand]:
    """Return what is to be sent back, oldest first."""
    viewer.require(Permission.ORDERS_READ)
    wanted = (
        select(ManualRefund, ManualTransfer)
        .join(ManualTransfer, ManualTransfer.reference == ManualRefund.reference)
        .where(ManualRefund.state == "asked")
        .order_by(ManualRefund.created_at, ManualRefund.key)
    )
    return [
        RefundByHand(row.key, row.state, Money(row.amount_minor, paid.currency), paid.purpose, row.created_at)
        for row, paid in session.execute(wanted.limit(_AT_ONCE))
    ]


def confirm_transfer(session: Session, viewer: Viewer, reference: str, amount: Money, *, clock: Clock) -> None:
    """Say that `amount` arrived, be it what was asked for or not; `Conflict` when it was decided before."""
    viewer.require(Permission.ORDERS_REFUND)
    row = _locked(session, reference)
    if amount.currency != row.currency or amount.minor <= 0:
        raise Invalid.of("amount", say("Please write how much arrived."))
    _decide(session, viewer, row, "arrived", minor=amount.minor, clock=clock)


def reject_transfer(session: Session, viewer: Viewer, reference: str, *, clock: Clock) -> None:
    """Say that no money came and none is looked for any more; `Conflict` when it was decided before."""
    viewer.require(Permission.ORDERS_REFUND)
    _decide(session, viewer, _locked(session, reference), "rejected", minor=0, clock=clock)


def decide_refund(session: Session, viewer: Viewer, key: str, outcome: str, *, clock: Clock) -> None:
    """Say that money was sent back (``sent``) or cannot be (``refused``); `Conflict` when it was decided before."""
    viewer.require(Permission.ORDERS_REFUND)
    if outcome not in {"sent", "refused"}:
        raise Invalid.of("outcome", say("Please choose one of these."))
    row = session.get(ManualRefund, key, with_for_update=True)
    if row is None:
        raise NotFound(say("There is no such refund."))
    if row.state != "asked":
        raise Conflict(say("This was decided before."))
    row.state, row.decided_at, row.decided_by_id = outcome, clock.now(), viewer.person_id
    details = {"key": key, "minor": row.amount_minor}
    note_action(
        session, Action(f"refund.{outcome}", "transfer", UUID(row.reference), viewer.person_id, details), clock=clock
    )


def _locked(session: Session, reference: str) -> ManualTransfer:
    row = session.get(ManualTransfer, reference, with_for_update=True)
    if row is None:
        raise NotFound(say("There is no such payment."))
    if row.state != "open":
        raise Conflict(say("This was decided before."))
    return row


def _decide(session: Session, viewer: Viewer, row: ManualTransfer, state: str, *, minor: int, clock: Clock) -> None:
    row.state, row.received_minor, row.decided_at, row.decided_by_id = state, minor, clock.now(), viewer.person_id
    details = {"minor": minor, "currency": row.currency}
    note_action(session, Action(f"transfer.{state}", "payment", row.payment_id, viewer.person_id, details), clock=clock)
    session.flush()
    receive(
        session, f"payments:{NAME}", f"{row.reference}:{state}", body=b"", job=SETTLE_PAYMENT,
        args={"payment_id": str(row.payment_id), "provider": NAME, "reference": row.reference}, at=clock.now(),
    )  # fmt: skip


def _view(row: ManualTransfer) -> TransferView:
    return TransferView(
        row.reference, row.state, Money(row.amount_minor, row.currency), Money(row.received_minor, row.currency),
        row.purpose, row.created_at, row.decided_at,
    )  # fmt: skip
