"""Becoming a subscriber: one calm page with what is paid today, what is paid later, and how to leave."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.ids import private_id
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.errors import AlreadyOwned
from xingtan.web.commerce.checkout import to_provider
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.subscription_pages import Errors, JoinPage
from xingtan.web.edge import Edge, EdgeDep, SignInFirst
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_ORDERS = ("20/minute", "200/hour")


@router.get("/join/{offer}")
def join(here: EdgeDep, offer: str) -> Response:
    """What it costs today and later; a stranger signs in on the way."""
    return _show(here, offer)


@router.post("/join/{offer}")
def begin(here: EdgeDep, offer: str, *, key: Text = "", provider: Text = "", code: Text = "") -> Response:
    """Begin: with a trial at once, else at the provider's page."""
    if here.person_id is None:
        raise SignInFirst(f"/join/{offer}")
    try:
        for rule in _ORDERS:
            here.platform.limiter.check(rule, "checkout", str(here.person_id))
        placed = _place(here, offer, key=key, provider=provider, code=code)
    except AlreadyOwned:
        return RedirectResponse(here.url("/account/subscriptions"), status_code=303)
    except (Invalid, Conflict) as error:
        return _show(here, offer, code=code, errors=words_of(here, error), status=status_of(error))
    if placed.payment_id is None:
        return RedirectResponse(here.url("/account/subscriptions"), status_code=303)
    return to_provider(here, placed)


def _place(here: Edge, offer: str, *, key: str, provider: str, code: str) -> commerce.PlacedOrder:
    command = _command(here, offer, key=key, provider=provider, code=code)
    wanted = here.read(lambda session: commerce.offer(session, command.offer_id))
    if provider not in _offered(here, wanted.price.currency):
        raise Invalid.of("provider", say("Please choose how to pay."))
    return here.write(lambda session: commerce.place_order(session, command, clock=here.platform.clock))


def _command(here: Edge, offer: str, *, key: str, provider: str, code: str) -> commerce.PlaceOrder:
    codes = (code.strip(),) if code.strip() else ()
    return commerce.PlaceOrder(
        here.require_person(), private_id("offer", offer), key, provider, here.language, None, codes=codes
    )


def _offered(here: Edge, currency: str) -> tuple[str, ...]:
    """Return the providers that take this currency, those that can be charged again first."""
    providers = commerce.open_providers(here.platform)
    found = commerce.offered(providers, currency, language=here.language)
    return tuple(sorted(found, key=lambda name: "recurring" not in providers[name].abilities))


def _show(here: Edge, offer: str, *, code: str = "", errors: Errors | None = None, status: int = 200) -> Response:
    page = here.read(lambda session: _page(session, here, offer, code=code, errors=errors or {}))
    return render(here, page, status=status)


def _title(session: Session, offer: commerce.OfferView) -> str:
    return commerce.goods(session, offer.product_id).title if offer.product_id is not None else ""


def _page(session: Session, here: Edge, offer: str, *, code: str, errors: Errors) -> JoinPage:
    found = subscribing.plan_of_offer(session, private_id("offer", offer))
    if found.offer.model not in ("subscription", "instalments") or not found.offer.is_live(here.platform.clock.now()):
        raise NotFound(say("This plan is no longer for sale."))
    tier = subscribing.tier(session, found.offer.tier_id) if found.offer.tier_id else None
    title = tier.name_in(here.language) if tier is not None else _title(session, found.offer)
    priced, refusal = None, dict(errors)
    if here.person_id is not None and not errors:
        try:
            command = _command(here, offer, key="preview", provider="", code=code)
            priced = commerce.preview_order(session, command, clock=here.platform.clock)
        except (Invalid, Conflict) as error:
            refusal = dict(words_of(here, error))
    today = priced.quote.total if priced is not None else found.plan.price_of(1)
    return JoinPage(
        offer, title, tier, found, today, _offered(here, found.offer.price.currency), secrets.token_urlsafe(18), code,
        refusal,
    )  # fmt: skip
