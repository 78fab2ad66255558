"""The pricing page: memberships side by side, monthly or yearly."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from xingtan.core.ids import public_id
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import subscribing
from xingtan.web.commerce.subscription_pages import PricingPage, TierColumn
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.render import render

router = APIRouter()
_MOST_TITLES = 4


@router.get("/pricing")
def pricing(here: EdgeDep, every: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Every tier with what it opens and what it costs."""
    return render(here, here.read(lambda session: _page(session, here, every)))


def _page(session: Session, here: Edge, every: str) -> PricingPage:
    at, currency = here.platform.clock.now(), here.request.app.state.academy.view(here.language).currency
    plans = subscribing.plans_on_sale(session, currency=currency, at=at)
    rhythms = tuple(dict.fromkeys(str(one.plan.every) for one in sorted(plans, key=lambda it: _length(it.plan))))
    chosen = every if every in rhythms else next(iter(rhythms), "")
    mine = subscribing.memberships(session, here.person_id, at=at) if here.person_id else ()
    held = {one.tier_id for one in mine}
    columns = []
    for tier in subscribing.tiers(session):
        own = [one for one in plans if one.offer.tier_id == tier.id and str(one.plan.every) == chosen]
        columns.append(TierColumn(tier, _titles(session, tier.id), own, tier.id in held))
    return PricingPage(columns, rhythms, chosen, {one.offer.id: public_id("offer", one.offer.id) for one in plans})


def _length(plan: subscribing.Plan) -> int:
    return plan.every.months * 30 + plan.every.days


def _titles(session: Session, tier_id: UUID) -> tuple[str, ...]:
    """Return the titles of some of the products that the tier opens."""
    ids = sorted(subscribing.opened(session, tier_id))
    found = catalog.find_products(session, ids[:_MOST_TITLES])
    return tuple(found[one].title for one in ids[:_MOST_TITLES] if one in found)
