"""Add-ons, purchasing power, and checkouts that were left, in the studio."""

from collections.abc import Mapping
from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.promotion_forms import Faults, listed_products, product, share_bp, titles_of
from xingtan.web.commerce.promotion_pages import BesidePage, LeftPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]


@router.get("/studio/beside")
def beside(here: EdgeDep) -> Response:
    """What is offered beside what, and what living where takes off."""
    here.require(Permission.CATALOG_READ)
    return render(here, _page(here))


@router.post("/studio/beside/add-ons")
def make_add_on(
    here: EdgeDep, *, offered: Text = "", beside: Text = "", place: Text = "", note_zh: Text = "", note_en: Text = ""
) -> Response:
    """Another add-on."""
    here.require(Permission.CATALOG_WRITE)
    values = {"offered": offered, "beside": beside, "place": place, "note_zh": note_zh, "note_en": note_en}
    try:
        command = _add_on(values)
        here.write(lambda session: promotions.make_add_on(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        return render(here, _page(here, values=values, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/studio/beside"), status_code=303)


def _add_on(values: Mapping[str, str]) -> promotions.MakeAddOn:
    faults: Faults = {}
    offered, beside_id = (product(name, values[name], faults) for name in ("offered", "beside"))
    if offered is None:
        faults["offered"] = say("Please choose one of these.")
    if faults or offered is None:
        raise Invalid(faults)
    note = {"zh": values["note_zh"], "en": values["note_en"]}
    return promotions.MakeAddOn(offered, cast("promotions.Place", values["place"]), beside_id, note)


@router.post("/studio/beside/add-ons/{add_on}/end")
def end_add_on(here: EdgeDep, add_on: str) -> Response:
    """Offer it no more."""
    here.require(Permission.CATALOG_WRITE)
    add_on_id = private_id("add_on", add_on)
    here.write(lambda session: promotions.end_add_on(session, here.viewer, add_on_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/beside"), status_code=303)


@router.post("/studio/beside/countries")
def set_country(here: EdgeDep, *, country: Text = "", off: Text = "") -> Response:
    """What living in a country takes off; 0 takes the country out."""
    here.require(Permission.CATALOG_WRITE)
    values = {"country": country, "off": off}
    try:
        off_bp = _share(off)
        here.write(
            lambda session: promotions.set_purchasing_power(
                session, here.viewer, country.strip().upper(), off_bp=off_bp, clock=here.platform.clock
            )
        )
    except Invalid as error:
        return render(here, _page(here, values=values, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/studio/beside"), status_code=303)


def _share(off: str) -> int:
    faults: Faults = {}
    found = share_bp("off", off, faults)
    if faults:
        raise Invalid(faults)
    return found


@router.get("/studio/left")
def left(here: EdgeDep, cursor: Annotated[str | None, Query(max_length=60)] = None) -> Response:
    """Checkouts that were left by people who agree to letters."""
    here.require(Permission.ORDERS_READ)
    with here.platform.database.reading() as session:
        found = promotions.abandoned_checkouts(session, here.viewer, cursor=cursor)
        page = LeftPage(
            checkouts=found.checkouts,
            names=identity.names_of(session, (one.person_id for one in found.checkouts), vault=here.platform.vault),
            titles=titles_of(session, [one.product_id for one in found.checkouts]),
            gifts=promotions.gift_counts(session, here.viewer),
            older=f"/studio/left?{urlencode({'cursor': found.next_cursor})}" if found.next_cursor else None,
        )
    return render(here, page)


def _page(here: Edge, *, values: Mapping[str, str] | None = None, errors: Errors | None = None) -> BesidePage:
    with here.platform.database.reading() as session:
        found = promotions.add_ons(session, here.viewer)
        shown = [one.offered_id for one in found] + [one.product_id for one in found if one.product_id]
        return BesidePage(
            add_ons=found, ids={one.id: public_id("add_on", one.id) for one in found},
            countries=promotions.purchasing_powers(session), products=listed_products(session),
            titles=titles_of(session, shown), values=values or {"place": "checkout"}, errors=errors or {},
        )  # fmt: skip
