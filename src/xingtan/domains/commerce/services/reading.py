"""Reading requests: one's own, or as staff; with quotes, messages, deliveries and what was paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.machines import SERVICE_REQUEST
from xingtan.domains.commerce.models import (
    OrderLine,
    SalesOrder,
    ServiceDelivery,
    ServiceMessage,
    ServiceQuote,
    ServiceRequest,
)
from xingtan.domains.commerce.rules.numbers import read_number
from xingtan.domains.commerce.rules.quotes import (
    BalanceDue,
    Due,
    Terms,
    accepted_by_silence_at,
    due_part,
    may_leave,
    parts,
)
from xingtan.domains.commerce.services.rows import READS, REFUNDS, WRITES
from xingtan.domains.commerce.services.sealing import BRIEF, DELIVERY, FILE_NAME, MESSAGE, SCOPE, opened
from xingtan.infra.vault import Vault

_MOST = 200


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as lists show it; `price` is its newest quote's, `deliver_by` the agreed day."""

    id: UUID
    number: str
    person_id: UUID
    product_id: UUID
    state: str
    price: Money | None
    deliver_by: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote: what would be done, on which terms, and how its price is parted."""

    number: int
    scope: str
    terms: Terms
    first: Money
    rest: Money
    made_at: datetime
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """A few words by the ``learner`` or the ``academy``."""

    id: UUID
    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """What was handed over; `file_key` is where its file lies in the store."""

    number: int
    text: str
    file_key: str | None
    file_name: str
    file_size: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PaidPart:
    """An order for a part of the price, whatever became of it."""

    order_number: str
    part: str
    state: str
    amount: Money
    returned: Money
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request with everything that belongs to it. `due` is to be paid next; `may` are the moves of its table."""

    id: UUID
    number: str
    person_id: UUID
    product_id: UUID
    state: str
    brief: str
    quotes: tuple[QuoteView, ...]
    messages: tuple[MessageView, ...]
    deliveries: tuple[DeliveryView, ...]
    paid: tuple[PaidPart, ...]
    due: Due | None
    may_leave: bool
    may: frozenset[str]
    deliver_by: datetime | None
    accepted_by_silence_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def quote(self) -> QuoteView | None:
        """Return the quote that counts: the newest."""
        return self.quotes[-1] if self.quotes else None


def my_requests(session: Session, viewer: Viewer) -> tuple[RequestRow, ...]:
    """Return the viewer's own requests, newest first."""
    return _rows(session, viewer.require_person(), None)


def requests(session: Session, viewer: Viewer, *, state: str | None = None) -> tuple[RequestRow, ...]:
    """Return requests, those that moved last first, for staff; of one state, or all."""
    viewer.require(READS)
    return _rows(session, None, state)


def request_counts(session: Session, viewer: Viewer) -> dict[str, int]:
    """Return how many requests there are in each state that has any, for staff."""
    viewer.require(READS)
    rows = session.execute(select(ServiceRequest.state, func.count()).group_by(ServiceRequest.state))
    return {state: int(count) for state, count in rows}


def my_request(session: Session, viewer: Viewer, number: str, *, at: datetime, vault: Vault) -> RequestView:
    """Return the viewer's own request; `NotFound` for anybody else's."""
    return _view(session, _found(session, number, viewer.require_person()), at=at, vault=vault)


def requests_in_full(session: Session, viewer: Viewer, *, at: datetime, vault: Vault) -> tuple[RequestView, ...]:
    """Return all of the viewer's own requests, oldest first, each with everything."""
    mine = select(ServiceRequest).where(ServiceRequest.person_id == viewer.require_person())
    rows = session.scalars(mine.order_by(ServiceRequest.created_at, ServiceRequest.id)).all()
    return tuple(_view(session, row, at=at, vault=vault) for row in rows)


def request(session: Session, viewer: Viewer, number: str, *, at: datetime, vault: Vault) -> RequestView:
    """Return any request, for staff."""
    viewer.require(READS)
    return _view(session, _found(session, number, None), at=at, vault=vault)


def state_of(session: Session, viewer: Viewer, number: str) -> str:
    """Return the state of any request, for staff who may read, quote or settle."""
    if not any(viewer.may(one) for one in (READS, WRITES, REFUNDS)):
        viewer.require(READS)
    return _found(session, number, None).state


def request_by_id(session: Session, request_id: UUID) -> RequestRow:
    """Return a request for jobs; `NotFound` when there is none."""
    row = session.get(ServiceRequest, request_id)
    if row is None:
        raise NotFound(say("There is no such request."))
    return _row(row, None)


def _found(session: Session, number: str, person_id: UUID | None) -> ServiceRequest:
    wanted = select(ServiceRequest).where(ServiceRequest.number == (read_number(number) or ""))
    if person_id is not None:
        wanted = wanted.where(ServiceRequest.person_id == person_id)
    row = session.scalar(wanted)
    if row is None:
        raise NotFound(say("There is no such request."))
    return row


