"""Documents in the studio: each series with its check, and the documents of one or of all."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.document_pages import StudioDocumentsPage
from xingtan.web.commerce.documents import print_document
from xingtan.web.edge import EdgeDep
from xingtan.web.render import render

router = APIRouter()
_ANY = documents.DocumentFilter()


@router.get("/studio/documents")
def every(
    here: EdgeDep,
    of: Annotated[str, Query(max_length=12, pattern=r"^([A-Z]{3}-[0-9]{4})?$")] = "",
    before: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Every series with what is missing from it, and the documents of the series `of`, or all, newest first."""
    here.require(Permission.ORDERS_READ)
    name, _, year = of.partition("-")
    only = documents.DocumentFilter(name, int(year)) if of else _ANY
    last = private_id("event", before) if before else None
    with here.platform.database.reading() as session:
        page = documents.documents(session, here.viewer, only=only, before=last, limit=50)
        series = documents.series(session, here.viewer)
        people = [row.person_id for row in page.documents]
        may_name = here.viewer.may(Permission.PEOPLE_READ)
        names = identity.names_of(session, people, vault=here.platform.vault) if may_name else {}
    asked = {"of": of, "before": public_id("event", page.next_before) if page.next_before else ""}
    older = f"/studio/documents?{urlencode({key: value for key, value in asked.items() if value})}"
    older_path = older if page.next_before else None
    return render(here, StudioDocumentsPage(series, page.documents, names, of, older_path))


@router.get("/studio/documents/{label}.pdf")
def printed(here: EdgeDep, label: str) -> Response:
    """Anybody's document as PDF."""
    here.require(Permission.ORDERS_READ)
    here.require(Permission.PEOPLE_READ)
    return print_document(here, label)
