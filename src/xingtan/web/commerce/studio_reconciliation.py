"""Money that is not decided: refunds under way and their rule, payments that wait, providers beside the books."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Invalid, NotFound, Sentence, say
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import Errors, ReconciliationPage, RefundsPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.studio_prices import whole
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_ASKING = "6/minute"


@router.get("/studio/refunds")
def refunds(here: EdgeDep, which: Annotated[str, Query(max_length=8)] = "open") -> Response:
    """Refunds that are not through yet, or all; and the rule by which buyers have them by themselves."""
    here.require(Permission.ORDERS_READ)
    return render(here, here.read(lambda session: _refunds_page(session, here, which=which)))


@router.post("/studio/refunds/rule")
def set_rule(here: EdgeDep, *, days: Text = "", most_completed: Text = "") -> Response:
    """Another rule, for orders from now on."""
    here.require(Permission.SETTINGS_WRITE)
    values = {"days": days, "most_completed": most_completed}
    try:
        number, share = _rule(values)
        here.write(
            lambda session: commerce.set_refund_policy(
                session, here.viewer, days=number, most_completed_bp=share * 100, clock=here.platform.clock
            )
        )
    except Invalid as error:
        errors = words_of(here, error)
        page = here.read(lambda session: _refunds_page(session, here, which="open", values=values, errors=errors))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url("/studio/refunds"), status_code=303)


def _rule(values: Mapping[str, str]) -> tuple[int, int]:
    faults: dict[str, Sentence] = {}
    days, share = (whole(name, values[name], faults) for name in ("days", "most_completed"))
    for name, found in (("days", days), ("most_completed", share)):
        if found is None:
            faults.setdefault(name, say("Write a whole number in plain digits."))
    if faults or days is None or share is None:
        raise Invalid(faults)
    return days, share


def _refunds_page(
    session: Session, here: Edge, *, which: str, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> RefundsPage:
    states = () if which == "all" else commerce.UNDECIDED_REFUNDS
    policies = commerce.refund_policies(session, here.viewer)
    today = policies[0].policy
    as_written = {"days": str(today.days), "most_completed": str(today.most_completed_bp // 100)}
    return RefundsPage(
        which="all" if which == "all" else "open", refunds=commerce.refunds(session, here.viewer, states=states),
        policies=policies, values=values or as_written, errors=errors or {},
    )  # fmt: skip


@router.get("/studio/reconciliation")
def reconciliation(here: EdgeDep) -> Response:
    """What waits, is unknown, does not match or is disputed; what each provider holds, by payments and by the books."""
    here.require(Permission.ORDERS_READ)
    return render(here, here.read(lambda session: _page(session, here)))


@router.post("/studio/reconciliation/ask")
def ask(here: EdgeDep) -> Response:
    """Ask the providers about everything that is open, now."""
    person_id, platform = _may_ask(here), here.platform
    platform.limiter.check(_ASKING, "reconcile", person_id)
    asked = commerce.ask_all_open(platform.database, commerce.open_providers(platform), clock=platform.clock)
    return render(here, here.read(lambda session: _page(session, here, asked=asked)))


@router.post("/studio/reconciliation/compare")
def compare(here: EdgeDep, provider: Text = "") -> Response:
    """Ask one provider about its newest payments, and show where it says something else than we do."""
    person_id, platform = _may_ask(here), here.platform
    platform.limiter.check(_ASKING, "reconcile", person_id)
    providers = commerce.open_providers(platform)
    if provider not in providers:
        raise NotFound(say("This way to pay is not offered here."))
    found = commerce.compare(platform.database, providers, provider)
    return render(here, here.read(lambda session: _page(session, here, comparison=found)))


def _may_ask(here: Edge) -> str:
    here.require(Permission.ORDERS_REFUND)
    return str(here.require_person())


def _page(
    session: Session, here: Edge, *, asked: tuple[int, int] | None = None,
    comparison: commerce.Comparison | None = None,
) -> ReconciliationPage:  # fmt: skip
    may_see_books = here.viewer.may(Permission.NUMBERS_READ)
    return ReconciliationPage(
        payments=commerce.open_payments(session, here.viewer),
        refunds=commerce.refunds(session, here.viewer, states=commerce.UNDECIDED_REFUNDS),
        disputes=commerce.disputes(session, here.viewer),
        sums=commerce.provider_sums(session, here.viewer) if may_see_books else (),
        providers=tuple(name for name in commerce.open_providers(here.platform) if name != "wallet"),
        asked=asked, comparison=comparison,
    )  # fmt: skip
