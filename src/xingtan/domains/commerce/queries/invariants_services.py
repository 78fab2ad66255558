"""What must hold of custom service at any moment: the state of a request says what was paid, and what is earned."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.domains.commerce.models import Deferral, OrderLine, SalesOrder, ServiceQuote, ServiceRequest

_UNPAID = ("requested", "quoted", "agreed", "expired")
_PAID = ("deposit_paid", "in_work", "delivered", "disputed", "accepted")


def check(session: Session, *, at: datetime) -> Iterator[str]:  # noqa: ARG001 - the shape of every noun's check
    """Yield what does not hold: E1 of requests, and that money is earned exactly when the work is accepted."""
    kept: dict[UUID, list[OrderLine]] = defaultdict(list)
    wanted = select(OrderLine).join(SalesOrder, SalesOrder.id == OrderLine.order_id)
    for line in session.scalars(wanted.where(OrderLine.kind == "service", SalesOrder.paid_at.is_not(None))):
        if line.returned_minor < line.amount_minor and line.subject_id is not None:
            kept[line.subject_id].append(line)
    open_ = set(session.scalars(select(Deferral.line_id).where(Deferral.closed_at.is_(None))))
    prices: dict[UUID | None, int] = dict(session.execute(select(ServiceQuote.id, ServiceQuote.price_minor)).all())
    for row in session.scalars(select(ServiceRequest)):
        lines = kept[row.id]
        if row.state in _UNPAID and lines:
            yield f"E1: request {row.number} is {row.state}, and {len(lines)} payments are kept for it"
        if row.state in _PAID and not lines:
            yield f"E2: request {row.number} is {row.state}, and nothing is paid for it"
        if row.state in ("accepted", "closed") and any(line.id in open_ for line in lines):
            yield f"M3: request {row.number} is {row.state}, and not all of its money is earned"
        if row.state in _PAID[:-1] and any(line.id not in open_ for line in lines if not line.returned_minor):
            yield f"M3: request {row.number} is {row.state}, and some of its money is earned already"
        if sum(line.list_minor for line in lines) > prices.get(row.quote_id, 0) and lines:
            yield f"M9: request {row.number} has been paid more than once"
