"""Credits: lots of uses that were bought at once, the oldest used first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.events import CreditsBought, CreditsLapsed
from xingtan.domains.commerce.models import CreditLot
from xingtan.domains.commerce.rules.uses import Lot, give_back, new_lot, put_one_back, use_one
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

_LAPSED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class NewLot:
    """Uses that were paid for: whose, by which line, of what, how many, for how much; `days` None: for ever."""

    person_id: UUID
    order_id: UUID
    line_id: UUID
    product_id: UUID | None
    title: str
    unit: str
    total: int
    net: Money
    days: int | None


def add_lot(session: Session, wanted: NewLot, *, clock: Clock) -> UUID:
    """Keep a lot and return its id."""
    now, lot = clock.now(), new_lot(wanted.total, wanted.net)
    row = CreditLot(
        id=new_id(), person_id=wanted.person_id, order_id=wanted.order_id, line_id=wanted.line_id,
        product_id=wanted.product_id, title=wanted.title, unit=wanted.unit, total=lot.total, taken=0,
        currency=wanted.net.currency, unit_minor=lot.unit.minor, unearned_minor=lot.unearned.minor, created_at=now,
        ends_at=None if wanted.days is None else now + timedelta(days=wanted.days), ended_at=None, end_reason=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    emit(session, CreditsBought(row.id, row.person_id, row.unit, row.total), at=now)
    return row.id


def is_usable(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a use can be taken of a lot at `at`."""
    in_time = or_(CreditLot.ends_at.is_(None), CreditLot.ends_at > at)
    return (CreditLot.taken < CreditLot.total) & CreditLot.ended_at.is_(None) & in_time


def oldest_lot(session: Session, person_id: UUID, *, unit: str, product_id: UUID, at: datetime) -> CreditLot | None:
    """Return the lot of which the next use of the product is taken, locked: the first to end, then the oldest."""
    fits = or_(CreditLot.product_id == product_id, CreditLot.product_id.is_(None))
    wanted = select(CreditLot).where(CreditLot.person_id == person_id, CreditLot.unit == unit, fits, is_usable(at))
    oldest = wanted.order_by(CreditLot.ends_at.is_(None), CreditLot.ends_at, CreditLot.created_at, CreditLot.id)
    return session.scalar(oldest.limit(1).with_for_update().execution_options(populate_existing=True))


def take_one(session: Session, row: CreditLot) -> Money:
    """Take one use of a locked lot, and return what it earns."""
    lot, earned = use_one(as_lot(row))
    _write(row, lot)
    session.flush()
    return earned


def put_back(session: Session, lot_id: UUID, earned: Money, *, clock: Clock) -> bool:
    """Put a use that earned `earned` back into its lot; False when that lot has ended, and nothing can be put there."""
    row = session.get_one(CreditLot, lot_id, with_for_update=True)
    if row.ended_at is not None or (row.ends_at is not None and row.ends_at <= clock.now()):
        return False
    _write(row, put_one_back(as_lot(row), earned))
    session.flush()
    return True


def take_back(session: Session, line_id: UUID, net: Money) -> Money:
    """Note that `net` of a lot's price goes back, and return how much of it had not been earned."""
    row = session.scalars(select(CreditLot).where(CreditLot.line_id == line_id).with_for_update()).one()
    lot, unearned = give_back(as_lot(row), net)
    _write(row, lot)
    session.flush()
    return unearned


def end_lot(session: Session, line_id: UUID, *, reason: str, clock: Clock) -> None:
    """End a lot whose price went back whole: nothing more is taken of it.

    A use that was taken back after a part of the price had gone is owed for no more: its worth has gone with the price.
    """
    row = session.scalars(select(CreditLot).where(CreditLot.line_id == line_id).with_for_update()).one()
    if row.unearned_minor:
        over = Money(row.unearned_minor, row.currency)
        lines = (books.Line(books.CREDITS, over), books.Line(books.REFUNDS, -over))
        books.post(session, books.Entry(f"ended:{row.id}", "refund", "credits", row.id, lines), clock=clock)
        row.unearned_minor = 0
    row.ended_at, row.end_reason = clock.now(), reason
    session.flush()


def lapse_credits(session: Session, *, clock: Clock) -> int:
    """Let lots whose time is over lapse, some hundreds at most, and return how many: what was not used is breakage."""
    now = clock.now()
    over = select(CreditLot).where(CreditLot.ends_at <= now, CreditLot.ended_at.is_(None))
    rows = session.scalars(
        over.order_by(CreditLot.ends_at).limit(_LAPSED_AT_ONCE).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        amount, left = Money(row.unearned_minor, row.currency), row.total - row.taken
        row.unearned_minor, row.ended_at, row.end_reason = 0, now, "lapsed"
        if amount:
            lines = (books.Line(books.CREDITS, amount), books.Line(books.BREAKAGE, -amount))
            books.post(session, books.Entry(f"lapsed:{row.id}", "lapsed", "credits", row.id, lines), clock=clock)
        if left:
            emit(session, CreditsLapsed(row.id, row.person_id, left, amount), at=now)
    session.flush()
    return len(rows)


def as_lot(row: CreditLot) -> Lot:
    """Return the row as the rules know it."""
    return Lot(row.total, row.taken, Money(row.unit_minor, row.currency), Money(row.unearned_minor, row.currency))


def _write(row: CreditLot, lot: Lot) -> None:
    row.taken, row.unit_minor, row.unearned_minor = lot.taken, lot.unit.minor, lot.unearned.minor
