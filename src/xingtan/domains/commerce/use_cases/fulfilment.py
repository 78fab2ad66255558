"""What a paid order brings about: its state, access, the news of it. Always within the transaction of the money."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.commerce.events import OrderPaid
from xingtan.domains.commerce.goods import part_ids
from xingtan.domains.commerce.machines import ORDER
from xingtan.domains.commerce.models import OrderLine, SalesOrder
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.outbox import emit

SOURCES: tuple[entitlements.SourceKind, ...] = ("order", "free", "bundle-part")
"""The kinds of right that an order gives, and that end when all its money goes back."""


def fulfil(session: Session, order: SalesOrder, *, source_kind: entitlements.SourceKind, clock: Clock) -> None:
    """Move the locked order to paid, give access to what is in it (bundles with their parts), and tell."""
    now = clock.now()
    order.state = ORDER.after(order.state, "paid")
    order.paid_at = now
    product_ids = ordered_products(session, order)
    for ids, kind in ((product_ids, source_kind), (part_ids(session, product_ids), "bundle-part")):
        given = entitlements.Grant(order.person_id, ids, kind, order.id, Period(now))
        entitlements.grant(session, given, clock=clock)
    total = Money(order.total_minor, order.currency)
    emit(session, OrderPaid(order.id, order.number, order.person_id, product_ids, total), at=now)


def ordered_products(session: Session, order: SalesOrder) -> tuple[UUID, ...]:
    """Return the products of the order's lines, in their order."""
    wanted = select(OrderLine.product_id).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    return tuple(session.scalars(wanted))
