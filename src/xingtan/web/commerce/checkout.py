"""The checkout: one calm page, from an offer to the provider's page.

A stranger gives an address and gets a letter; its link leads back here, signed in (and registered, if new). The answer
is the same for a known and an unknown address, so nobody learns who has an account, and nobody buys in another's name.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Refused, Unavailable, say
from xingtan.core.ids import private_id
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.identity import api as identity
from xingtan.domains.privacy import api as privacy
from xingtan.web.commerce.arrivals import code_kept
from xingtan.web.commerce.checkout_form import Said, chosen, shown_total
from xingtan.web.commerce.checkout_page import CheckoutPage, build, named, ways_to_pay
from xingtan.web.commerce.clicks import click_of
from xingtan.web.commerce.pages import Errors, LetterSentPage, NotBuyablePage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep, SignInFirst
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
Word = Annotated[str, Query(max_length=200)]
_LETTERS = ("5/minute", "20/hour")
_ORDERS = ("20/minute", "200/hour")
_GUESSES = ("20/minute", "100/hour")


@router.get("/checkout/{what}")
def checkout(
    here: EdgeDep,
    what: str,
    *,
    amount: Annotated[str | None, Query(max_length=20)] = None,
    code: Word = "",
    country: Annotated[str, Query(max_length=2)] = "",
    group: Annotated[str, Query(max_length=24)] = "",
    also: Annotated[list[str], Query(max_length=10)] = [],  # noqa: B006 - the framework copies it
) -> Response:
    """What is bought, for how much, under which rule. `what` is an offer's public id, or a product's slug.

    The query says what the buyer has chosen already, on another page or before she signed in; the form asks again.
    """
    _count_guess(here, code)
    code = code or here.read(lambda session: code_kept(here, session))
    said = Said(amount=amount, code=code, country=country, group=group, also=tuple(also))
    answer, page = _page(here, what, said=said)
    if isinstance(page, CheckoutPage):
        _note_open(here, page)
    return answer


@router.post("/checkout/{what}/letter")
def letter(
    here: EdgeDep,
    what: str,
    *,
    email: Text = "",
    amount: Annotated[str | None, Form()] = None,
    code: Text = "",
    country: Text = "",
    group: Text = "",
    also: Annotated[list[str], Form()] = [],  # noqa: B006 - the framework copies it
) -> Response:
    """A stranger's address: a link that leads back to this checkout, as it is, is mailed to it."""
    platform = here.platform
    here.read(lambda session: named(session, here, what))
    said = Said(amount=amount, code=code, country=country, group=group, also=tuple(also))
    command = identity.RequestLink(email, here.language, f"/checkout/{what}{said.query}")
    try:
        for rule in _LETTERS:
            platform.limiter.check(rule, "checkout letter", here.client)
            platform.limiter.check(rule, "checkout letter to", email.casefold())
        here.write(lambda session: identity.request_link(session, command, clock=platform.clock, vault=platform.vault))
    except Refused as error:
        return _page(here, what, said=said, errors=words_of(here, error), email=email, status=status_of(error))[0]
    return render(here, LetterSentPage(email.strip(), what, is_kept_here=not platform.settings.smtp_host))


@router.post("/checkout")
def buy(
    here: EdgeDep,
    *,
    offer: Text = "",
    key: Text = "",
    amount: Text = "",
    provider: Text = "",
    code: Text = "",
    country: Text = "",
    group: Text = "",
    also: Annotated[list[str], Form()] = [],  # noqa: B006 - the framework copies it
    shown: Text = "",
    deed: Text = "buy",
) -> Response:
    """Place the order and go to the provider's page; what is free is on the shelf at once. `deed` preview: only reckon.

    The browser says by which offer and, where the buyer decides, how much. No price that it sends counts; one that is
    not what it was shown is refused.
    """
    said = Said(offer, key, provider, amount, code, country, tuple(also), group, shown)
    if deed == "preview":
        _count_guess(here, code)
        return _page(here, offer, said=said, faulty=422)[0]
    if here.person_id is None:
        raise SignInFirst(f"/checkout/{offer}{said.query}")
    try:
        for rule in _ORDERS:
            here.platform.limiter.check(rule, "checkout", str(here.person_id))
        placed = _place(here, said)
    except (AlreadyOwned, OfferGone):
        return _page(here, offer, said=said, status=409)[0]
    except (Invalid, Conflict) as error:
        return _page(here, offer, said=said, errors=words_of(here, error), status=status_of(error))[0]
    return to_provider(here, placed)


