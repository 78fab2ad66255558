"""Custom service, the learner's side: ask, agree, pay, accept or dispute."""

import secrets
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.checkout import to_provider
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.service_pages import AskPage, ServicePage, ServicesPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.learning.serving import serve_key
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_REQUESTS, _MESSAGES = "10/hour", "30/hour"


@router.get("/services")
def services(here: EdgeDep) -> Response:
    """My requests."""
    here.require_person()
    with here.reading() as session:
        found = commerce.my_requests(session, here.viewer)
        cards = catalog.find_products(session, [one.product_id for one in found])
    return render(here, ServicesPage(found, {card.id: card.title for card in cards.values()}))


@router.get("/services/ask/{slug}")
def ask_form(here: EdgeDep, slug: str) -> Response:
    """The form to ask for a service."""
    here.require_person()
    return render(here, _ask_page(here, slug))


@router.post("/services/ask/{slug}")
def ask(here: EdgeDep, slug: str, *, brief: Text = "", key: Text = "") -> Response:
    """Ask for a service."""
    person_id, platform = here.require_person(), here.platform
    page = _ask_page(here, slug, brief=brief)
    command = commerce.AskForService(page.product.id, brief, here.language, key)
    try:
        platform.limiter.check(_REQUESTS, "service request", str(person_id))
        number = here.write(
            lambda session: commerce.ask_for_service(
                session, here.viewer, command, clock=platform.clock, vault=platform.vault
            )
        )
    except (Invalid, Conflict) as error:
        return render(here, _ask_page(here, slug, brief=brief, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url(f"/services/{number}"), status_code=303)


@router.get("/services/{number}")
def service(here: EdgeDep, number: str) -> Response:
    """One of my requests."""
    here.require_person()
    return render(here, _page(here, number))


@router.post("/services/{number}/message")
def message(here: EdgeDep, number: str, text: Text = "") -> Response:
    """Say something about it."""
    here.platform.limiter.check(_MESSAGES, "service message", str(here.require_person()))
    clock, vault = here.platform.clock, here.platform.vault
    return _do(
        here, number,
        lambda session: commerce.write_message(session, here.viewer, number, text=text, clock=clock, vault=vault),
        values={"text": text},
    )  # fmt: skip


@router.post("/services/{number}/accept-quote")
def accept_quote(here: EdgeDep, number: str, quote: Text = "") -> Response:
    """Agree to the quote that stands on the page."""
    clock = here.platform.clock
    read = int(quote) if quote.isascii() and quote.isdigit() and len(quote) < 6 else 0  # noqa: PLR2004 - no quote has more digits
    return _do(
        here, number,
        lambda session: commerce.accept_quote(session, here.viewer, number, quote_number=read, clock=clock),
    )  # fmt: skip


@router.post("/services/{number}/pay")
def pay(here: EdgeDep, number: str, provider: Text = "") -> Response:
    """Pay what is to be paid next: on to the provider's page."""
    here.require_person()
    try:
        if provider not in commerce.open_providers(here.platform):
            raise Invalid.of("provider", say("Please choose how to pay."))
        placed = here.write(
            lambda session: commerce.pay_service(
                session, here.viewer, number, provider=provider, clock=here.platform.clock
            )
        )
    except (Invalid, Conflict) as error:
        return render(here, _page(here, number, errors=words_of(here, error)), status=status_of(error))
    return to_provider(here, placed)


@router.post("/services/{number}/accept")
def accept(here: EdgeDep, number: str) -> Response:
    """Accept what was delivered."""
    clock = here.platform.clock
    return _do(here, number, lambda session: commerce.accept_delivery(session, here.viewer, number, clock=clock))


@router.post("/services/{number}/dispute")
def dispute(here: EdgeDep, number: str, reason: Text = "") -> Response:
    """Say that it is not what was agreed upon."""
    clock, vault = here.platform.clock, here.platform.vault
    return _do(
        here, number,
        lambda session: commerce.dispute_delivery(
            session, here.viewer, number, reason=reason, clock=clock, vault=vault
        ),
        values={"reason": reason},
    )  # fmt: skip


@router.post("/services/{number}/leave")
def leave(here: EdgeDep, number: str) -> Response:
    """End the request; what was paid goes back."""
    clock = here.platform.clock
    return _do(here, number, lambda session: commerce.leave_request(session, here.viewer, number, clock=clock))


@router.get("/services/{number}/files/{delivery}")
def file(here: EdgeDep, number: str, delivery: int) -> Response:
    """The file of a delivery: for the learner whose request it is."""
    here.require_person()
    found = here.read(lambda session: _mine(session, here, number))
    return serve_file(here, found, delivery)


def serve_file(here: Edge, request: commerce.RequestView, delivery: int) -> Response:
    """Return the file of a delivery of a request that this reader may see."""
    one = next((it for it in request.deliveries if it.number == delivery and it.file_key), None)
    if one is None or one.file_key is None:
        raise NotFound(say("There is nothing here."))
    return serve_key(
        here.request, here.platform.files, one.file_key, size=one.file_size or 0, etag=f'"{one.file_key[-70:]}"',
        media_type="application/octet-stream", name=one.file_name or "file", cache_control="private, no-store",
    )  # fmt: skip


def _do(
    here: Edge, number: str, work: Callable[[Session], object], *, values: Mapping[str, str] | None = None
) -> Response:
    here.require_person()
    try:
        here.write(work)
    except (Invalid, Conflict) as error:
        page = _page(here, number, values=values, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/services/{number}"), status_code=303)


def _mine(session: Session, here: Edge, number: str) -> commerce.RequestView:
    clock, vault = here.platform.clock, here.platform.vault
    return commerce.my_request(session, here.viewer, number, at=clock.now(), vault=vault)


def _page(
    here: Edge, number: str, *, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> ServicePage:
    with here.reading() as session:
        found = _mine(session, here, number)
        product = catalog.find_products(session, [found.product_id])[found.product_id]
        ways = tuple(commerce.open_providers(here.platform))
        if found.due is not None and not commerce.wallet_covers(session, here.person_id, found.due.amount):
            ways = tuple(name for name in ways if name != "wallet")
    return ServicePage(found, product, ways, values=values or {}, errors=errors or {})


def _ask_page(here: Edge, slug: str, *, brief: str = "", errors: Errors | None = None) -> AskPage:
    product = here.read(lambda session: catalog.product_by_slug(session, slug))
    if product.kind != "consulting" or product.state != "published":
        raise NotFound(say("There is nothing here."))
    return AskPage(product, brief, secrets.token_urlsafe(18), errors=errors or {})
