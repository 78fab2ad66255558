"""Gifts: bought for somebody else, listed for the giver, claimed by whoever holds the link."""

import secrets
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, Refused, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import parse_money
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.checkout import to_provider
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.promotion_forms import Faults, instant, titles_of
from xingtan.web.commerce.promotion_pages import ClaimPage, GivePage, MyGiftsPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep, SignInFirst
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_ORDERS, _CLAIMS = ("20/minute", "200/hour"), "20/hour"


@router.get("/give/{slug}")
def give(here: EdgeDep, slug: str) -> Response:
    """A product as a gift: for whom, with which words, from which day on."""
    here.require_person()
    return render(here, _give_page(here, slug))


@router.post("/give/{slug}")
def buy(
    here: EdgeDep,
    slug: str,
    *,
    offer: Text = "",
    key: Text = "",
    provider: Text = "",
    amount: Text = "",
    way: Text = "link",
    email: Text = "",
    send_at: Text = "",
    message: Text = "",
    code: Text = "",
) -> Response:
    """Place the gift's order and go to the provider's page."""
    if here.person_id is None:
        raise SignInFirst(f"/give/{slug}")
    values = {
        "way": way, "email": email, "send_at": send_at, "message": message, "code": code, "amount": amount,
        "provider": provider,
    }  # fmt: skip
    try:
        for rule in _ORDERS:
            here.platform.limiter.check(rule, "checkout", str(here.person_id))
        placed = _place(here, offer, key, values)
    except (Invalid, Conflict) as error:
        return render(
            here, _give_page(here, slug, values=values, errors=words_of(here, error)), status=status_of(error)
        )
    return to_provider(here, placed)


def _place(here: Edge, offer: str, key: str, values: Mapping[str, str]) -> commerce.PlacedOrder:
    person_id, platform = here.require_person(), here.platform
    offer_id = private_id("offer", offer)
    wanted = here.read(lambda session: commerce.offer(session, offer_id))
    if values["provider"] not in _providers(here, wanted.price.currency):
        raise Invalid.of("provider", say("Please choose how to pay."))
    order = commerce.PlaceOrder(
        person_id, offer_id, key, values["provider"], here.language,
        parse_money(values["amount"], wanted.price.currency) if wanted.is_open_priced else None,
        codes=(values["code"],) if values["code"].strip() else (),
    )  # fmt: skip
    command = commerce.PlaceGift(order, _letter(here, values), platform.settings.gift_days or None)
    return here.write(lambda session: commerce.place_gift(session, command, clock=platform.clock, vault=platform.vault))


def _letter(here: Edge, values: Mapping[str, str]) -> promotions.Letter:
    if values["way"] != "letter":
        return promotions.Letter(None, values["message"])
    faults: Faults = {}
    send_at = instant(here, "send_at", values["send_at"], faults)
    if faults:
        raise Invalid(faults)
    return promotions.Letter(values["email"], values["message"], send_at)


@router.get("/gifts")
def my_gifts(here: EdgeDep) -> Response:
    """The gifts that I have paid for, with their links."""
    here.require_person()
    return render(here, _my_gifts_page(here))


@router.post("/gifts/{gift}/send")
def send(
    here: EdgeDep, gift: str, *, way: Text = "letter", email: Text = "", message: Text = "", send_at: Text = ""
) -> Response:
    """Another address, or none; the link of before dies."""
    here.require_person()
    gift_id, platform = private_id("gift", gift), here.platform
    values = {"way": way, "email": email, "message": message, "send_at": send_at}
    try:
        letter = _letter(here, values)
        here.write(
            lambda session: promotions.send_gift_to(
                session, here.viewer, gift_id, letter, clock=platform.clock, vault=platform.vault
            )
        )
    except (Invalid, Conflict) as error:
        return render(here, _my_gifts_page(here, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/gifts"), status_code=303)


@router.post("/gifts/{gift}/back")
def take_back(here: EdgeDep, gift: str) -> Response:
    """Take back a gift that nobody has claimed."""
    here.require_person()
    gift_id = private_id("gift", gift)
    try:
        here.write(lambda session: commerce.take_back_gift(session, here.viewer, gift_id, clock=here.platform.clock))
    except Conflict as error:
        return render(here, _my_gifts_page(here, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/gifts"), status_code=303)


@router.get("/gift/{token}")
def offered(here: EdgeDep, token: str) -> Response:
    """What is behind the link."""
    return render(here, _claim_page(here, token), headers={"Referrer-Policy": "no-referrer"})


@router.post("/gift/{token}")
def claim(here: EdgeDep, token: str) -> Response:
    """It is mine."""
    if here.person_id is None:
        raise SignInFirst(f"/gift/{token}")
    platform = here.platform
    try:
        platform.limiter.check(_CLAIMS, "claim gift", str(here.person_id))
        here.write(lambda session: promotions.claim_gift(session, here.viewer, token, clock=platform.clock))
    except Conflict as error:
        return render(here, _claim_page(here, token, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url(f"/gift/{token}"), status_code=303)


def _providers(here: Edge, currency: str) -> tuple[str, ...]:
    return commerce.offered(commerce.open_providers(here.platform), currency, language=here.language)


def _give_page(
    here: Edge, slug: str, *, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> GivePage:
    currency = here.request.app.state.academy.view(here.language).currency
    with here.platform.database.reading() as session:
        product = catalog.product_by_slug(session, slug)
        if product.state != "published":
            raise NotFound(say("There is nothing here."))
        found = commerce.offers_for(session, [product.id], currency=currency, at=here.platform.clock.now())
    offer = found.get(product.id)
    if offer is None or offer.model not in {"once", "pay_what_you_want"}:
        raise NotFound(say("This cannot be bought for somebody else."))
    return GivePage(
        product=product, offer=offer, offer_public_id=public_id("offer", offer.id),
        providers=_providers(here, offer.price.currency), key=secrets.token_urlsafe(18),
        days=here.platform.settings.gift_days,
        values=values or {"way": "link", "amount": offer.price.major()}, errors=errors or {},
    )  # fmt: skip


def _my_gifts_page(here: Edge, *, errors: Errors | None = None) -> MyGiftsPage:
    with here.platform.database.reading() as session:
        found = promotions.my_gifts(session, here.viewer, vault=here.platform.vault)
        return MyGiftsPage(
            found, {one.id: public_id("gift", one.id) for one in found},
            titles_of(session, [one.product_id for one in found]), errors or {},
        )  # fmt: skip


def _claim_page(here: Edge, token: str, *, errors: Errors | None = None) -> ClaimPage:
    platform = here.platform
    with platform.database.reading() as session:
        gift = promotions.offered_gift(session, token, at=platform.clock.now(), vault=platform.vault)
        product = catalog.find_products(session, [gift.product_id])[gift.product_id]
        giver = _giver(session, here, gift)
    is_mine = here.person_id is not None and gift.claimed_by_id == here.person_id
    return ClaimPage(gift, product, giver, token, is_mine, errors or {})


def _giver(session: Session, here: Edge, gift: promotions.OfferedGift) -> str:
    try:
        return identity.mail_address(session, gift.giver_id, vault=here.platform.vault).name
    except Refused:  # the giver's account is closed
        return ""
