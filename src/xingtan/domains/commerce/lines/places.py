"""Places in groups: taken with the money, kept when the group is complete, left when the money goes back.

A group is locked before its places are counted, so that the last place is taken once.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.commerce import reservations
from xingtan.domains.commerce.events import GroupCompleted, GroupJoined, GroupOpened
from xingtan.domains.commerce.goods import part_ids
from xingtan.domains.commerce.lines.kinds import PaidLine
from xingtan.domains.commerce.machines import GROUP, GROUP_PLACE
from xingtan.domains.commerce.models import BuyingGroup, GroupPlace, OrderLine, SalesOrder
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

COUNTER = "group_place"
_CODE_BYTES = 12


def open_group(session: Session, paid: PaidLine, *, clock: Clock) -> BuyingGroup:
    """Open a group with the line's terms; its first place is the line's."""
    now = clock.now()
    assert paid.line.product_id is not None  # noqa: S101 - a group buys a product
    assert paid.line.offer_id is not None  # noqa: S101 - by an offer
    group = BuyingGroup(
        id=new_id(), offer_id=paid.line.offer_id, product_id=paid.line.product_id, opened_by_id=paid.order.person_id,
        code=secrets.token_urlsafe(_CODE_BYTES), state=GROUP.initial, size=int(paid.line.facts["size"]), taken=0,
        opened_at=now, ends_at=now + timedelta(hours=int(paid.line.facts["hours"])), decided_at=None,
    )  # fmt: skip
    session.add(group)
    session.flush()
    reservations.hold(session, paid.order.id, [reservations.Hold(COUNTER, group.id)])
    reservations.use(session, paid.order.id)
    paid.line.subject_id = group.id
    emit(session, GroupOpened(group.id, group.product_id, paid.order.person_id), at=now)
    return group


def take_place(session: Session, group: BuyingGroup, paid: PaidLine, *, clock: Clock) -> None:
    """Take the place that the line has paid, and complete the locked group with the last one."""
    session.add(
        GroupPlace(
            id=new_id(), group_id=group.id, person_id=paid.order.person_id, order_id=paid.order.id,
            line_id=paid.line.id, state=GROUP_PLACE.initial, taken_at=clock.now(),
        )
    )  # fmt: skip
    session.flush()
    left = group.size - _paid_places(session, group)
    news = GroupJoined(group.id, group.product_id, paid.order.person_id, paid.order.id, left)
    emit(session, news, at=clock.now())
    if not left:
        _complete(session, group, clock=clock)


def leave(session: Session, paid: PaidLine, *, reason: str, clock: Clock) -> None:
    """Give the line's place up: its money is back."""
    place = session.scalar(select(GroupPlace).where(GroupPlace.line_id == paid.line.id).with_for_update())
    if place is None or place.state == "left":
        return
    place.state = GROUP_PLACE.after(place.state, "left")
    entitlements.end(session, ("group",), paid.line.id, reason=reason, clock=clock)


def locked_group(session: Session, group_id: UUID | None) -> BuyingGroup | None:
    """Return the group, locked; None when there is none."""
    return None if group_id is None else session.get(BuyingGroup, group_id, with_for_update=True)


def has_place(session: Session, group_id: UUID, person_id: UUID) -> bool:
    """Say whether the person has a paid place in the group."""
    wanted = select(GroupPlace.id).where(
        GroupPlace.group_id == group_id, GroupPlace.person_id == person_id, GroupPlace.state != "left"
    )
    return session.scalar(wanted.limit(1)) is not None


def _paid_places(session: Session, group: BuyingGroup) -> int:
    wanted = select(func.count()).where(GroupPlace.group_id == group.id, GroupPlace.state == "paid")
    return int(session.scalar(wanted) or 0)


def _complete(session: Session, group: BuyingGroup, *, clock: Clock) -> None:
    """Earn what everybody has paid, and give everybody what the group has bought."""
    now = clock.now()
    group.state, group.decided_at = GROUP.after(group.state, "full"), now
    rows = session.execute(
        select(GroupPlace, OrderLine, SalesOrder.currency)
        .join(OrderLine, OrderLine.id == GroupPlace.line_id)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(GroupPlace.group_id == group.id, GroupPlace.state == "paid")
        .order_by(GroupPlace.id)
    ).all()
    product_ids = (group.product_id, *part_ids(session, (group.product_id,)))
    held: dict[str, int] = {}
    for place, line, currency in rows:
        place.state = GROUP_PLACE.after(place.state, "group is complete")
        held[currency] = held.get(currency, 0) + line.amount_minor - line.tax_minor - _net_back(line)
        given = entitlements.Grant(place.person_id, product_ids, "group", line.id, Period(now))
        entitlements.grant(session, given, clock=clock)
    for currency, minor in held.items():
        _earn(session, group, Money(minor, currency), clock=clock)
    session.flush()
    emit(session, GroupCompleted(group.id, group.product_id, group.size), at=now)


def _net_back(line: OrderLine) -> int:
    return line.returned_minor - line.returned_tax_minor


def _earn(session: Session, group: BuyingGroup, amount: Money, *, clock: Clock) -> None:
    if not amount:
        return
    lines = (books.Line(books.ESCROW, amount), books.Line(books.SALES, -amount))
    entry = books.Entry(f"group:{group.id}:{amount.currency}", "group_complete", "group", group.id, lines)
    books.post(session, entry, clock=clock)
