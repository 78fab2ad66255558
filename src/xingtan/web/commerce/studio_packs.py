"""What is sold ahead and per use, in the studio: top-ups, credits, prices per lesson, minute and question."""

from collections.abc import Mapping
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import CURRENCIES, parse_money
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.wallet_pages import PacksPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_MODELS = ("top_up", "credits", "per_use")


@router.get("/studio/packs")
def packs(here: EdgeDep) -> Response:
    """What is sold ahead and per use."""
    here.require(Permission.CATALOG_READ)
    return render(here, _page(here))


@router.post("/studio/packs")
def make(
    here: EdgeDep, *, model: Text = "", title: Text = "", currency: Text = "", price: Text = "", bonus: Text = "",
    unit: Text = "", uses: Text = "", days: Text = "", product: Text = "",
) -> Response:  # fmt: skip
    """A new pack, or a new price per use."""
    here.require(Permission.CATALOG_WRITE)
    values = {
        "model": model, "title": title, "currency": currency, "price": price, "bonus": bonus, "unit": unit,
        "uses": uses, "days": days, "product": product,
    }  # fmt: skip
    try:
        command = _command(here, values)
        here.write(lambda session: commerce.make_offer(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        errors = {_FIELDS.get(name, name): text for name, text in words_of(here, error).items()}
        return render(here, _page(here, values=values, errors=errors), status=status_of(error))
    return RedirectResponse(here.url("/studio/packs"), status_code=303)


_FIELDS = {"credits": "uses"}
"""What the domain calls otherwise than the form."""


@router.post("/studio/packs/{offer}/retire")
def retire(here: EdgeDep, offer: str) -> Response:
    """Take a pack or a price per use off sale; what was bought stays."""
    here.require(Permission.CATALOG_WRITE)
    offer_id = private_id("offer", offer)
    here.write(lambda session: commerce.retire_offer(session, here.viewer, offer_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/packs"), status_code=303)


def _command(here: Edge, values: Mapping[str, str]) -> commerce.MakeOffer:
    faults: dict[str, Sentence] = {}
    model, currency = values["model"], values["currency"]
    if model not in _MODELS:
        raise Invalid.of("model", say("Please choose one of these."))
    if currency not in CURRENCIES:
        raise Invalid.of("currency", say("This currency is not known here."))
    price = parse_money(values["price"], currency, field="price")
    terms: dict[str, object] = {}
    if model != "per_use":
        terms["title"] = values["title"].strip()
    if model == "top_up":
        terms["bonus_minor"] = parse_money(values["bonus"] or "0", currency, field="bonus").minor
    else:
        terms["unit"] = values["unit"]
    if model == "credits":
        terms["credits"] = _whole("uses", values["uses"], faults)
        if values["days"].strip():
            terms["days"] = _whole("days", values["days"], faults)
    product_id = None if model == "top_up" else _product(here, values["product"].strip(), faults)
    if model == "per_use" and product_id is None:
        faults.setdefault("product", say("A price per use belongs to a product."))
    if faults:
        raise Invalid(faults)
    return commerce.MakeOffer(product_id, cast("commerce.OfferModel", model), price, terms=terms)


def _whole(name: str, text: str, faults: dict[str, Sentence]) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 6):  # noqa: PLR2004 - more digits than any limit has
        faults[name] = say("Write a whole number.")
        return 0
    return int(plain)


def _product(here: Edge, slug: str, faults: dict[str, Sentence]) -> UUID | None:
    if not slug:
        return None
    try:
        return here.read(lambda session: catalog.product_by_slug(session, slug)).id
    except NotFound:
        faults["product"] = say("There is no product with this name in its address.")
        return None


def _page(
    here: Edge, *, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> PacksPage:  # fmt: skip
    with here.reading() as session:
        offers = commerce.ahead_offers(session, here.viewer)
        cards = catalog.find_products(session, commerce.product_ids_of(offers))
    currency = here.request.app.state.academy.view(here.language).currency
    return PacksPage(
        offers=offers, offer_ids={one.id: public_id("offer", one.id) for one in offers},
        titles={card.id: card.title for card in cards.values()}, currencies=tuple(CURRENCIES),
        values=values or {"model": "top_up", "currency": currency, "unit": "lesson"}, errors=errors or {},
    )  # fmt: skip
