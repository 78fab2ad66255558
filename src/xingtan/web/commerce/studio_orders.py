"""Orders in the studio: the list, one order, refunds."""

import secrets
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, Refused, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import parse_money
from xingtan.core.viewer import Permission
from xingtan.domains.books import api as books
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.machines import ORDER
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.pages import Errors, StudioOrderPage, StudioOrdersPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render
from xingtan.web.translations import in_words

router = APIRouter()
Text = Annotated[str, Form()]
_OFFERED_REASONS = ("buyer_asked", "goodwill", "not_delivered")


@router.get("/studio/orders")
def orders(
    here: EdgeDep,
    state: Annotated[str, Query(max_length=20)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    attention: Annotated[str, Query(max_length=1)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Everybody's orders: by state, by number, by the buyer's address, or those that need a person."""
    here.require(Permission.ORDERS_READ)
    with here.platform.database.reading() as session:
        only = _filter(session, here, state=state, q=q, needs_attention=attention == "1")
        found = commerce.orders(session, here.viewer, only=only, cursor=cursor)
        names = identity.names_of(session, (one.person_id for one in found.orders), vault=here.platform.vault)
    asked = {"state": state, "q": q, "attention": attention, "cursor": found.next_cursor or ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    page = StudioOrdersPage(
        orders=found.orders, names=names, states=sorted(ORDER.states), state=state, q=q,
        needs_attention=attention == "1", older=f"/studio/orders?{query}" if found.next_cursor else None,
    )  # fmt: skip
    return render(here, page)


def _filter(session: Session, here: Edge, *, state: str, q: str, needs_attention: bool) -> commerce.OrderFilter:
    person_id = None
    if "@" in q and here.viewer.may(Permission.PEOPLE_READ):
        person_id = identity.find_by_email(session, q, vault=here.platform.vault) or UUID(int=0)
    return commerce.OrderFilter(
        state=state if state in ORDER.states else None,
        person_id=person_id,
        number=q.strip() if person_id is None else None,
        needs_attention=needs_attention,
    )


@router.get("/studio/orders/{number}")
def order(here: EdgeDep, number: str) -> Response:
    """One order: what was bought, what was paid, what went back, and its postings."""
    here.require(Permission.ORDERS_READ)
    return render(here, _page(here, number))


@router.post("/studio/orders/{number}/refund")
def refund(
    here: EdgeDep, number: str, *, payment: Text = "", amount: Text = "", reason: Text = "", key: Text = ""
) -> Response:
    """Give money back: the amount, or all that is left of the payment when none is written."""
    here.require(Permission.ORDERS_REFUND)
    found = here.read(lambda session: commerce.order(session, here.viewer, number))
    try:
        command = _refund_command(found, payment=payment, amount=amount, reason=reason, key=key)
        here.write(lambda session: commerce.request_refund(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        values = {"payment": payment, "amount": amount, "reason": reason}
        return render(here, _page(here, number, values=values, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url(f"/studio/orders/{found.number}"), status_code=303)


def _refund_command(
    found: commerce.OrderView, *, payment: str, amount: str, reason: str, key: str
) -> commerce.RequestRefund:
    payment_id = private_id("payment", payment)
    paid = next((one for one in found.payments if one.id == payment_id), None)
    if paid is None:
        raise NotFound(say("There is no such payment."))
    wanted = parse_money(amount, paid.refundable.currency) if amount.strip() else None
    return commerce.RequestRefund(payment_id, wanted, reason, key)


def _page(
    here: Edge, number: str, *, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> StudioOrderPage:
    with here.platform.database.reading() as session:
        found = commerce.order(session, here.viewer, number)
        cards = catalog.find_products(session, [line.product_id for line in found.lines])
        return StudioOrderPage(
            order=found,
            buyer=_buyer(session, here, found.person_id),
            slugs={card.id: card.slug for card in cards.values()},
            entries=_entries(session, here, found.id),
            payment_ids={one.id: public_id("payment", one.id) for one in found.payments},
            reasons=_OFFERED_REASONS,
            key=secrets.token_urlsafe(18),
            values=values or {},
            errors=errors or {},
        )


def _buyer(session: Session, here: Edge, person_id: UUID) -> identity.PersonView | None:
    try:
        return identity.person(session, here.viewer, person_id, vault=here.platform.vault)
    except NotFound:  # forgotten: the order stays, the name does not
        return None


def _entries(session: Session, here: Edge, order_id: UUID) -> tuple[books.EntryView, ...]:
    if not here.viewer.may(Permission.NUMBERS_READ):
        return ()
    return books.entries(session, here.viewer, only=books.EntryFilter(reference_id=order_id)).entries


def words_of(here: Edge, error: Refused) -> Errors:
    """Return a refusal as sentences at the fields they are about."""
    if isinstance(error, Invalid):
        return {name: in_words(sentence, here.language) for name, sentence in error.fields.items()}
    return {"": in_words(error.sentence, here.language)}