def _rows(session: Session, person_id: UUID | None, state: str | None) -> tuple[RequestRow, ...]:
    wanted = select(ServiceRequest, ServiceQuote).outerjoin(ServiceQuote, ServiceQuote.id == ServiceRequest.quote_id)
    if person_id is not None:
        wanted = wanted.where(ServiceRequest.person_id == person_id)
    if state is not None:
        wanted = wanted.where(ServiceRequest.state == state)
    newest = wanted.order_by(ServiceRequest.updated_at.desc(), ServiceRequest.id.desc()).limit(_MOST)
    return tuple(_row(row, quote) for row, quote in session.execute(newest))


def _row(row: ServiceRequest, quote: ServiceQuote | None) -> RequestRow:
    price = None if quote is None else Money(quote.price_minor, quote.currency)
    return RequestRow(
        row.id, row.number, row.person_id, row.product_id, row.state, price, row.deliver_by, row.created_at,
        row.updated_at,
    )  # fmt: skip


def _view(session: Session, row: ServiceRequest, *, at: datetime, vault: Vault) -> RequestView:
    quotes = session.scalars(
        select(ServiceQuote).where(ServiceQuote.request_id == row.id).order_by(ServiceQuote.number)
    ).all()
    messages = session.scalars(
        select(ServiceMessage).where(ServiceMessage.request_id == row.id).order_by(ServiceMessage.at, ServiceMessage.id)
    ).all()
    deliveries = session.scalars(
        select(ServiceDelivery).where(ServiceDelivery.request_id == row.id).order_by(ServiceDelivery.number)
    ).all()
    paid = _paid(session, row)

    def text(field: str, sealed: bytes) -> str:
        return opened(session, vault, row.person_id, field=field, sealed=sealed)

    return RequestView(
        id=row.id, number=row.number, person_id=row.person_id, product_id=row.product_id, state=row.state,
        brief=text(BRIEF, row.brief_sealed),
        quotes=tuple(_quote(one, text(SCOPE, one.scope_sealed)) for one in quotes),
        messages=tuple(MessageView(it.id, it.author, text(MESSAGE, it.text_sealed), it.at) for it in messages),
        deliveries=tuple(
            DeliveryView(
                it.number, text(DELIVERY, it.text_sealed), it.file_key,
                text(FILE_NAME, it.file_name_sealed) if it.file_name_sealed else "", it.file_size, it.at,
            )
            for it in deliveries
        ),
        paid=paid, due=_due(row, quotes, paid),
        may_leave=may_leave(state=row.state, deliver_by=row.deliver_by, at=at),
        may=frozenset(happened for happened in SERVICE_REQUEST.events if SERVICE_REQUEST.may(row.state, happened)),
        deliver_by=row.deliver_by,
        accepted_by_silence_at=accepted_by_silence_at(row.delivered_at) if row.delivered_at else None,
        created_at=row.created_at, updated_at=row.updated_at,
    )  # fmt: skip


def _quote(row: ServiceQuote, scope: str) -> QuoteView:
    price = Money(row.price_minor, row.currency)
    terms = Terms(price, row.deposit_bp, _due_when(row), row.deliver_by, row.valid_until)
    first, rest = parts(price, row.deposit_bp)
    return QuoteView(row.number, scope, terms, first, rest, row.made_at, row.accepted_at)


def _due_when(row: ServiceQuote) -> BalanceDue:
    return "before" if row.balance_due == "before" else "after"


def _paid(session: Session, row: ServiceRequest) -> tuple[PaidPart, ...]:
    wanted = select(SalesOrder, OrderLine).join(OrderLine, OrderLine.order_id == SalesOrder.id)
    wanted = wanted.where(OrderLine.subject_id == row.id, OrderLine.kind == "service")
    return tuple(
        PaidPart(
            order.number, str(line.facts["part"]), order.state, Money(line.amount_minor, order.currency),
            Money(line.returned_minor, order.currency), order.placed_at,
        )
        for order, line in session.execute(wanted.order_by(SalesOrder.placed_at, SalesOrder.id))
    )  # fmt: skip


def _due(row: ServiceRequest, quotes: Sequence[ServiceQuote], paid: Sequence[PaidPart]) -> Due | None:
    if not quotes or row.state == "expired":
        return None
    quote = quotes[-1]
    done = {one.part for one in paid if one.state in ("paid", "partly_refunded") and one.returned < one.amount}
    price = Money(quote.price_minor, quote.currency)
    return due_part(
        state=row.state, price=price, deposit_bp=quote.deposit_bp, balance_due=quote.balance_due, paid=done
    )  # fmt: skip