def _count_guess(here: Edge, code: str) -> None:
    """Count a word that was typed: what answers whether it is a coupon answers not without end."""
    for rule in _GUESSES if code.strip() else ():
        here.platform.limiter.check(rule, "checkout code", here.client)


def to_provider(here: Edge, placed: commerce.PlacedOrder) -> Response:
    """Present the payment and send the buyer to the provider; without one, or without an answer, to the return page."""
    returned = here.url(f"/pay/{placed.number}/return")
    if placed.payment_id is None:
        return RedirectResponse(returned, status_code=303)
    platform = here.platform
    providers = commerce.open_providers(platform)
    try:
        page = commerce.present(
            platform.database, providers, placed.payment_id, clock=platform.clock,
            device=commerce.device_of(here.request.headers.get("user-agent", "")), payer_ip=here.client,
        )  # fmt: skip
    except (Unavailable, Conflict):
        return RedirectResponse(returned, status_code=303)
    return RedirectResponse(here.url(page.redirect_url), status_code=303)


def _place(here: Edge, said: Said) -> commerce.PlacedOrder:
    command = here.read(lambda session: _command(here, session, said))
    return here.write(lambda session: commerce.place_order(session, command, clock=here.platform.clock))


def _command(here: Edge, session: Session, said: Said) -> commerce.PlaceOrder:
    offer = commerce.offer(session, private_id("offer", said.offer))
    wanted = chosen(session, here, offer, said)
    expected = shown_total(said.shown)
    ways = {one.name for one in ways_to_pay(session, here, offer, expected or wanted.chosen or offer.price)}
    is_nothing = offer.is_free or (expected is not None and not expected)
    if said.provider not in ways and not is_nothing:
        raise Invalid.of("provider", say("Please choose how to pay."))
    return commerce.PlaceOrder(
        here.require_person(), offer.id, said.key, said.provider, here.language, wanted.chosen, also=wanted.also,
        codes=wanted.codes, country=wanted.country, click=click_of(here), group_id=wanted.group_id,
        expected=None if offer.is_open_priced else expected,
    )  # fmt: skip


def _page(
    here: Edge, what: str, *, said: Said, errors: Errors | None = None, email: str = "", status: int = 200,
    faulty: int = 200,
) -> tuple[Response, CheckoutPage | NotBuyablePage]:  # fmt: skip
    """Return the page and its answer: `status`, or `faulty` where the form means something that cannot be."""
    page = here.read(lambda session: build(session, here, what, said=said, email=email, errors=errors))
    if isinstance(page, NotBuyablePage):
        return render(here, page, status=409 if page.reason == "gone" else status), page
    return render(here, page, status=faulty if page.errors and status == 200 else status), page  # noqa: PLR2004


def _note_open(here: Edge, page: CheckoutPage) -> None:
    """Note that somebody looks at this, if she agrees to letters about new work."""
    product, person_id, clock = page.thing.product, here.person_id, here.platform.clock
    if product is None or person_id is None or page.way.offer.is_free:
        return
    purpose = privacy.Purpose.MARKETING_MAIL
    if here.read(lambda session: privacy.allows(session, person_id, purpose)):
        here.write(
            lambda session: promotions.note_open_checkout(
                session, person_id, product.id, page.way.offer.price, clock=clock
            )
        )
