"""What is paid for work that was quoted: a deposit, the balance, or all of it at once."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.commerce import deferrals
from xingtan.domains.commerce.events import ServiceMoved
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares
from xingtan.domains.commerce.machines import SERVICE_REQUEST
from xingtan.domains.commerce.models import OrderLine, SalesOrder, ServiceRequest
from xingtan.infra.outbox import emit

UNTIL_ACCEPTED = Period(datetime(9000, 1, 1, tzinfo=UTC), datetime(9000, 1, 2, tzinfo=UTC))
"""No day earns this money: the learner's word does. It stands under deferred income until then."""

_AWAITS_DEPOSIT = ("agreed", "expired")
_AWAITS_BALANCE = ("in_work", "delivered", "disputed", "accepted")


class Service:
    """A part of a quote's price; earned when the work is accepted."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """Nothing is earned before the work is accepted."""
        return [(books.DEFERRED, paid.net)]

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:
        """What is not earned goes back first."""
        return deferrals.take_back(session, paid.line.id, net, at=clock.now())

    def is_wanted(self, session: Session, paid: PaidLine, /, *, at: datetime) -> bool:  # noqa: ARG002
        """Money that comes late still counts, unless another payment was faster or another quote was agreed upon."""
        request = _request(session, paid)
        if paid.line.facts["quote"] != str(request.quote_id) or _is_paid_already(session, paid):
            return False
        return request.state in (_AWAITS_BALANCE if paid.line.facts["part"] == "balance" else _AWAITS_DEPOSIT)

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Let the work begin; or, after it was accepted, close the request."""
        request = _request(session, paid)
        deferrals.defer(session, paid.line, paid.net, UNTIL_ACCEPTED)
        if paid.line.facts["part"] != "balance":
            move(session, request, "paid", clock=clock)
        elif request.state == "accepted":
            deferrals.earn_the_rest(session, paid.line.id, clock=clock)
            move(session, request, "nothing left", clock=clock)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:  # noqa: ARG002
        """Once all that was paid for the work is back, the request is over."""
        request = _request(session, paid)
        if SERVICE_REQUEST.may(request.state, "refunded") and not kept_lines(session, request.id):
            move(session, request, "refunded", clock=clock)


def move(session: Session, request: ServiceRequest, happened: str, *, clock: Clock) -> None:
    """Move a locked request by its table, and tell."""
    request.state = SERVICE_REQUEST.after(request.state, happened)
    request.updated_at = clock.now()
    session.flush()
    news = ServiceMoved(
        request.id, request.number, request.person_id, request.product_id, happened=happened, state=request.state
    )
    emit(session, news, at=clock.now())


def kept_lines(session: Session, request_id: UUID) -> list[OrderLine]:
    """Return the lines that were paid for the request and have not gone back whole, in the order of paying."""
    wanted = select(OrderLine).join(SalesOrder, SalesOrder.id == OrderLine.order_id)
    wanted = wanted.where(
        OrderLine.subject_id == request_id, OrderLine.kind == "service", SalesOrder.paid_at.is_not(None),
        OrderLine.returned_minor < OrderLine.amount_minor,
    )  # fmt: skip
    return list(session.scalars(wanted.order_by(SalesOrder.paid_at, OrderLine.id)))


def _is_paid_already(session: Session, paid: PaidLine) -> bool:
    others = kept_lines(session, _subject(paid))
    part = paid.line.facts["part"]
    return any(one.id != paid.line.id and (one.facts["part"] == "balance") == (part == "balance") for one in others)


def _request(session: Session, paid: PaidLine) -> ServiceRequest:
    return session.get_one(ServiceRequest, _subject(paid), with_for_update=True)


def _subject(paid: PaidLine) -> UUID:
    if paid.line.subject_id is None:
        msg = f"the service line {paid.line.id} names no request"
        raise Broken(msg)
    return paid.line.subject_id
