"""Quotes: made by the academy, accepted by the learner, paid in one part or two, or left to lapse."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, say
from xingtan.core.viewer import Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.documents.tax_rates import tax_rate
from xingtan.domains.commerce.errors import QuoteGone
from xingtan.domains.commerce.goods import goods
from xingtan.domains.commerce.lines.service import move
from xingtan.domains.commerce.machines import OPEN, SERVICE_REQUEST
from xingtan.domains.commerce.models import OrderLine, Payment, SalesOrder, ServiceQuote, ServiceRequest
from xingtan.domains.commerce.ordering import NewOrder, new_payment, write_order
from xingtan.domains.commerce.rules.quotes import Due, Terms, faults_of
from xingtan.domains.commerce.rules.quoting import NewLine, quote
from xingtan.domains.commerce.services.rows import (
    WRITES,
    Locked,
    any_request,
    due_now,
    locked_by_id,
    own_request,
    quote_of,
)
from xingtan.domains.commerce.services.sealing import SCOPE
from xingtan.domains.commerce.use_cases.orders import PlacedOrder
from xingtan.infra.db import new_id
from xingtan.infra.vault import Vault

PAYABLE_FOR = timedelta(days=3)
"""How long an order for a service waits; after that another one is placed when she comes back."""
_LAPSED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class MakeQuote:
    """What the academy would do (`scope`), and on which terms."""

    scope: str
    terms: Terms


def make_quote(
    session: Session, viewer: Viewer, number: str, command: MakeQuote, *, clock: Clock, vault: Vault
) -> int:  # fmt: skip
    """Quote, or quote anew, and return its number; the newest quote alone counts. `Invalid` for senseless terms."""
    row, now = any_request(session, viewer, number, permission=WRITES).request, clock.now()
    faults = faults_of(command.terms, command.scope, at=now)
    if faults:
        raise Invalid(faults)
    terms = command.terms
    newest = session.scalar(select(func.max(ServiceQuote.number)).where(ServiceQuote.request_id == row.id)) or 0
    made = ServiceQuote(
        id=new_id(), request_id=row.id, number=newest + 1,
        scope_sealed=vault.seal(session, row.person_id, SCOPE, command.scope.strip()), price_minor=terms.price.minor,
        currency=terms.price.currency, deposit_bp=terms.deposit_bp, balance_due=terms.balance_due,
        deliver_by=terms.deliver_by, valid_until=terms.valid_until, made_by_id=viewer.person_id, made_at=now,
        accepted_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    row.quote_id = made.id
    move(session, row, "quoted", clock=clock)
    details = {"minor": terms.price.minor, "currency": terms.price.currency, "quote": made.number}
    note_action(session, Action("service.quoted", "service", row.id, viewer.person_id, details), clock=clock)
    return made.number


def accept_quote(session: Session, viewer: Viewer, number: str, *, quote_number: int, clock: Clock) -> None:
    """Agree to the newest quote; `QuoteGone` when it has lapsed or is another than the one she has read."""
    row = own_request(session, viewer, number).request
    wanted = quote_of(session, row)
    if row.state == "agreed" and wanted.number == quote_number:
        return
    if wanted.number != quote_number or (row.state == "quoted" and wanted.valid_until <= clock.now()):
        raise QuoteGone(say("This quote no longer holds. Please look at the request again."))
    move(session, row, "accepted", clock=clock)
    wanted.accepted_at = clock.now()
    row.deliver_by = wanted.deliver_by
    session.flush()


def pay_service(session: Session, viewer: Viewer, number: str, *, provider: str, clock: Clock) -> PlacedOrder:
    """Return the order for what is to be paid next, with a payment to present; `Conflict` when nothing is."""
    locked = own_request(session, viewer, number)
    wanted = quote_of(session, locked.request)
    if locked.request.state == "agreed" and wanted.valid_until <= clock.now():
        raise QuoteGone(say("This quote no longer holds. Please look at the request again."))
    due = None if locked.request.state == "expired" else due_now(session, locked.request, wanted)
    if due is None:
        raise Conflict(say("Nothing is to be paid for this request."))
    order = _waiting(session, locked, due, clock=clock) or _place(session, locked.request, wanted, due, clock=clock)
    open_ = select(Payment.id).where(
        Payment.order_id == order.id, Payment.provider == provider, Payment.state.in_(OPEN)
    )
    payment_id = session.scalar(open_.limit(1)) or new_payment(session, order, provider, clock=clock)
    return PlacedOrder(order.id, order.number, payment_id)


def lapse_quotes(session: Session, *, clock: Clock) -> int:
    """Let quotes whose time is over lapse, some hundreds at most, and return how many."""
    late = (
        select(ServiceRequest.id)
        .join(ServiceQuote, ServiceQuote.id == ServiceRequest.quote_id)
        .where(ServiceRequest.state.in_(("quoted", "agreed")), ServiceQuote.valid_until <= clock.now())
        .order_by(ServiceQuote.valid_until)
        .limit(_LAPSED_AT_ONCE)
    )
    done = 0
    for request_id in session.scalars(late).all():
        row = locked_by_id(session, request_id).request
        if SERVICE_REQUEST.may(row.state, "lapsed") and quote_of(session, row).valid_until <= clock.now():
            move(session, row, "lapsed", clock=clock)
            done += 1
    return done


def _waiting(session: Session, locked: Locked, due: Due, *, clock: Clock) -> SalesOrder | None:
    for order in locked.orders:
        if order.state == "placed" and order.expires_at > clock.now():
            facts = session.scalars(select(OrderLine.facts).where(OrderLine.order_id == order.id)).one()
            if (facts["quote"], facts["part"]) == (str(locked.request.quote_id), due.part):
                return order
    return None


def _place(
    session: Session, request: ServiceRequest, wanted: ServiceQuote, due: Due, *, clock: Clock
) -> SalesOrder:  # fmt: skip
    bought, now = goods(session, request.product_id), clock.now()
    line = NewLine(
        "service", bought.title, due.amount, product_id=bought.product_id, subject_id=request.id,
        facts={"part": due.part, "quote": str(wanted.id), "request": request.number},
        rate=tax_rate(session, person_id=request.person_id, kind=bought.kind, at=now),
    )  # fmt: skip
    new = NewOrder(
        request.person_id, "service", quote([line], due.amount.currency), request.language, now + PAYABLE_FOR
    )
    return write_order(session, new, clock=clock)
