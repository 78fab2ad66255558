"""Back from the provider; my orders; the receipt; money asked back."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Unavailable, say
from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.checkout import to_provider
from xingtan.web.commerce.pages import Errors, MyOrdersPage, ReceiptPage, ReturnedPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.completion import completed_bp
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_ASKING = "12/minute"
_ASKING_BACK = "10/hour"
_GOOD = {"paid": "paid", "partly_refunded": "paid", "refunded": "returned", "charged_back": "charged_back"}
_OPEN = {"started": "waiting", "pending": "waiting", "unknown": "unknown", "held": "held", "failed": "failed"}


@router.get("/pay/{number}/return")
def returned(here: EdgeDep, number: str) -> Response:
    """How the payment stands: paid, waiting for the provider's word, failed; and what can be done."""
    here.require_person()
    return render(here, here.read(lambda session: _returned_page(session, here, number)))


def _returned_page(session: Session, here: Edge, number: str, errors: Errors | None = None) -> ReturnedPage:
    order = commerce.order(session, here.viewer, number)
    cards = catalog.find_products(session, order.product_ids)
    last = order.payments[-1] if order.payments else None
    outcome = outcome_of(order)
    beside = _beside(session, here, order) if outcome == "paid" else ()
    return ReturnedPage(
        order=order, outcome=outcome, failure_code=last.failure_code if last else None,
        slug=next((card.slug for card in cards.values()), ""),
        pay_path=last.redirect_url if last and order.state == "placed" else None,
        providers=_ways(session, here, order) if outcome in ("failed", "unknown") else (),
        provider=last.provider if last else "", beside=beside,
        offer_ids={one.offer.id: public_id("offer", one.offer.id) for one in beside}, errors=errors or {},
    )  # fmt: skip


def _ways(session: Session, here: Edge, order: commerce.OrderView) -> tuple[str, ...]:
    """Return by what an order that waits can be paid; the wallet only where enough is in it."""
    found = commerce.offered(commerce.open_providers(here.platform), order.total.currency, language=here.language)
    may_fill = all(line.kind != "top_up" for line in order.lines)
    has_wallet = may_fill and commerce.wallet_covers(session, order.person_id, order.total)
    return tuple(one for one in found if one != "wallet" or has_wallet)


def _beside(session: Session, here: Edge, order: commerce.OrderView) -> tuple[promotions.OfferedAddOn, ...]:
    return promotions.add_ons_for(
        session, order.person_id, order.product_ids, place="after", currency=order.total.currency,
        at=here.platform.clock.now(),
    )  # fmt: skip


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
def again(here: EdgeDep, number: str, provider: Text = "") -> Response:
    """Another try to pay an order that still waits."""
    here.require_person()
    order = here.read(lambda session: commerce.my_order(session, here.viewer, number))
    ways = here.read(lambda session: _ways(session, here, order))
    if provider and provider not in ways:
        error = Invalid.of("provider", say("Please choose how to pay."))
        page = here.read(lambda session: _returned_page(session, here, number, words_of(here, error)))
        return render(here, page, status=status_of(error))
    placed = here.write(
        lambda session: commerce.pay_again(
            session, here.viewer, number, provider=provider or next(iter(ways), ""), clock=here.platform.clock
        )
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
    return render(here, here.read(lambda session: _receipt_page(session, here, number)))


@router.post("/orders/{number}/ask-back")
def ask_back(here: EdgeDep, number: str, key: Text = "") -> Response:
    """All of it back, by the rule of the order; outside of the rule the page says why, and whom to write to."""
    person_id, platform = here.require_person(), here.platform
    platform.limiter.check(_ASKING_BACK, "ask back", str(person_id))
    order = here.read(lambda session: commerce.my_order(session, here.viewer, number))
    completed = here.read(lambda session: completed_bp(session, person_id, order))
    command = commerce.AskBack(order.number, completed, key)
    try:
        here.write(lambda session: commerce.ask_back(session, here.viewer, command, clock=platform.clock))
    except (Conflict, Invalid) as error:
        errors = words_of(here, error)
        page = here.read(lambda session: _receipt_page(session, here, number, errors))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/orders/{order.number}"), status_code=303)


def _receipt_page(session: Session, here: Edge, number: str, errors: Errors | None = None) -> ReceiptPage:
    order = commerce.my_order(session, here.viewer, number)
    cards = catalog.find_products(session, order.product_ids)
    completed = completed_bp(session, order.person_id, order)
    return ReceiptPage(
        order=order, buyer=identity.person(session, here.viewer, order.person_id, vault=here.platform.vault),
        seller=identity.academy(session), slugs={card.id: card.slug for card in cards.values()},
        documents=documents.documents_of(session, Viewer(here.person_id), order.id),
        disputes=commerce.disputes(session, Viewer(here.person_id), order_id=order.id),
        completed_bp=completed,
        why_not=commerce.why_not_by_rule(order, completed_bp=completed, at=here.platform.clock.now()),
        key=secrets.token_urlsafe(18), errors=errors or {},
    )  # fmt: skip
