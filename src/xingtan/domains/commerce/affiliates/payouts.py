"""Payouts: a batch gathers what is mature, the owner pays it outside, and says what came of it.

1. A move is in one payout at most. 2. Nobody is paid more than she is owed at that moment; what a late refund took
back is deducted first, and carried on when it is more.
"""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.books import api as books
from xingtan.domains.commerce.events import PayoutPaid
from xingtan.domains.commerce.machines import PAYOUT
from xingtan.domains.commerce.models import Affiliate, CommissionMove, Payout, PayoutBatch
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


def draw_up(session: Session, viewer: Viewer, *, least_minor: int = 1, clock: Clock) -> UUID:
    """Draw up a batch of all that is mature and at least `least_minor`; return its id. `Conflict` when nothing is."""
    viewer.require(Permission.SETTINGS_WRITE)
    now = clock.now()
    session.scalars(select(Affiliate).order_by(Affiliate.id).with_for_update()).all()
    moves: dict[tuple[UUID, str], list[CommissionMove]] = defaultdict(list)
    waiting = select(CommissionMove).where(CommissionMove.payout_id.is_(None), CommissionMove.matures_at <= now)
    for move in session.scalars(waiting.order_by(CommissionMove.id)):
        moves[move.affiliate_id, move.currency].append(move)
    sums = {key: sum(move.amount_minor for move in found) for key, found in moves.items()}
    due = {key: minor for key, minor in sums.items() if minor >= max(least_minor, 1)}
    if not due:
        raise Conflict(say("Nothing is due to anybody."))
    batch = PayoutBatch(id=new_id(), until=now, created_at=now, created_by_id=viewer.person_id)
    session.add(batch)
    session.flush()
    for (affiliate_id, currency), minor in sorted(due.items()):
        payout = Payout(
            id=new_id(), batch_id=batch.id, affiliate_id=affiliate_id, state=PAYOUT.initial, currency=currency,
            amount_minor=minor, reference="", decided_at=None,
        )  # fmt: skip
        session.add(payout)
        session.flush()
        for move in moves[affiliate_id, currency]:
            move.payout_id = payout.id
    session.flush()
    note_action(session, Action("payouts.drawn_up", "payout_batch", batch.id, viewer.person_id), clock=clock)
    return batch.id


def note_paid(session: Session, viewer: Viewer, payout_id: UUID, *, reference: str, clock: Clock) -> None:
    """Note that a payout was paid, by which reference at the bank; the books and the statement follow. Once."""
    viewer.require(Permission.SETTINGS_WRITE)
    row = _locked(session, payout_id)
    row.state, row.decided_at = PAYOUT.after(row.state, "paid"), clock.now()
    row.reference = reference.strip()[:120]
    amount = Money(row.amount_minor, row.currency)
    _move(session, row, "payout", -row.amount_minor, clock=clock)
    lines = (books.Line(books.AFFILIATES, amount), books.Line(books.BANK, -amount))
    books.post(session, books.Entry(f"payout:{row.id}", "payout", "payout", row.id, lines), clock=clock)
    session.flush()
    note_action(session, Action("payout.paid", "payout", row.id, viewer.person_id), clock=clock)
    emit(session, PayoutPaid(row.id, row.affiliate_id, amount), at=clock.now())


def note_unpaid(session: Session, viewer: Viewer, payout_id: UUID, *, clock: Clock) -> None:
    """Note that a payout could not be paid, or was called off: what it would have paid is due again."""
    viewer.require(Permission.SETTINGS_WRITE)
    row = _locked(session, payout_id)
    row.state, row.decided_at = PAYOUT.after(row.state, "called off"), clock.now()
    for move in session.scalars(select(CommissionMove).where(CommissionMove.payout_id == row.id)):
        move.payout_id = None
    session.flush()
    note_action(session, Action("payout.called_off", "payout", row.id, viewer.person_id), clock=clock)


def owed(session: Session, affiliate_id: UUID) -> dict[str, Money]:
    """Return what the affiliate is owed by currency, mature or not; negative after a late refund."""
    rows = session.execute(
        select(CommissionMove.currency, func.sum(CommissionMove.amount_minor))
        .where(CommissionMove.affiliate_id == affiliate_id)
        .group_by(CommissionMove.currency)
    )
    return {currency: Money(int(minor), currency) for currency, minor in rows}


def _locked(session: Session, payout_id: UUID) -> Payout:
    row = session.get(Payout, payout_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return row


def _move(session: Session, row: Payout, kind: str, minor: int, *, clock: Clock) -> None:
    session.add(
        CommissionMove(
            id=new_id(), affiliate_id=row.affiliate_id, commission_id=None, payout_id=row.id, kind=kind,
            currency=row.currency, amount_minor=minor, at=clock.now(), matures_at=clock.now(),
        )
    )  # fmt: skip
