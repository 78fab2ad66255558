"""Bank transfers in the studio: what arrived, what never came, what was sent back."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, Refused, say
from xingtan.core.money import parse_money
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.paying_pages import Errors, TransfersPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]


@router.get("/studio/transfers")
def transfers(here: EdgeDep) -> Response:
    """What is looked for, and what is to be sent back."""
    here.require(Permission.ORDERS_READ)
    return render(here, _page(here))


@router.post("/studio/transfers/{reference}/arrived")
def arrived(here: EdgeDep, reference: str, amount: Text = "") -> Response:
    """So much arrived; when it is not what was asked for, the payment is held."""

    def work(session: Session) -> None:
        found = commerce.transfers(session, here.viewer, state="open")
        looked_for = next((one for one in found if one.reference == reference), None)
        if looked_for is None:
            raise NotFound(say("There is no such payment."))
        sum_ = parse_money(amount, looked_for.amount.currency)
        commerce.confirm_transfer(session, here.viewer, reference, sum_, clock=here.platform.clock)

    return _done(here, work, about=reference, amount=amount)


@router.post("/studio/transfers/{reference}/rejected")
def rejected(here: EdgeDep, reference: str) -> Response:
    """Nothing came, and nothing is looked for any more."""
    clock = here.platform.clock
    return _done(
        here, lambda session: commerce.reject_transfer(session, here.viewer, reference, clock=clock), about=reference
    )


@router.post("/studio/transfers/refunds/{key}")
def sent_back(here: EdgeDep, key: str, outcome: Text = "") -> Response:
    """Money was sent back, or cannot be."""
    clock = here.platform.clock
    return _done(
        here, lambda session: commerce.decide_refund(session, here.viewer, key, outcome, clock=clock), about=key
    )


def _done(here: Edge, work: Callable[[Session], None], *, about: str, amount: str = "") -> Response:
    here.require(Permission.ORDERS_REFUND)
    try:
        here.write(work)
    except (Invalid, Conflict) as error:
        return _refused(here, error, about=about, amount=amount)
    return RedirectResponse(here.url("/studio/transfers"), status_code=303)


def _refused(here: Edge, error: Refused, *, about: str, amount: str) -> Response:
    page = _page(here, about=about, amount=amount, errors=words_of(here, error))
    return render(here, page, status=status_of(error))


def _page(here: Edge, *, about: str = "", amount: str = "", errors: Errors | None = None) -> TransfersPage:
    with here.platform.database.reading() as session:
        return TransfersPage(
            transfers=commerce.transfers(session, here.viewer, state="open"),
            refunds=commerce.refunds_by_hand(session, here.viewer),
            is_offered=bool(here.platform.settings.bank_account.strip()),
            values={about: amount} if amount else {}, about=about, errors=errors or {},
        )  # fmt: skip
