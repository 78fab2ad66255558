"""Groups, read: by the code in their link, one's own, and all of them by staff. Nobody sees who else is in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import BuyingGroup, GroupPlace, Offer, OrderLine

_MOST = 100


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group: what it buys, at which price for each, and until when. `paid` counts places with real money."""

    id: UUID
    code: str
    offer_id: UUID
    product_id: UUID
    title: str
    price: Money
    state: str
    size: int
    paid: int
    held: int
    opened_at: datetime
    ends_at: datetime
    decided_at: datetime | None
    is_mine: bool

    @property
    def left(self) -> int:
        """Return how many places are still to be had; a place that somebody is paying right now is not."""
        return self.size - max(self.paid, self.held)

    def is_open(self, at: datetime) -> bool:
        """Say whether one can still join."""
        return self.state == "open" and at < self.ends_at and self.left > 0


def group_by_code(session: Session, viewer: Viewer, code: str) -> GroupView:
    """Return the group with this code in its link; `NotFound` when there is none."""
    row = session.scalar(select(BuyingGroup).where(BuyingGroup.code == code))
    if row is None:
        raise NotFound(say("There is no such group."))
    return _views(session, [row], viewer)[0]


def my_groups(session: Session, viewer: Viewer) -> tuple[GroupView, ...]:
    """Return the groups in which the viewer has or had a place, newest first."""
    mine = select(GroupPlace.group_id).where(GroupPlace.person_id == viewer.require_person())
    rows = session.scalars(select(BuyingGroup).where(BuyingGroup.id.in_(mine)).order_by(BuyingGroup.id.desc())).all()
    return _views(session, rows, viewer)


def open_groups(session: Session, viewer: Viewer, product_id: UUID, *, at: datetime) -> tuple[GroupView, ...]:
    """Return the groups of a product that can be joined, the one that ends soonest first."""
    wanted = select(BuyingGroup).where(
        BuyingGroup.product_id == product_id, BuyingGroup.state == "open", BuyingGroup.ends_at > at,
        BuyingGroup.taken < BuyingGroup.size,
    )  # fmt: skip
    return _views(session, session.scalars(wanted.order_by(BuyingGroup.ends_at).limit(_MOST)).all(), viewer)


def groups(session: Session, viewer: Viewer, *, state: str | None = None) -> tuple[GroupView, ...]:
    """Return the newest groups of everybody, for staff who may read orders."""
    viewer.require(Permission.ORDERS_READ)
    wanted = select(BuyingGroup).order_by(BuyingGroup.id.desc()).limit(_MOST)
    if state is not None:
        wanted = wanted.where(BuyingGroup.state == state)
    return _views(session, session.scalars(wanted).all(), viewer)


def members(session: Session, viewer: Viewer, group_id: UUID) -> tuple[tuple[UUID, UUID, str], ...]:
    """Return (person, order, state) of a group's places, first come first, for staff who may read orders."""
    viewer.require(Permission.ORDERS_READ)
    wanted = select(GroupPlace.person_id, GroupPlace.order_id, GroupPlace.state).where(GroupPlace.group_id == group_id)
    return tuple((person, order, state) for person, order, state in session.execute(wanted.order_by(GroupPlace.id)))


def _views(session: Session, rows: Sequence[BuyingGroup], viewer: Viewer) -> tuple[GroupView, ...]:
    ids = [row.id for row in rows]
    paid = dict(
        session.execute(
            select(GroupPlace.group_id, func.count())
            .where(GroupPlace.group_id.in_(ids), GroupPlace.state != "left")
            .group_by(GroupPlace.group_id)
        ).all()
    )
    mine = set(
        session.scalars(
            select(GroupPlace.group_id).where(
                GroupPlace.group_id.in_(ids), GroupPlace.person_id == viewer.person_id, GroupPlace.state != "left"
            )
        )
    )
    offers = {one.id: one for one in session.scalars(select(Offer).where(Offer.id.in_([row.offer_id for row in rows])))}
    titles = dict(
        session.execute(select(OrderLine.subject_id, OrderLine.title).where(OrderLine.subject_id.in_(ids))).all()
    )
    return tuple(
        GroupView(
            row.id, row.code, row.offer_id, row.product_id, titles.get(row.id, ""),
            Money(offers[row.offer_id].amount_minor, offers[row.offer_id].currency), row.state, row.size,
            paid.get(row.id, 0), row.taken, row.opened_at, row.ends_at, row.decided_at, row.id in mine,
        )
        for row in rows
    )  # fmt: skip
