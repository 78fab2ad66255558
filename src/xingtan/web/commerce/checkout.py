"""The checkout: one calm page, from an offer to the provider's page.

A stranger gives an address and gets a letter; its link leads back here, signed in (and registered, if new). The answer
is the same for a known and an unknown address, so nobody learns who has an account, and nobody buys in another's name.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, Refused, Unavailable, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import Money, parse_money
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.pages import CheckoutPage, Errors, LetterSentPage, NotBuyablePage, Part
from xingtan.web.edge import Edge, EdgeDep, SignInFirst
from xingtan.web.errors import status_of
from xingtan.web.render import render
from xingtan.web.storefront.cards import picture
from xingtan.web.translations import in_words

router = APIRouter()
Text = Annotated[str, Form()]
_LETTERS = ("5/minute", "20/hour")
_ORDERS = ("20/minute", "200/hour")


@router.get("/checkout/{what}")
def checkout(here: EdgeDep, what: str, amount: Annotated[str | None, Query(max_length=20)] = None) -> Response:
    """What is bought, for how much, under which rule. `what` is an offer's public id, or a product's slug.

    `amount` is what the buyer has thought of already, where she decides; the form asks again.
    """
    return _page(here, what, amount=amount)


@router.post("/checkout/{what}/letter")
def letter(here: EdgeDep, what: str, email: Text = "") -> Response:
    """A stranger's address: a link that leads back to this checkout is mailed to it."""
    platform = here.platform
    here.read(lambda session: _offer_named(session, here, what))
    command = identity.RequestLink(email, here.language, f"/checkout/{what}")
    try:
        for rule in _LETTERS:
            platform.limiter.check(rule, "checkout letter", here.client)
            platform.limiter.check(rule, "checkout letter to", email.casefold())
        here.write(lambda session: identity.request_link(session, command, clock=platform.clock, vault=platform.vault))
    except Refused as error:
        return _page(here, what, errors=_words(here, error), email=email, status=status_of(error))
    return render(here, LetterSentPage(email.strip(), what, is_kept_here=not platform.settings.smtp_host))


@router.post("/checkout")
def buy(here: EdgeDep, offer: Text = "", key: Text = "", amount: Text = "", provider: Text = "") -> Response:
    """Place the order and go to the provider's page; what is free is on the shelf at once.

    The browser says by which offer and, where the buyer decides, how much. Nothing else that it sends counts.
    """
    if here.person_id is None:
        raise SignInFirst(f"/checkout/{offer}")
    try:
        for rule in _ORDERS:
            here.platform.limiter.check(rule, "checkout", str(here.person_id))
        placed = _place(here, offer, key=key, amount=amount, provider=provider)
    except (AlreadyOwned, OfferGone):
        return _page(here, offer, status=409)
    except (Invalid, Conflict) as error:
        return _page(here, offer, errors=_words(here, error), amount=amount, status=status_of(error))
    return to_provider(here, placed)


def to_provider(here: Edge, placed: commerce.PlacedOrder) -> Response:
    """Present the payment and send the buyer to the provider; without one, or without an answer, to the return page."""
    returned = here.url(f"/pay/{placed.number}/return")
    if placed.payment_id is None:
        return RedirectResponse(returned, status_code=303)
    platform = here.platform
    providers = commerce.open_providers(platform)
    try:
        page = commerce.present(platform.database, providers, placed.payment_id, clock=platform.clock)
    except (Unavailable, Conflict):
        return RedirectResponse(returned, status_code=303)
    return RedirectResponse(here.url(page), status_code=303)


def _place(here: Edge, offer: str, *, key: str, amount: str, provider: str) -> commerce.PlacedOrder:
    person_id, clock = here.require_person(), here.platform.clock
    offer_id = private_id("offer", offer)
    wanted = here.read(lambda session: commerce.offer(session, offer_id))
    if provider not in commerce.open_providers(here.platform):
        raise Invalid.of("provider", say("Please choose how to pay."))
    command = commerce.PlaceOrder(person_id, offer_id, key, provider, here.language, _chosen(wanted, amount))
    return here.write(lambda session: commerce.place_order(session, command, clock=clock))


def _chosen(offer: commerce.OfferView, amount: str) -> Money | None:
    return parse_money(amount, offer.price.currency) if offer.is_open_priced else None


def _page(
    here: Edge,
    what: str,
    *,
    errors: Errors | None = None,
    amount: str | None = None,
    email: str = "",
    status: int = 200,
) -> Response:
    with here.platform.database.reading() as session:
        page = _checkout_page(session, here, what, errors=errors or {}, amount=amount, email=email)
    is_gone = isinstance(page, NotBuyablePage) and page.reason == "gone"
    return render(here, page, status=409 if is_gone else status)


def _checkout_page(
    session: Session, here: Edge, what: str, *, errors: Errors, amount: str | None, email: str
) -> CheckoutPage | NotBuyablePage:
    product, offer = _offer_named(session, here, what)
    at = here.platform.clock.now()
    goods = commerce.goods(session, product.id)
    owned = entitlements.accessible(session, here.person_id, at=at) if here.person_id else frozenset()
    if product.id in owned or owned.issuperset(goods.gives):
        return NotBuyablePage(product, "owned")
    if offer is None or not offer.is_live(at) or not goods.is_for_sale:
        return NotBuyablePage(product, "gone")
    covers = catalog.find_assets(session, [product.cover_asset_id] if product.cover_asset_id else [])
    return CheckoutPage(
        what=what, product=product, cover=picture(next(iter(covers.values()), None)), offer=offer,
        offer_public_id=public_id("offer", offer.id),
        parts=tuple(Part(it.title, it.kind, it.product_id in owned) for it in goods.parts if it.was_published),
        policy=commerce.POLICY, providers=tuple(commerce.open_providers(here.platform)), key=secrets.token_urlsafe(18),
        amount=offer.price.major() if amount is None else amount, email=email, errors=errors,
    )  # fmt: skip


def _offer_named(session: Session, here: Edge, what: str) -> tuple[catalog.ProductCard, commerce.OfferView | None]:
    """Return the product and the offer behind an address; `NotFound` for what is no offer and no published product."""
    if what.startswith("ofr_"):
        offer = commerce.offer(session, private_id("offer", what))
        product = catalog.find_products(session, [offer.product_id])[offer.product_id]
        return product, offer
    product = catalog.product_by_slug(session, what)
    if product.state in {"draft", "scheduled"}:
        raise NotFound(say("There is nothing here."))
    currency = here.request.app.state.academy.view(here.language).currency
    offers = commerce.offers_for(session, [product.id], currency=currency, at=here.platform.clock.now())
    return product, offers.get(product.id)


def _words(here: Edge, error: Refused) -> Errors:
    if isinstance(error, Invalid):
        return {name: in_words(sentence, here.language) for name, sentence in error.fields.items()}
    return {"": in_words(error.sentence, here.language)}
