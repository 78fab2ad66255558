"""Tax in the studio: what stands on documents about the academy, and the rates."""

import re
from collections.abc import Mapping
from typing import Annotated, cast

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.document_pages import TaxPage
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.studio_prices import instant_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_PERCENT = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<rest>[0-9]{1,2}))?")


@router.get("/studio/tax")
def tax(here: EdgeDep, saved: str = "") -> Response:
    """What stands on documents, and the rates of tax."""
    here.require(Permission.SETTINGS_WRITE)
    return render(here, _page(here, has_saved=saved == "seller"))


@router.post("/studio/tax/seller")
def save_seller(
    here: EdgeDep, *, name: Text = "", tax_number: Text = "", address: Text = "", country: Text = "", note: Text = ""
) -> Response:
    """Keep what stands on documents about the academy."""
    here.require(Permission.SETTINGS_WRITE)
    typed = documents.SellerDetails(name, tax_number, address, country, note)
    try:
        here.write(lambda session: documents.save_seller(session, here.viewer, typed, clock=here.platform.clock))
    except Invalid as error:
        page = _page(here, seller=typed, seller_errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url("/studio/tax?saved=seller"), status_code=303)


@router.post("/studio/tax/rates")
def make_rate(
    here: EdgeDep, *, country: Text = "", kind: Text = "", rate: Text = "", mode: Text = "", starts_at: Text = "",
    ends_at: Text = "",
) -> Response:  # fmt: skip
    """Have a rate hold."""
    here.require(Permission.SETTINGS_WRITE)
    values = {
        "country": country, "kind": kind, "rate": rate, "mode": mode, "starts_at": starts_at, "ends_at": ends_at,
    }  # fmt: skip
    try:
        command = _command(here, values)
        here.write(lambda session: documents.make_tax_rate(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        return render(here, _page(here, values=values, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/studio/tax"), status_code=303)


@router.post("/studio/tax/rates/{rate}/end")
def end_rate(here: EdgeDep, rate: str) -> Response:
    """Have a rate hold no longer."""
    here.require(Permission.SETTINGS_WRITE)
    rate_id = private_id("event", rate)
    here.write(lambda session: documents.end_tax_rate(session, here.viewer, rate_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/tax"), status_code=303)


def _command(here: Edge, values: Mapping[str, str]) -> documents.MakeTaxRate:
    faults: dict[str, Sentence] = {}
    starts_at, ends_at = (instant_of(here, name, values[name], faults) for name in ("starts_at", "ends_at"))
    rate_bp = _basis_points(values["rate"])
    if rate_bp is None:
        faults["rate"] = say("Write the rate in plain digits, such as 6 or 8.25.")
    if values["mode"] not in documents.TAX_MODES:
        faults["mode"] = say("Please choose one of these.")
    if faults or rate_bp is None:
        raise Invalid(faults)
    rate = documents.Rate(rate_bp, cast("documents.TaxMode", values["mode"]))
    return documents.MakeTaxRate(values["country"], values["kind"], rate, starts_at, ends_at)


def _basis_points(text: str) -> int | None:
    found = _PERCENT.fullmatch(text.strip(" "))
    return int(found["whole"]) * 100 + int((found["rest"] or "").ljust(2, "0")) if found else None


def _page(
    here: Edge, *, seller: documents.SellerDetails | None = None, values: Mapping[str, str] | None = None,
    seller_errors: Errors | None = None, errors: Errors | None = None, has_saved: bool = False,
) -> TaxPage:  # fmt: skip
    now = here.platform.clock.now()
    with here.platform.database.reading() as session:
        rates = documents.tax_rates(session, here.viewer)
        shown = seller or documents.seller(session, here.viewer) or _first_seller(identity.academy(session))
    begun = [one for one in rates if one.starts_at <= now]
    over = frozenset(one.id for one in rates if one.ends_at is not None and one.ends_at <= now)
    return TaxPage(
        seller={name: getattr(shown, name) for name in ("name", "tax_number", "address", "country", "note")},
        rates=rates, rate_ids={one.id: public_id("event", one.id) for one in rates},
        live=frozenset(one.id for one in begun) - over, over=over, kinds=catalog.PRODUCT_KINDS,
        values=values or {"mode": "inclusive"}, seller_errors=seller_errors or {}, errors=errors or {},
        has_saved=has_saved,
    )  # fmt: skip


def _first_seller(academy: identity.AcademyView | None) -> documents.SellerDetails:
    return documents.SellerDetails(academy.legal_name if academy else "", "", "", "", "")
