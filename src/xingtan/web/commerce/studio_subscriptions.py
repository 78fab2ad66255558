"""Everybody's subscriptions in the studio: who pays what, what is missing, and the end of one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import subscribing
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.subscription_pages import Errors, StudioSubscriptionPage, StudioSubscriptionsPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_STATES = ("trialing", "active", "past_due", "paused", "cancelled", "completed", "ended")


@router.get("/studio/subscriptions")
def subscriptions(
    here: EdgeDep,
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """All of them, newest first."""
    here.require(Permission.ORDERS_READ)
    only = subscribing.SubscriptionFilter(state=state if state in _STATES else None)
    behind = private_id("subscription", after) if after else None
    with here.platform.database.reading() as session:
        page = subscribing.subscriptions(session, here.viewer, only=only, after=behind)
        counts = subscribing.subscription_counts(session, here.viewer)
        names = identity.names_of(session, {row.person_id for row in page.rows}, vault=here.platform.vault)
    older = f"/studio/subscriptions?state={state}&after={_public(page.next_after)}" if page.next_after else None
    ids = {row.id: _public(row.id) for row in page.rows}
    known = {one: counts.get(one, 0) for one in _STATES}
    return render(here, StudioSubscriptionsPage(page.rows, ids, names, known, state, older))


@router.get("/studio/subscriptions/{sub}")
def one(here: EdgeDep, sub: str) -> Response:
    """One of them."""
    here.require(Permission.ORDERS_READ)
    return render(here, _page(here, sub))


@router.post("/studio/subscriptions/{sub}/cancel")
def cancel(here: EdgeDep, sub: str, reason: Text = "", when: Text = "") -> Response:
    """End it for the subscriber."""
    here.require(Permission.ORDERS_REFUND)
    command = subscribing.Cancel(private_id("subscription", sub), reason, when)  # type: ignore[arg-type]
    try:
        here.write(
            lambda session: subscribing.cancel_subscription(session, here.viewer, command, clock=here.platform.clock)
        )
    except (Invalid, Conflict) as error:
        return render(here, _page(here, sub, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url(f"/studio/subscriptions/{sub}"), status_code=303)


def _page(here: Edge, sub: str, *, errors: Errors | None = None) -> StudioSubscriptionPage:
    with here.platform.database.reading() as session:
        found = subscribing.subscription(session, here.viewer, private_id("subscription", sub))
        may_see = here.viewer.may(Permission.PEOPLE_READ)
        buyer = identity.person(session, here.viewer, found.person_id, vault=here.platform.vault) if may_see else None
    return StudioSubscriptionPage(
        found, sub, buyer, subscribing.CANCEL_REASONS, here.platform.clock.now(), errors or {}
    )


def _public(sub_id: UUID) -> str:
    return public_id("subscription", sub_id)
