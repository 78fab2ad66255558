"""Another price for existing subscribers, in the studio: which plan's, from which day on, and who is told."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Invalid, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import subscribing
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.promotion_forms import Faults, instant
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.subscription_pages import PlanLine, RepricingPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_HERE = "/studio/subscriptions/new-price"


@router.get(_HERE)
def repricing(here: EdgeDep, told: Annotated[int, Query(ge=0, le=10**9)] = 0) -> Response:
    """The plans whose price some subscribers do not pay."""
    here.require(Permission.CATALOG_WRITE)
    return render(here, _page(here, told=told))


@router.post(_HERE)
def announce(here: EdgeDep, offer: Text = "", since: Text = "") -> Response:
    """Have them told."""
    here.require(Permission.CATALOG_WRITE)
    try:
        command = _command(here, offer, since)
        told = here.write(
            lambda session: subscribing.announce_price(session, here.viewer, command, clock=here.platform.clock)
        )
    except Invalid as error:
        page = _page(here, values={"offer": offer, "from": since}, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"{_HERE}?told={told}"), status_code=303)


def _command(here: Edge, offer: str, since: str) -> subscribing.NewPrice:
    faults: Faults = {}
    at = instant(here, "from", since, faults)
    if at is None and not faults:
        faults["from"] = say("Write a date and a time, such as 2026-11-22T08:00.")
    if not offer:
        faults["offer"] = say("Please choose one of these.")
    if faults or at is None:
        raise Invalid(faults)
    return subscribing.NewPrice(private_id("offer", offer), at)


def _page(
    here: Edge, *, values: dict[str, str] | None = None, errors: Errors | None = None, told: int = 0
) -> RepricingPage:
    now = here.platform.clock.now()
    zone = ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)
    soonest = (now + subscribing.REPRICE_NOTICE + timedelta(days=1)).astimezone(zone)
    with here.platform.database.reading() as session:
        plans = tuple(_line(here, session, one) for one in subscribing.plans_to_tell(session, here.viewer, at=now))
    standing = {"offer": "", "from": soonest.strftime("%Y-%m-%dT00:00")}
    return RepricingPage(plans, subscribing.REPRICE_NOTICE.days, told, values or standing, errors or {})


def _line(here: Edge, session: Session, one: subscribing.PlanToTell) -> PlanLine:
    offer = one.offered.offer
    return PlanLine(
        public_id("offer", offer.id), _title(here, session, offer.product_id, offer.tier_id), one.offered.plan,
        one.subscribers,
    )  # fmt: skip


def _title(here: Edge, session: Session, product_id: UUID | None, tier_id: UUID | None) -> str:
    if product_id is not None:
        return catalog.find_products(session, [product_id])[product_id].title
    assert tier_id is not None  # noqa: S101 - a plan is of one of the two
    return subscribing.tier(session, tier_id).name_in(here.language)
