"""What must hold of subscriptions at any moment, recomputed from the rows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.domains.commerce.models import BillingPeriod, SalesOrder, Subscription
from xingtan.domains.commerce.rules.plans import GIVING
from xingtan.domains.entitlements import api as entitlements

LOOKED_AT_WITHIN = timedelta(days=1)
"""A subscription whose step has been due for longer is one that the run does not reach."""
_KINDS = ("subscription", "tier", "instalment")
_WITH_MONEY = ("paid", "partly_refunded", "refunded", "charged_back")


def check(session: Session, *, at: datetime) -> Iterator[str]:
    """Yield what does not hold: E8 of billing periods, E1 and E2 of what subscriptions give, M9 of instalments."""
    periods: dict[UUID, list[BillingPeriod]] = defaultdict(list)
    for row in session.scalars(select(BillingPeriod).order_by(BillingPeriod.subscription_id, BillingPeriod.number)):
        periods[row.subscription_id].append(row)
    orders: dict[UUID, str] = dict(session.execute(select(SalesOrder.id, SalesOrder.state)).all())
    gives = _giving(session, at)
    for sub in session.scalars(select(Subscription)):
        yield from _do_not_tile(sub, periods[sub.id])
        yield from _paid_differs(sub, periods[sub.id], orders)
        yield from _access_differs(sub, gives.pop(sub.access_id, set()), at=at)
        yield from _forgotten(sub, orders, at=at)
    for access_id in gives:
        yield f"E1: rights of the stretch {access_id} are live, and no subscription is in it"


def _giving(session: Session, at: datetime) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for right in entitlements.rights_from(session, _KINDS, at=at):
        found[right.source_id].add(right.product_id)
    return found


def _do_not_tile(sub: Subscription, rows: Sequence[BillingPeriod]) -> Iterator[str]:
    if [row.number for row in rows] != list(range(1, sub.periods + 1)):
        yield f"E8: subscription {sub.id} counts {sub.periods} periods and has {len(rows)}"
        return
    if rows[0].starts_at != sub.started_at or rows[-1].ends_at != sub.period_ends_at:
        yield f"E8: the periods of subscription {sub.id} do not run from its start to its end"
    for before, after in pairwise(rows):
        if before.ends_at != after.starts_at:
            yield f"E8: subscription {sub.id} has a gap or an overlap at {after.starts_at}"


def _paid_differs(sub: Subscription, rows: Sequence[BillingPeriod], orders: dict[UUID, str]) -> Iterator[str]:
    for row in rows:
        state = orders.get(row.order_id) if row.order_id is not None else None
        if row.state == "paid" and state not in (None, *_WITH_MONEY):
            yield f"E2: period {row.number} of subscription {sub.id} is paid by an order that is {state}"
        if row.state == "due" and (row.number != sub.periods or sub.due_since is None):
            yield f"E2: period {row.number} of subscription {sub.id} is due and nobody asks for it"
    if sub.state == "completed" and sum(row.value_minor for row in rows) > sub.price_minor:
        yield f"M9: the instalments of {sub.id} add up to more than {sub.price_minor}"
    if sub.count is not None and sub.payments > sub.count:
        yield f"M9: subscription {sub.id} was paid {sub.payments} times of {sub.count}"


def _access_differs(sub: Subscription, given: set[UUID], *, at: datetime) -> Iterator[str]:
    if sub.state in ("paused", "ended") and given:
        yield f"E1: subscription {sub.id} is {sub.state} and still gives access"
    runs = sub.state in GIVING and sub.due_since is None and sub.period_ends_at > at
    if (runs or sub.state == "completed") and sub.product_id is not None and sub.product_id not in given:
        yield f"E1: subscription {sub.id} is {sub.state} and paid for, and gives no access"


def _forgotten(sub: Subscription, orders: dict[UUID, str], *, at: datetime) -> Iterator[str]:
    if sub.open_order_id is not None and orders.get(sub.open_order_id) in _WITH_MONEY:
        yield f"M7: subscription {sub.id} waits for an order that is paid"
    if sub.ended_at is None and (sub.next_at is None or sub.next_at < at - LOOKED_AT_WITHIN):
        yield f"M13: subscription {sub.id} is {sub.state} and nothing looks at it"
