"""What is scarce: an order holds it when it is placed, uses it when it is paid, and releases it when it is over.

1. The counter never exceeds its limit: one UPDATE that changes a row only while something is left (M6, M12).
2. An order holds each thing once, however often it is asked to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from xingtan.core.errors import Sentence, say
from xingtan.domains.commerce.errors import SoldOut
from xingtan.domains.commerce.models import BuyingGroup, Coupon, CouponShare, Offer, ReferralShare, Reservation
from xingtan.infra.db import Base, new_id


@dataclass(frozen=True, slots=True)
class Hold:
    """One thing that an order is to hold: a kind of counter, and whose counter it is."""

    kind: str
    source_id: UUID
    person_id: UUID | None = None
    """Whose share it is, where each person's uses are counted."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a kind of scarce thing is counted: `taken` never exceeds `limit` (null: no limit)."""

    row: type[Base]
    row_id: InstrumentedAttribute[UUID]
    limit: InstrumentedAttribute[int | None]
    taken: InstrumentedAttribute[int]
    gone: Sentence

    @property
    def is_left(self) -> ColumnElement[bool]:
        """Return the condition that one more may be taken."""
        return or_(self.limit.is_(None), self.taken < self.limit)


COUNTERS: dict[str, Counter] = {
    "stock": Counter(
        Offer, Offer.id, Offer.stock_total, Offer.stock_taken,
        say("This price is sold out. Please look at the product again."),
    ),
    "coupon": Counter(Coupon, Coupon.id, Coupon.total, Coupon.taken, say("Every use of this coupon is taken.")),
    "coupon_share": Counter(
        CouponShare, CouponShare.id, CouponShare.total, CouponShare.taken, say("You have used this coupon already."),
    ),
    "group_place": Counter(
        BuyingGroup, BuyingGroup.id, BuyingGroup.size, BuyingGroup.taken,
        say("This group is full. You can open a new one."),
    ),
    "referral_share": Counter(
        ReferralShare, ReferralShare.person_id, ReferralShare.total, ReferralShare.taken,
        say("An invitation counts once. Another order of yours has it already."),
    ),
}  # fmt: skip
"""Each kind of scarce thing, by name."""


def hold(session: Session, order_id: UUID, holds: Iterable[Hold]) -> None:
    """Hold each of `holds` for the order, in one order of ids; `SoldOut` when one is gone."""
    for wanted in sorted(holds, key=lambda it: (it.kind, it.source_id)):
        one = _counted(session, wanted)
        if not _take(session, one):
            raise SoldOut(COUNTERS[one.kind].gone)
        session.add(Reservation(id=new_id(), order_id=order_id, kind=one.kind, source_id=one.source_id, state="held"))
    session.flush()


def _counted(session: Session, wanted: Hold) -> Hold:
    """Return the hold of the row that counts: for a person's own share a row made when there is none yet.

    The coupon itself is held before (by its kind's name), so that two at once are in line here.
    """
    if wanted.kind == "referral_share" and session.get(ReferralShare, wanted.source_id) is None:
        session.add(ReferralShare(person_id=wanted.source_id, total=1, taken=0))
        session.flush()
    if wanted.kind != "coupon_share":
        return wanted
    mine = select(CouponShare).where(
        CouponShare.coupon_id == wanted.source_id, CouponShare.person_id == wanted.person_id
    )
    row = session.scalar(mine)
    limit = session.scalar(select(Coupon.per_person).where(Coupon.id == wanted.source_id))
    if row is None:
        row = CouponShare(
            id=new_id(), coupon_id=wanted.source_id, person_id=wanted.person_id, total=limit, taken=0
        )  # fmt: skip
        session.add(row)
        session.flush()
    return Hold(wanted.kind, row.id)


def use(session: Session, order_id: UUID) -> bool:
    """Use what the order holds, now that it is paid; take anew what it released. False when that is gone."""
    rows = _of(session, order_id)
    if not rows:
        return True
    taken: list[Hold] = []
    for row in rows:
        if row.state == "released":
            if not _take(session, again := Hold(row.kind, row.source_id)):
                for one in taken:
                    _put_back(session, one)
                return False
            taken.append(again)
    for row in rows:
        row.state = "used"
    session.flush()
    return True


def release(session: Session, order_id: UUID) -> None:
    """Put back what the order holds or has used: it is over, or all its money went back."""
    for row in _of(session, order_id):
        if row.state != "released":
            _put_back(session, Hold(row.kind, row.source_id))
            row.state = "released"
    session.flush()


def _of(session: Session, order_id: UUID) -> list[Reservation]:
    wanted = select(Reservation).where(Reservation.order_id == order_id)
    return list(session.scalars(wanted.order_by(Reservation.kind, Reservation.source_id).with_for_update()))


def _take(session: Session, one: Hold) -> bool:
    counter = COUNTERS[one.kind]
    taken = update(counter.row).where(counter.row_id == one.source_id, counter.is_left)
    found = session.execute(
        taken.values({counter.taken: counter.taken + 1}).execution_options(synchronize_session="fetch")
    )
    return bool(found.rowcount)  # type: ignore[attr-defined]


def _put_back(session: Session, one: Hold) -> None:
    counter = COUNTERS[one.kind]
    back = update(counter.row).where(counter.row_id == one.source_id)
    session.execute(back.values({counter.taken: counter.taken - 1}).execution_options(synchronize_session="fetch"))
