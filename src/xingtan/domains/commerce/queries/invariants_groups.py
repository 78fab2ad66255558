"""What must hold of groups: real buyers only, escrow as the rows say, everything or the money back."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce.models import BuyingGroup, GroupPlace, OrderLine, SalesOrder

LATE = timedelta(hours=1)


def check(session: Session, *, at: datetime) -> Iterator[str]:
    """Yield what does not hold of groups."""
    yield from _sizes(session, at)
    yield from _escrow(session)


def _sizes(session: Session, at: datetime) -> Iterator[str]:
    counted: dict[object, dict[str, int]] = defaultdict(dict)
    rows = select(GroupPlace.group_id, GroupPlace.state, func.count()).group_by(GroupPlace.group_id, GroupPlace.state)
    for group_id, state, count in session.execute(rows):
        counted[group_id][state] = count
    for group in session.scalars(select(BuyingGroup)):
        places = counted[group.id]
        if group.state == "complete" and places.get("kept", 0) + places.get("left", 0) < group.size:
            yield f"E5: group {group.id} is complete with {places.get('kept', 0)} of {group.size} places"
        if group.state != "complete" and places.get("kept", 0):
            yield f"E5: group {group.id} is {group.state} and gives what only a complete one gives"
        if places.get("paid", 0) + places.get("kept", 0) > group.size:
            yield f"E5: group {group.id} has more than {group.size} places"
        if group.state == "open" and group.ends_at < at - LATE:
            yield f"E5: group {group.id} should have been decided at {group.ends_at}"


def _escrow(session: Session) -> Iterator[str]:
    """Compare what the books hold in escrow with what was paid for places in groups that are not complete."""
    held: dict[str, int] = defaultdict(int)
    net = OrderLine.amount_minor - OrderLine.tax_minor - OrderLine.returned_minor + OrderLine.returned_tax_minor
    rows = (
        select(SalesOrder.currency, func.sum(net))
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .join(GroupPlace, GroupPlace.line_id == OrderLine.id)
        .join(BuyingGroup, BuyingGroup.id == GroupPlace.group_id)
        .where(BuyingGroup.state != "complete")
        .group_by(SalesOrder.currency)
    )
    for currency, minor in session.execute(rows):
        held[currency] += int(minor)
    for one in books.trial_balance(session, SYSTEM):
        if one.account == books.ESCROW:
            held[one.balance.currency] += one.balance.minor
    yield from (f"M3: escrow differs from its groups by {off} {currency}" for currency, off in held.items() if off)
