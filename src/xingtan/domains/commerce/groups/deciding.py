"""When the time of a group is up: it has failed, and everybody in it gets her money back, by a job for each."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.commerce.events import GroupFailed
from xingtan.domains.commerce.machines import GROUP
from xingtan.domains.commerce.models import BuyingGroup, GroupPlace, SalesOrder
from xingtan.domains.commerce.use_cases.refunds import refund_whole
from xingtan.infra.jobs import enqueue
from xingtan.infra.outbox import emit

RETURN_PLACE = "commerce.return_group_place"
_AT_ONCE = 100


def end_groups(session: Session, *, clock: Clock) -> int:
    """Let groups fail whose time is up, some at a time, and have their places paid back; return how many."""
    late = (
        select(BuyingGroup)
        .where(BuyingGroup.state == "open", BuyingGroup.ends_at <= clock.now())
        .order_by(BuyingGroup.ends_at)
        .limit(_AT_ONCE)
    )
    groups = session.scalars(late.with_for_update(skip_locked=True)).all()
    for group in groups:
        group.state, group.decided_at = GROUP.after(group.state, "time is up"), clock.now()
        places = session.scalars(
            select(GroupPlace).where(GroupPlace.group_id == group.id, GroupPlace.state == "paid")
        ).all()
        for place in places:
            key = f"group-place:{place.id}"
            enqueue(session, RETURN_PLACE, {"order_id": str(place.order_id)}, key=key, at=clock.now())
        news = GroupFailed(group.id, group.product_id, len(places), group.size)
        emit(session, news, at=clock.now())
    session.flush()
    return len(groups)


def return_place(session: Session, order_id: UUID, *, clock: Clock) -> None:
    """Have what was paid for a place in a failed group go back whole, and no more of its order. Again: no change."""
    order = session.get_one(SalesOrder, order_id, with_for_update=True)
    line_id = session.scalars(select(GroupPlace.line_id).where(GroupPlace.order_id == order_id)).one()
    refund_whole(session, order, reason="group_failed", by=None, clock=clock, line_id=line_id)
