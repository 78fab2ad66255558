"""Prices in the studio: a product's offers, a new one, one taken off sale."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import CURRENCIES, Money, parse_money, zero
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import Errors, PricesPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.ways import way_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

_MOST_DIGITS = 9
router = APIRouter()
Text = Annotated[str, Form()]
_MODELS = ("once", "free", "pay_what_you_want", "rental", "subscription", "instalments", "group")
"""The ways to sell a product. Packs, credits and prices per use have a page of their own, and so have tiers."""
INTERVALS = ("P1M", "P3M", "P6M", "P1Y", "P1W")


class PriceForm(BaseModel):
    """The form for a new price, as it came."""

    model: str = ""
    currency: str = ""
    price: str = ""
    floor: str = ""
    starts_at: str = ""
    ends_at: str = ""
    stock: str = ""
    days: str = ""
    interval: str = ""
    trial: str = ""
    card: str = ""
    intro_price: str = ""
    intro_periods: str = ""
    count: str = ""
    size: str = ""
    hours: str = ""


@router.get("/studio/products/{slug}/prices")
def prices(here: EdgeDep, slug: str) -> Response:
    """A product's prices, those of before included."""
    here.require(Permission.CATALOG_READ)
    return render(here, _page(here, slug))


@router.post("/studio/products/{slug}/prices")
def make(
    here: EdgeDep,
    slug: str,
    form: Annotated[PriceForm, Form()],
) -> Response:
    """A new price; it takes the place of the one before."""
    here.require(Permission.CATALOG_WRITE)
    values = form.model_dump()
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
        raise Invalid.of("model", say("Please choose one of these."))
    if currency not in CURRENCIES:
        raise Invalid(faults | {"currency": say("This currency is not known here.")})
    is_free = model == "free"
    amount = zero(currency) if is_free else _amount("price", values["price"], currency, faults)
    floor = _amount("floor", values["floor"], currency, faults) if _has_floor(values) else None
    starts_at, ends_at = (instant_of(here, name, values[name], faults) for name in ("starts_at", "ends_at"))
    terms, stock = terms_of(values, faults), whole("stock", values["stock"], faults)
    if faults or amount is None:
        raise Invalid(faults)
    return commerce.MakeOffer(
        product.id, cast("commerce.OfferModel", model), amount, floor, starts_at=starts_at, ends_at=ends_at,
        terms=terms, stock=stock,
    )  # fmt: skip


def terms_of(values: Mapping[str, str], faults: dict[str, Sentence]) -> dict[str, Any]:
    """Return what the way to sell needs besides a price, as commerce keeps it; what is missing, commerce says."""
    model = values["model"]
    if model == "rental":
        return {"days": whole("days", values["days"], faults)}
    if model == "group":
        return {name: whole(name, values[name], faults) for name in ("size", "hours")}
    if model == "instalments":
        return {"interval": values["interval"], "count": whole("count", values["count"], faults)}
    return _subscription(values, faults) if model == "subscription" else {}


def _subscription(values: Mapping[str, str], faults: dict[str, Sentence]) -> dict[str, Any]:
    terms: dict[str, Any] = {"interval": values["interval"]}
    trial = whole("trial", values["trial"], faults)
    if trial is not None:
        terms |= {"trial": f"P{trial}D", "card": "required" if values["card"] else "none"}
    if values["intro_price"].strip():
        first = _amount("intro_price", values["intro_price"], values["currency"], faults)
        periods = whole("intro_periods", values["intro_periods"] or "1", faults)
        terms["intro"] = {"minor": None if first is None else first.minor, "periods": periods}
    return terms


def whole(name: str, text: str, faults: dict[str, Sentence]) -> int | None:
    """Return the number that a person wrote in plain digits; None for nothing written."""
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= _MOST_DIGITS):
        faults[name] = say("Write a whole number in plain digits.")
        return None
    return int(text)


def _has_floor(values: Mapping[str, str]) -> bool:
    return values["model"] == "pay_what_you_want" and bool(values["floor"].strip())


def _amount(name: str, text: str, currency: str, faults: dict[str, Sentence]) -> Money | None:
    try:
        return parse_money(text, currency, field=name)
    except Invalid as error:
        faults |= error.fields
        return None


def instant_of(here: Edge, name: str, text: str, faults: dict[str, Sentence]) -> datetime | None:
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
        ways=tuple(way_of(one) for one in offers),
        intervals=INTERVALS,
        live=frozenset(one.id for one in offers if one.is_live(at)),
        offer_ids={one.id: public_id("offer", one.id) for one in offers},
        sold=sold,
        currencies=tuple(CURRENCIES),
        values=values or {"model": "once", "currency": currency},
        errors=errors or {},
    )
