"""Back from the provider; my orders; the receipt."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Unavailable
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.checkout import to_provider
from xingtan.web.commerce.pages import MyOrdersPage, ReceiptPage, ReturnedPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.render import render

router = APIRouter()
_ASKING = "12/minute"
_GOOD = {"paid": "paid", "partly_refunded": "paid", "refunded": "returned"}
_OPEN = {"started": "waiting", "pending": "waiting", "unknown": "unknown", "held": "held", "failed": "failed"}


@router.get("/pay/{number}/return")
def returned(here: EdgeDep, number: str) -> Response:
    """How the payment stands: paid, waiting for the provider's word, failed; and what can be done."""
    here.require_person()
    with here.platform.database.reading() as session:
        order = commerce.order(session, here.viewer, number)
        cards = catalog.find_products(session, [line.product_id for line in order.lines])
    last = order.payments[-1] if order.payments else None
    page = ReturnedPage(
        order=order,
        outcome=outcome_of(order),
        failure_code=last.failure_code if last else None,
        slug=next((card.slug for card in cards.values()), ""),
        pay_path=last.redirect_url if last and order.state == "placed" else None,
    )
    return render(here, page)


def outcome_of(order: commerce.OrderView) -> str:
    """Return in one word how an order's payment stands."""
    if order.state in _GOOD:
        return _GOOD[order.state]
    states = [payment.state for payment in order.payments]
    if "held" in states:
        return "held"
    if order.state in {"expired", "cancelled"}:
        return order.state
    return _OPEN.get(states[-1], "waiting") if states else "waiting"


@router.post("/pay/{number}/ask")
def ask(here: EdgeDep, number: str) -> Response:
    """Ask the provider now, because its notice has not come."""
    person_id, platform = here.require_person(), here.platform
    platform.limiter.check(_ASKING, "ask provider", str(person_id))
    order = here.read(lambda session: commerce.my_order(session, here.viewer, number))
    providers = commerce.open_providers(platform)
    for payment in order.payments:
        if payment.state in {"started", "pending", "unknown"}:
            _ask_quietly(here, providers, payment)
    return RedirectResponse(here.url(f"/pay/{order.number}/return"), status_code=303)


def _ask_quietly(here: Edge, providers: commerce.Providers, payment: commerce.PaymentView) -> None:
    try:
        commerce.ask(here.platform.database, providers, payment.id, clock=here.platform.clock)
    except Unavailable:
        return  # the page says that nothing is known yet


@router.post("/pay/{number}/again")
def again(here: EdgeDep, number: str, provider: Annotated[str, Form()] = "") -> Response:
    """Another try to pay an order that still waits."""
    here.require_person()
    providers = commerce.open_providers(here.platform)
    chosen = provider if provider in providers else next(iter(providers), "")
    placed = here.write(
        lambda session: commerce.pay_again(session, here.viewer, number, provider=chosen, clock=here.platform.clock)
    )
    return to_provider(here, placed)


@router.post("/orders/{number}/cancel")
def cancel(here: EdgeDep, number: str) -> Response:
    """The buyer does not want it after all."""
    here.require_person()
    here.write(lambda session: commerce.cancel_order(session, here.viewer, number, clock=here.platform.clock))
    return RedirectResponse(here.url("/orders"), status_code=303)


@router.get("/orders")
def my_orders(here: EdgeDep, cursor: Annotated[str | None, Query(max_length=200)] = None) -> Response:
    """My orders, newest first."""
    here.require_person()
    found = here.read(lambda session: commerce.my_orders(session, here.viewer, cursor=cursor))
    older = f"/orders?cursor={found.next_cursor}" if found.next_cursor else None
    return render(here, MyOrdersPage(found.orders, older))


@router.get("/orders/{number}")
def receipt(here: EdgeDep, number: str) -> Response:
    """One of my orders, to keep and to print."""
    here.require_person()
    with here.platform.database.reading() as session:
        order = commerce.my_order(session, here.viewer, number)
        cards = catalog.find_products(session, [line.product_id for line in order.lines])
        page = ReceiptPage(
            order=order,
            buyer=identity.person(session, here.viewer, order.person_id, vault=here.platform.vault),
            seller=identity.academy(session),
            slugs={card.id: card.slug for card in cards.values()},
        )
    return render(here, page)
