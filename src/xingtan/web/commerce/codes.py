"""Redeem codes: batches in the studio, and the page on which a code is typed."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, LimitReached, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.promotion_forms import Faults, instant, listed_products, product, titles_of, whole
from xingtan.web.commerce.promotion_pages import BatchesPage, BatchPage, RedeemPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep, SignInFirst
from xingtan.web.errors import status_of
from xingtan.web.render import render
from xingtan.web.translations import in_words

router = APIRouter()
Text = Annotated[str, Form()]
_PERSON, _CLIENT = "10/hour", "30/hour"
_LONGEST_CODE = 60
_VERBS = {"pause": promotions.pause_batch, "resume": promotions.resume_batch, "end": promotions.end_batch}


@router.get("/studio/codes")
def batches(here: EdgeDep) -> Response:
    """Batches of redeem codes, newest first."""
    here.require(Permission.CATALOG_READ)
    return render(here, _batches_page(here))


@router.post("/studio/codes")
def make(
    here: EdgeDep,
    *,
    title: Text = "",
    gives: Text = "",
    days: Text = "",
    total: Text = "",
    per_person: Text = "1",
    ends_at: Text = "",
) -> Response:
    """Another batch; its codes are made on its own page."""
    here.require(Permission.CATALOG_WRITE)
    values = {
        "title": title, "gives": gives, "days": days, "total": total, "per_person": per_person, "ends_at": ends_at,
    }  # fmt: skip
    try:
        command = _command(here, values)
        made = here.write(
            lambda session: promotions.make_batch(session, here.viewer, command, clock=here.platform.clock)
        )
    except (Invalid, Conflict) as error:
        page = _batches_page(here, values=values, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/codes/{public_id('batch', made.id)}"), status_code=303)


@router.get("/studio/codes/{batch}")
def batch(here: EdgeDep, batch: str) -> Response:
    """One batch: how it stands, and what can be done with it."""
    here.require(Permission.CATALOG_READ)
    batch_id = private_id("batch", batch)
    with here.platform.database.reading() as session:
        found = promotions.batch(session, here.viewer, batch_id, at=here.platform.clock.now())
        titles = _titles(here, session, [found])
    return render(here, BatchPage(found, batch, titles.get(found.product_id or found.tier_id, "")))


@router.post("/studio/codes/{batch}/make")
def make_codes(here: EdgeDep, batch: str) -> Response:
    """The codes as a file, for this once."""
    here.require(Permission.CATALOG_WRITE)
    batch_id = private_id("batch", batch)
    codes = here.write(lambda session: promotions.make_codes(session, here.viewer, batch_id, clock=here.platform.clock))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["code"])
    writer.writerows([code] for code in codes)
    headers = {"Content-Disposition": f'attachment; filename="codes-{batch}.csv"', "Cache-Control": "no-store"}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/studio/codes/{batch}/{verb}")
def change(here: EdgeDep, batch: str, verb: str) -> Response:
    """Pause a batch, resume it, take it back."""
    here.require(Permission.CATALOG_WRITE)
    batch_id = private_id("batch", batch)
    work = _VERBS.get(verb)
    if work is None:
        raise NotFound(say("There is nothing here."))
    here.write(lambda session: work(session, here.viewer, batch_id, clock=here.platform.clock))
    return RedirectResponse(here.url(f"/studio/codes/{batch}"), status_code=303)


@router.get("/redeem")
def redeem_page(here: EdgeDep, code: Annotated[str, Query(max_length=_LONGEST_CODE)] = "") -> Response:
    """Where a code is typed."""
    return render(here, RedeemPage(code))


@router.post("/redeem")
def redeem(here: EdgeDep, code: Text = "") -> Response:
    """Give what the code gives. Every code that gives nothing gets the same answer."""
    if here.person_id is None:
        raise SignInFirst("/redeem")
    platform = here.platform
    try:
        platform.limiter.check(_PERSON, "redeem", str(here.person_id))
        platform.limiter.check(_CLIENT, "redeem from", here.client)
        given = here.write(lambda session: promotions.redeem(session, here.viewer, code, clock=platform.clock))
    except (Conflict, LimitReached) as error:
        errors = {"code": words_of(here, error)[""]}
        return render(here, RedeemPage(code[:_LONGEST_CODE], errors=errors), status=status_of(error))
    title, path = here.read(lambda session: _given(here, session, given))
    return render(here, RedeemPage(given=title, path=path, starts_at=given.starts_at, until=given.until))


def _given(here: Edge, session: Session, given: promotions.RedeemedView) -> tuple[str, str]:
    """Return what the code gave, and where it is opened: a product's own place, or the shelf for a membership."""
    if given.product_id is not None:
        card = catalog.find_products(session, [given.product_id])[given.product_id]
        return card.title, f"/learn/{card.slug}"
    assert given.tier_id is not None  # noqa: S101 - one of the two, by a constraint
    return subscribing.tier(session, given.tier_id).name_in(here.language), "/shelf"


def _command(here: Edge, values: Mapping[str, str]) -> promotions.MakeBatch:
    faults: Faults = {}
    product_id, tier_id = _gives(values["gives"], faults)
    days = whole("days", values["days"], faults)
    total = whole("total", values["total"], faults)
    per_person = whole("per_person", values["per_person"], faults)
    ends_at = instant(here, "ends_at", values["ends_at"], faults)
    if faults:
        raise Invalid(faults)
    return promotions.MakeBatch(values["title"], product_id, total or 0, days, per_person or 0, ends_at, tier_id)


def _gives(text: str, faults: Faults) -> tuple[UUID | None, UUID | None]:
    """Return the product or the tier that was chosen; neither, with a fault, for what is none."""
    try:
        return None, private_id("tier", text)
    except NotFound:
        product_id = product("gives", text, faults)
    if product_id is None:
        faults["gives"] = say("Please choose one of these.")
    return product_id, None


def _batches_page(here: Edge, *, values: Mapping[str, str] | None = None, errors: Errors | None = None) -> BatchesPage:
    with here.platform.database.reading() as session:
        found = promotions.batches(session, here.viewer, at=here.platform.clock.now())
        return BatchesPage(
            batches=found, ids={one.id: public_id("batch", one.id) for one in found},
            gives=[*listed_products(session), *_listed_tiers(here, session)], titles=_titles(here, session, found),
            values=values or {"per_person": "1"}, errors=errors or {},
        )  # fmt: skip


def _listed_tiers(here: Edge, session: Session) -> list[tuple[str, str]]:
    return [(public_id("tier", one.id), _membership(here, one)) for one in subscribing.tiers(session)]


def _membership(here: Edge, tier: subscribing.TierView) -> str:
    return in_words(say("Membership: %(name)s", name=tier.name_in(here.language)), here.language)


def _titles(here: Edge, session: Session, found: Sequence[promotions.BatchView]) -> dict[UUID | None, str]:
    """Return what each product or tier is called that one of the batches gives."""
    given = titles_of(session, [one.product_id for one in found if one.product_id])
    tiers = {one.id: _membership(here, one) for one in subscribing.tiers(session, with_retired=True)}
    return {key: title for named in (given, tiers) for key, title in named.items()}
