"""Coupons in the studio: what there is, what each has brought in, another one."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import CURRENCIES
from xingtan.core.viewer import Permission
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.promotion_forms import (
    Faults,
    instant,
    listed_products,
    minor,
    product,
    share_bp,
    titles_of,
    whole,
)
from xingtan.web.commerce.promotion_pages import CouponsPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_VERBS = {
    "pause": promotions.pause_coupon, "resume": promotions.resume_coupon, "end": promotions.end_coupon,
}  # fmt: skip
_LASTS = {"first": 1, "all": None}


@router.get("/studio/coupons")
def coupons(here: EdgeDep) -> Response:
    """Coupons, newest first."""
    here.require(Permission.CATALOG_READ)
    return render(here, _page(here))


@router.post("/studio/coupons")
def make(
    here: EdgeDep,
    *,
    code: Text = "",
    worth: Text = "",
    value: Text = "",
    currency: Text = "",
    least: Text = "",
    total: Text = "",
    per_person: Text = "",
    lasts: Text = "first",
    periods: Text = "",
    stackable: Text = "",
    starts_at: Text = "",
    ends_at: Text = "",
    note: Text = "",
    products: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Another coupon."""
    here.require(Permission.CATALOG_WRITE)
    values = {
        "code": code, "worth": worth, "value": value, "currency": currency, "least": least, "total": total,
        "per_person": per_person, "lasts": lasts, "periods": periods, "stackable": stackable, "starts_at": starts_at,
        "ends_at": ends_at, "note": note,
    }  # fmt: skip
    chosen = products or []
    try:
        command = _command(here, values, chosen)
        here.write(lambda session: promotions.make_coupon(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        errors = {_FIELDS.get(name, name): words for name, words in words_of(here, error).items()}
        return render(here, _page(here, values=values, chosen=chosen, errors=errors), status=status_of(error))
    return RedirectResponse(here.url("/studio/coupons"), status_code=303)


_FIELDS = {"share": "value", "amounts": "value"}


@router.post("/studio/coupons/{coupon}/{verb}")
def change(here: EdgeDep, coupon: str, verb: str) -> Response:
    """Pause a coupon, resume it, take it back."""
    here.require(Permission.CATALOG_WRITE)
    coupon_id = private_id("coupon", coupon)
    work = _VERBS.get(verb)
    if work is None:
        raise NotFound(say("There is nothing here."))
    here.write(lambda session: work(session, here.viewer, coupon_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/coupons"), status_code=303)


def _command(here: Edge, values: Mapping[str, str], chosen: Sequence[str]) -> promotions.MakeCoupon:
    faults: Faults = {}
    currency, worth = values["currency"], values["worth"]
    if worth not in {"share", "amount"}:
        faults["worth"] = say("Please choose one of these.")
    if currency not in CURRENCIES:
        raise Invalid(faults | {"currency": say("This currency is not known here.")})
    command = promotions.MakeCoupon(
        values["code"],
        share_bp("value", values["value"], faults) if worth == "share" else None,
        {currency: minor("value", values["value"], currency, faults)} if worth == "amount" else {},
        {currency: minor("least", values["least"], currency, faults)} if values["least"].strip() else {},
        tuple(found for one in chosen if (found := product("products", one, faults)) is not None),
        periods=_periods(values, faults),
        total=whole("total", values["total"], faults),
        per_person=whole("per_person", values["per_person"], faults),
        is_stackable=values["stackable"] == "1",
        starts_at=instant(here, "starts_at", values["starts_at"], faults),
        ends_at=instant(here, "ends_at", values["ends_at"], faults),
        note=values["note"][:200].replace("\x00", ""),
    )
    if faults:
        raise Invalid(faults)
    return command


def _periods(values: Mapping[str, str], faults: Faults) -> int | None:
    if values["lasts"] != "some":
        return _LASTS.get(values["lasts"], 1)
    return whole("periods", values["periods"] or "0", faults)


def _page(
    here: Edge, *, values: Mapping[str, str] | None = None, chosen: Sequence[str] = (), errors: Errors | None = None
) -> CouponsPage:
    currency = here.request.app.state.academy.view(here.language).currency
    with here.platform.database.reading() as session:
        found = promotions.coupons(session, here.viewer, at=here.platform.clock.now())
        may_count = here.viewer.may(Permission.NUMBERS_READ)
        ids = [one.id for one in found]
        return CouponsPage(
            coupons=found,
            ids={one: public_id("coupon", one) for one in ids},
            figures=promotions.coupon_figures(session, here.viewer, ids) if may_count else {},
            products=listed_products(session),
            titles=titles_of(session, [product_id for one in found for product_id in one.product_ids]),
            currencies=tuple(CURRENCIES),
            values=values or {"worth": "share", "currency": currency, "lasts": "first"},
            chosen=chosen,
            errors=errors or {},
        )
