"""Prices in the studio: a product's offers, a new one, one taken off sale."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import CURRENCIES, Money, parse_money, zero
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import Errors, PricesPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_MODELS = ("once", "free", "pay_what_you_want")


@router.get("/studio/products/{slug}/prices")
def prices(here: EdgeDep, slug: str) -> Response:
    """A product's prices, those of before included."""
    here.require(Permission.CATALOG_READ)
    return render(here, _page(here, slug))


@router.post("/studio/products/{slug}/prices")
def make(
    here: EdgeDep,
    slug: str,
    *,
    model: Text = "",
    currency: Text = "",
    price: Text = "",
    floor: Text = "",
    starts_at: Text = "",
    ends_at: Text = "",
) -> Response:
    """A new price; it takes the place of the one before."""
    here.require(Permission.CATALOG_WRITE)
    when = {"starts_at": starts_at, "ends_at": ends_at}
    values = {"model": model, "currency": currency, "price": price, "floor": floor, **when}
    product = here.read(lambda session: catalog.product_by_slug(session, slug))
    try:
        command = _command(here, product, values)
        here.write(lambda session: commerce.make_offer(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        page = _page(here, slug, values=values, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/products/{product.slug}/prices"), status_code=303)


@router.post("/studio/products/{slug}/prices/{offer}/retire")
def retire(here: EdgeDep, slug: str, offer: str) -> Response:
    """Take a price off sale."""
    here.require(Permission.CATALOG_WRITE)
    offer_id = private_id("offer", offer)
    here.write(lambda session: commerce.retire_offer(session, here.viewer, offer_id, clock=here.platform.clock))
    return RedirectResponse(here.url(f"/studio/products/{slug}/prices"), status_code=303)


def _command(here: Edge, product: catalog.ProductCard, values: Mapping[str, str]) -> commerce.MakeOffer:
    faults: dict[str, Sentence] = {}
    model, currency = values["model"], values["currency"]
    if model not in _MODELS:
        faults["model"] = say("Please choose one of these.")
    if currency not in CURRENCIES:
        raise Invalid(faults | {"currency": say("This currency is not known here.")})
    is_free = model == "free"
    amount = zero(currency) if is_free else _amount("price", values["price"], currency, faults)
    floor = _amount("floor", values["floor"], currency, faults) if _has_floor(values) else None
    starts_at, ends_at = (_instant(here, name, values[name], faults) for name in ("starts_at", "ends_at"))
    if faults or amount is None:
        raise Invalid(faults)
    return commerce.MakeOffer(
        product.id, cast("commerce.OfferModel", model), amount, floor, starts_at=starts_at, ends_at=ends_at
    )


def _has_floor(values: Mapping[str, str]) -> bool:
    return values["model"] == "pay_what_you_want" and bool(values["floor"].strip())


def _amount(name: str, text: str, currency: str, faults: dict[str, Sentence]) -> Money | None:
    try:
        return parse_money(text, currency, field=name)
    except Invalid as error:
        faults |= error.fields
        return None


def _instant(here: Edge, name: str, text: str, faults: dict[str, Sentence]) -> datetime | None:
    """Return the instant that a person wrote in the academy's own zone; None for nothing written."""
    if not text.strip():
        return None
    zone = ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)
    try:
        written = datetime.fromisoformat(text.strip())
        return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(ZoneInfo("UTC"))
    except (ValueError, OverflowError):  # no date, or one before the year 1
        faults[name] = say("Write a date and a time, such as 2026-11-22T08:00.")
        return None


def _page(
    here: Edge, slug: str, *, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> PricesPage:
    at = here.platform.clock.now()
    currency = here.request.app.state.academy.view(here.language).currency
    with here.platform.database.reading() as session:
        product = catalog.product_by_slug(session, slug)
        offers = commerce.offers_of(session, here.viewer, product.id)
        sold = commerce.sold_count(session, [product.id])[product.id]
    return PricesPage(
        product=product,
        offers=offers,
        live=frozenset(one.id for one in offers if one.is_live(at)),
        offer_ids={one.id: public_id("offer", one.id) for one in offers},
        sold=sold,
        currencies=tuple(CURRENCIES),
        values=values or {"model": "once", "currency": currency},
        errors=errors or {},
    )
