"""What a paid order brings about: its state, what its lines are for, the news of it; with the money, or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce import reservations
from xingtan.domains.commerce.events import OrderPaid
from xingtan.domains.commerce.lines import LINES
from xingtan.domains.commerce.lines.kinds import PaidLine
from xingtan.domains.commerce.machines import ORDER
from xingtan.domains.commerce.models import OrderLine, SalesOrder
from xingtan.infra.outbox import emit


def settle_free(session: Session, order: SalesOrder, *, clock: Clock) -> None:
    """Fulfil an order for nothing, whose row the caller has written or locked; `Broken` when it costs something."""
    if order.total_minor:
        msg = f"order {order.number} is not for nothing"
        raise Broken(msg)
    reservations.use(session, order.id)
    fulfil(session, order, paid_lines(session, order), clock=clock)


def fulfil(session: Session, order: SalesOrder, lines: Sequence[PaidLine], /, *, clock: Clock) -> None:
    """Move the locked order to paid, do what each of its lines is for, and tell."""
    order.state = ORDER.after(order.state, "paid")
    order.paid_at = clock.now()
    session.flush()
    for paid in lines:
        LINES[paid.line.kind].fulfil(session, paid, clock=clock)
    session.flush()
    total = Money(order.total_minor, order.currency)
    product_ids = tuple(paid.line.product_id for paid in lines if paid.line.product_id is not None)
    emit(session, OrderPaid(order.id, order.number, order.person_id, product_ids, total), at=clock.now())


def paid_lines(session: Session, order: SalesOrder) -> tuple[PaidLine, ...]:
    """Return the lines of the order, in their order."""
    wanted = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    return tuple(PaidLine(order, line) for line in session.scalars(wanted))


def earned(session: Session, lines: Iterable[PaidLine]) -> Iterator[books.Line]:
    """Yield what the books credit when the order is paid: for each line its kind's accounts, and the tax."""
    for paid in lines:
        shares = LINES[paid.line.kind].earn(session, paid) if paid.net else ()
        for account, amount in shares:
            if amount:
                yield books.Line(account, -amount)
        if paid.line.tax_minor:
            yield books.Line(books.TAX, Money(-paid.line.tax_minor, paid.order.currency))


def ordered_products(session: Session, order: SalesOrder) -> tuple[UUID, ...]:
    """Return the products of the order's lines, in their order."""
    wanted = select(OrderLine.product_id).where(OrderLine.order_id == order.id, OrderLine.product_id.is_not(None))
    return tuple(one for one in session.scalars(wanted.order_by(OrderLine.position)) if one is not None)
