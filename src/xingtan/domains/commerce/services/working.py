"""The work: begun, delivered, accepted, disputed, given up; and what becomes of the money.

What was paid is earned when the work is accepted, by her word or by her silence. It goes back whole when either side
leaves before work began, when the work is late and she leaves, and when the academy gives up.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, say
from xingtan.core.money import Money, total
from xingtan.core.viewer import Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce import deferrals
from xingtan.domains.commerce.errors import RefundTooLarge
from xingtan.domains.commerce.events import ServiceReminded
from xingtan.domains.commerce.lines.service import kept_lines, move
from xingtan.domains.commerce.machines import ORDER, SERVICE_REQUEST
from xingtan.domains.commerce.models import OrderLine, SalesOrder, ServiceDelivery, ServiceRequest
from xingtan.domains.commerce.rules.quotes import (
    ACCEPT_WITHIN,
    REMIND_BEFORE,
    accepted_by_silence_at,
    check_text,
    may_leave,
)
from xingtan.domains.commerce.services.asking import write_message
from xingtan.domains.commerce.services.rows import (
    REFUNDS,
    WRITES,
    Locked,
    any_request,
    due_now,
    locked_by_id,
    own_request,
    quote_of,
)
from xingtan.domains.commerce.services.sealing import DELIVERY, FILE_NAME
from xingtan.domains.commerce.use_cases.orders import cancel
from xingtan.domains.commerce.use_cases.refunds import refund_line, refund_whole
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault

_AT_ONCE = 200
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file that lies in the store already: its key there, its name, its size in bytes."""

    key: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """What is handed over: words, and a file or none."""

    text: str
    file: DeliveredFile | None = None


def begin_work(session: Session, viewer: Viewer, number: str, *, clock: Clock) -> None:
    """Say that the work has begun; from now on the learner leaves only when it is late."""
    move(session, any_request(session, viewer, number, permission=WRITES).request, "work begun", clock=clock)


def deliver(session: Session, viewer: Viewer, number: str, command: Deliver, *, clock: Clock, vault: Vault) -> None:
    """Hand the work over, or a better one; `Conflict` while the rest is to be paid before."""
    row, now = any_request(session, viewer, number, permission=WRITES).request, clock.now()
    text = check_text("text", command.text)
    due = due_now(session, row, quote_of(session, row))
    if due is not None and due.is_asked:
        raise Conflict(say("The rest is to be paid before the work is handed over."))
    newest = session.scalar(select(func.max(ServiceDelivery.number)).where(ServiceDelivery.request_id == row.id)) or 0
    file = command.file
    row.delivered_at, row.reminded_at = now, None
    move(session, row, "delivered", clock=clock)
    session.add(
        ServiceDelivery(
            id=new_id(), request_id=row.id, number=newest + 1,
            text_sealed=vault.seal(session, row.person_id, DELIVERY, text), file_key=file.key if file else None,
            file_name_sealed=vault.seal(session, row.person_id, FILE_NAME, file.name[:_LONGEST_NAME]) if file else None,
            file_size=file.size if file else None, at=now,
        )
    )  # fmt: skip
    session.flush()


def accept_delivery(session: Session, viewer: Viewer, number: str, *, clock: Clock) -> None:
    """Accept what was delivered: the money is earned, and the request is closed once nothing is left to pay."""
    _accept(session, own_request(session, viewer, number).request, clock=clock)


def dispute_delivery(
    session: Session, viewer: Viewer, number: str, *, reason: str, clock: Clock, vault: Vault
) -> None:  # fmt: skip
    """Say that what was delivered is not what was agreed upon, and why; the academy answers."""
    row = own_request(session, viewer, number).request
    move(session, row, "disputed", clock=clock)
    write_message(session, viewer, number, text=reason, clock=clock, vault=vault)


def leave_request(session: Session, viewer: Viewer, number: str, *, clock: Clock) -> None:
    """End one's own request: before work began, or when it is late. All that was paid goes back."""
    locked = own_request(session, viewer, number)
    row = locked.request
    if SERVICE_REQUEST.may(row.state, "withdrawn") and not may_leave(
        state=row.state, deliver_by=row.deliver_by, at=clock.now()
    ):
        raise Conflict(say("The work has begun and is not late. Please write to the academy."))
    _end(session, locked, "withdrawn", viewer, clock=clock)


