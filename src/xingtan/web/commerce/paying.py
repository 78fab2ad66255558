"""Between the order and the money: a code to scan, or a bank transfer to send."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import NotFound, say
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.paying_pages import ScanPage, TransferPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.render import render

router = APIRouter()


@router.get("/pay/{number}/scan")
def scan(here: EdgeDep, number: str) -> Response:
    """The code that the buyer scans; once there is nothing to scan any more, how the payment stands."""
    order = _mine(here, number)
    payment = order.payments[-1] if order.payments else None
    if payment is None or payment.qr is None or order.state != "placed":
        return _returned(here, order)
    page = ScanPage(order, payment.amount, payment.provider, code(payment.qr))
    return render(here, page)


@router.get("/pay/{number}/transfer")
def transfer(here: EdgeDep, number: str) -> Response:
    """Where to send the transfer; once it was decided, how the payment stands."""
    order = _mine(here, number)
    payment = order.payments[-1] if order.payments else None
    if payment is None or payment.provider != "manual":
        raise NotFound(say("There is nothing here."))
    found = here.read(lambda session: commerce.transfer(session, payment.id))
    if found.state != "open" or order.state not in {"placed", "expired"}:
        return _returned(here, order)
    return render(here, TransferPage(order, found, here.platform.settings.bank_account.strip()))


def code(text: str) -> str:
    """Return `text` as a picture to scan: an SVG in a ``data:`` address, which the page may show."""
    import segno  # noqa: PLC0415 - only where a code is drawn

    return segno.make(text, error="m").svg_data_uri(scale=6, border=3, light="white")


def _mine(here: Edge, number: str) -> commerce.OrderView:
    here.require_person()
    return here.read(lambda session: commerce.my_order(session, here.viewer, number))


def _returned(here: Edge, order: commerce.OrderView) -> Response:
    return RedirectResponse(here.url(f"/pay/{order.number}/return"), status_code=303)
