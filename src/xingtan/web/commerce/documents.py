"""One's own documents: the list, the PDF, an invoice asked for later, and what invoices should say."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid
from xingtan.domains.commerce.documents import api as documents
from xingtan.web.commerce.document_pages import BillingPage, MyDocumentsPage
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.learning.serving import disposition
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_PRINTING = "60/minute"
_PDF = "application/pdf"


@router.get("/account/invoices")
def mine(here: EdgeDep) -> Response:
    """One's own receipts, invoices and credit notes."""
    here.require_person()
    return render(here, _page(here))


@router.post("/account/invoices/{label}/invoice")
def ask_for_invoice(here: EdgeDep, label: str) -> Response:
    """Ask for the invoice of a receipt."""
    here.require_person()
    platform = here.platform
    try:
        receipt = here.read(lambda session: documents.document(session, here.viewer, label, vault=platform.vault)).row
        here.write(
            lambda session: documents.request_invoice(
                session, here.viewer, receipt.id, vault=platform.vault, clock=platform.clock
            )
        )
    except Conflict as error:
        return render(here, _page(here, error=words_of(here, error)[""]), status=status_of(error))
    return RedirectResponse(here.url("/account/invoices"), status_code=303)


@router.get("/account/invoices/details")
def details(here: EdgeDep) -> Response:
    """What one's invoices should say."""
    here.require_person()
    found = here.read(lambda session: documents.billing(session, here.viewer, vault=here.platform.vault))
    values = _values(found) if found else {"kind": "company", "country": "CN" if here.language == "zh" else ""}
    return render(here, BillingPage(values, found is not None))


@router.post("/account/invoices/details")
def save_details(
    here: EdgeDep, *, kind: Text = "", title: Text = "", tax_number: Text = "", address: Text = "", country: Text = ""
) -> Response:
    """Keep what one's invoices should say."""
    here.require_person()
    typed, platform = documents.BuyerDetails(kind, title, tax_number, address, country), here.platform
    try:
        here.write(
            lambda session: documents.save_billing(
                session, here.viewer, typed, vault=platform.vault, clock=platform.clock
            )
        )
    except Invalid as error:
        return render(
            here, BillingPage(_values(typed), has_details=False, errors=words_of(here, error)), status=status_of(error)
        )
    return RedirectResponse(here.url("/account/invoices"), status_code=303)


@router.post("/account/invoices/details/forget")
def forget_details(here: EdgeDep) -> Response:
    """Delete what one's invoices should say; documents of before stay as they are."""
    here.require_person()
    here.write(lambda session: documents.forget_billing(session, here.viewer))
    return RedirectResponse(here.url("/account/invoices"), status_code=303)


@router.get("/account/invoices/{label}.pdf")
def printed(here: EdgeDep, label: str) -> Response:
    """One of one's own documents as PDF, or anybody's for staff who may read orders and names."""
    return print_document(here, label)


def print_document(here: Edge, label: str) -> Response:
    """Return the document as PDF in the language of the page from which it is asked."""
    person_id, platform = here.require_person(), here.platform
    platform.limiter.check(_PRINTING, "print document", str(person_id))
    view = here.read(lambda session: documents.document(session, here.viewer, label, vault=platform.vault))
    paper = documents.Paper(here.request.app.state.academy.view(here.language).name, here.language)
    headers = {
        "Content-Disposition": disposition(f"{label}.pdf", _PDF),
        "Cache-Control": "private, no-store",
    }
    return Response(documents.pdf(view, paper), media_type=_PDF, headers=headers)


def _page(here: Edge, *, error: str = "") -> MyDocumentsPage:
    with here.platform.database.reading() as session:
        rows = documents.my_documents(session, here.viewer)
        found = documents.billing(session, here.viewer, vault=here.platform.vault)
    named = {row.names for row in rows}
    may_ask = {row.label for row in rows if row.kind == "receipt" and row.label and row.label not in named}
    return MyDocumentsPage(rows, frozenset(may_ask), found, error)


def _values(found: documents.BuyerDetails) -> dict[str, str]:
    return {
        "kind": found.kind, "title": found.title, "tax_number": found.tax_number, "address": found.address,
        "country": found.country,
    }  # fmt: skip