def decline_request(session: Session, viewer: Viewer, number: str, *, clock: Clock) -> None:
    """Give a request up, for the academy. All that was paid goes back."""
    locked = any_request(session, viewer, number, permission=WRITES)
    if kept_lines(session, locked.request.id):
        viewer.require(REFUNDS)
    _end(session, locked, "declined", viewer, clock=clock)


def settle_dispute(session: Session, viewer: Viewer, number: str, *, back: Money, clock: Clock) -> None:
    """End a dispute: `back` (nothing, or up to all that was paid) goes back, the rest is earned."""
    locked = any_request(session, viewer, number, permission=REFUNDS)
    row, lines = locked.request, kept_lines(session, locked.request.id)
    paid = total([Money(line.amount_minor - line.returned_minor, back.currency) for line in lines], back.currency)
    if back.minor < 0 or back.currency != quote_of(session, row).currency:
        raise Invalid.of("back", say("Write how much goes back: nothing, or up to all that was paid."))
    if back > paid:
        raise RefundTooLarge(say("That is more than was paid."))
    move(session, row, "settled", clock=clock)
    _cancel_open(session, locked, clock=clock)
    for line in lines:
        deferrals.earn_the_rest(session, line.id, clock=clock)
    _give_back(session, locked, lines, back, viewer, clock=clock)
    details = {"minor": back.minor, "currency": back.currency}
    note_action(session, Action("service.settled", "service", row.id, viewer.person_id, details), clock=clock)


def accept_by_silence(session: Session, *, clock: Clock) -> int:
    """Accept deliveries that nobody has answered in time, some hundreds at most, and return how many."""
    late = clock.now() - ACCEPT_WITHIN
    wanted = select(ServiceRequest.id).where(ServiceRequest.state == "delivered", ServiceRequest.delivered_at <= late)
    done = 0
    for request_id in session.scalars(wanted.order_by(ServiceRequest.delivered_at).limit(_AT_ONCE)).all():
        row = locked_by_id(session, request_id).request
        if row.state == "delivered" and row.delivered_at is not None and row.delivered_at <= late:
            _accept(session, row, clock=clock)
            done += 1
    return done


def remind_of_deliveries(session: Session, *, clock: Clock) -> int:
    """Remind of deliveries that will soon count as accepted, once each, and return how many."""
    soon = clock.now() - ACCEPT_WITHIN + REMIND_BEFORE
    wanted = select(ServiceRequest).where(
        ServiceRequest.state == "delivered", ServiceRequest.delivered_at <= soon, ServiceRequest.reminded_at.is_(None)
    )
    rows = session.scalars(wanted.limit(_AT_ONCE).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.reminded_at = clock.now()
        at = accepted_by_silence_at(row.delivered_at or clock.now())
        emit(session, ServiceReminded(row.id, row.person_id, at), at=clock.now())
    session.flush()
    return len(rows)


def _accept(session: Session, row: ServiceRequest, *, clock: Clock) -> None:
    move(session, row, "accepted", clock=clock)
    row.accepted_at = clock.now()
    for line in kept_lines(session, row.id):
        deferrals.earn_the_rest(session, line.id, clock=clock)
    if due_now(session, row, quote_of(session, row)) is None:
        move(session, row, "nothing left", clock=clock)


def _end(session: Session, locked: Locked, happened: str, viewer: Viewer, *, clock: Clock) -> None:
    row = locked.request
    move(session, row, happened, clock=clock)
    _cancel_open(session, locked, clock=clock)
    for order in locked.orders:
        if order.state in ("paid", "partly_refunded"):
            refund_whole(session, order, reason="not_delivered", by=viewer.person_id, clock=clock)
    note_action(session, Action(f"service.{happened}", "service", row.id, viewer.person_id, {}), clock=clock)


def _cancel_open(session: Session, locked: Locked, *, clock: Clock) -> None:
    for order in locked.orders:
        if ORDER.may(order.state, "cancelled"):
            cancel(session, order, clock=clock)
    session.flush()


def _give_back(
    session: Session, locked: Locked, lines: list[OrderLine], back: Money, viewer: Viewer, *, clock: Clock
) -> None:
    """Send `back` in refunds, what was paid last first."""
    orders: dict[object, SalesOrder] = {order.id: order for order in locked.orders}
    for line in reversed(lines):
        amount = min(back, Money(line.amount_minor - line.returned_minor, back.currency))
        if amount:
            back -= amount
            refund_line(
                session, orders[line.order_id], line.id, amount=amount, reason="not_delivered", by=viewer.person_id,
                clock=clock,
            )  # fmt: skip
