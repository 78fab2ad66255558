"""Finding a request's rows, locked in the order of the house: its orders, then the request."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import Conflict, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.lines.service import kept_lines
from xingtan.domains.commerce.models import OrderLine, SalesOrder, ServiceQuote, ServiceRequest
from xingtan.domains.commerce.rules.numbers import read_number
from xingtan.domains.commerce.rules.quotes import Due, due_part

READS, WRITES, REFUNDS = Permission.ORDERS_READ, Permission.CATALOG_WRITE, Permission.ORDERS_REFUND


@dataclass(frozen=True, slots=True)
class Locked:
    """A request and the orders that were placed for it, all locked."""

    request: ServiceRequest
    orders: tuple[SalesOrder, ...]


def own_request(session: Session, viewer: Viewer, number: str) -> Locked:
    """Return the viewer's own request, locked; `NotFound` for anybody else's."""
    return _locked(session, number, person_id=viewer.require_person())


def any_request(session: Session, viewer: Viewer, number: str, *, permission: Permission) -> Locked:
    """Return any request, locked, for staff with `permission`."""
    viewer.require(permission)
    return _locked(session, number, person_id=None)


def locked_by_id(session: Session, request_id: UUID) -> Locked:
    """Return the request, locked, for jobs."""
    return _lock(session, request_id)


def quote_of(session: Session, request: ServiceRequest) -> ServiceQuote:
    """Return the request's newest quote; `Conflict` while there is none."""
    if request.quote_id is None:
        raise Conflict(say("Nothing has been quoted yet."))
    return session.get_one(ServiceQuote, request.quote_id)


def due_now(session: Session, request: ServiceRequest, quote: ServiceQuote) -> Due | None:
    """Return what is to be paid next for the request; None when nothing is."""
    paid = {str(line.facts["part"]) for line in kept_lines(session, request.id)}
    price = Money(quote.price_minor, quote.currency)
    return due_part(
        state=request.state, price=price, deposit_bp=quote.deposit_bp, balance_due=quote.balance_due, paid=paid
    )  # fmt: skip


def _locked(session: Session, number: str, *, person_id: UUID | None) -> Locked:
    wanted = select(ServiceRequest.id).where(ServiceRequest.number == (read_number(number) or ""))
    if person_id is not None:
        wanted = wanted.where(ServiceRequest.person_id == person_id)
    request_id = session.scalar(wanted)
    if request_id is None:
        raise NotFound(say("There is no such request."))
    return _lock(session, request_id)


def _lock(session: Session, request_id: UUID) -> Locked:
    mine = select(OrderLine.order_id).where(OrderLine.subject_id == request_id, OrderLine.kind == "service")
    wanted = select(SalesOrder).where(SalesOrder.id.in_(mine)).order_by(SalesOrder.id).with_for_update()
    orders = tuple(session.scalars(wanted.execution_options(populate_existing=True)))
    request = session.get_one(ServiceRequest, request_id, with_for_update=True, populate_existing=True)
    return Locked(request, orders)
