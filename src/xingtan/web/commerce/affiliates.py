"""An affiliate's desk: apply, the link, every line of the statement, payouts; and a learner's own invitations."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.web.commerce.affiliate_pages import DeskPage, InvitePage
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_APPLY = "10/hour"
_SHOWN = 100
_WHOLE = 100_000


@router.get("/affiliate")
def desk(here: EdgeDep) -> Response:
    """The desk; for who has not applied yet, the terms and a form."""
    here.require_person()
    return render(here, _desk(here))


@router.post("/affiliate")
def apply(here: EdgeDep, *, code: Text = "", about: Text = "") -> Response:
    """Ask to take part."""
    person_id = here.require_person()
    here.platform.limiter.check(_APPLY, "affiliate", str(person_id))
    clean = about.replace("\x00", "")
    try:
        here.write(
            lambda session: affiliates.apply(session, here.viewer, code=code, about=clean, clock=here.platform.clock)
        )
    except (Invalid, Conflict) as error:
        values = {"code": code[:40], "about": clean[:2000]}
        return render(here, _desk(here, values=values, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/affiliate"), status_code=303)


@router.get("/affiliate/statement.csv")
def statement_csv(here: EdgeDep) -> Response:
    """Every line of one's own statement, as a table."""
    here.require_person()
    with here.reading() as session:
        me = affiliates.my_affiliate(session, here.viewer, at=here.platform.clock.now())
        if me is None:
            raise NotFound(say("There is nothing here."))
        lines = affiliates.statement(session, here.viewer, me.id, limit=_WHOLE)
    return table(
        "commission.csv",
        ("at", "kind", "order", "title", "net", "rate_bp", "amount", "currency", "matures_at", "payout"),
        (
            (
                one.at.isoformat(), one.kind, one.order_mark, one.title, one.net.major() if one.net else "",
                one.rate_bp if one.rate_bp is not None else "", one.amount.major(), one.amount.currency,
                one.matures_at.isoformat(), one.payout_state or "",
            )
            for one in lines
        ),
    )  # fmt: skip


@router.get("/invite")
def invite(here: EdgeDep) -> Response:
    """One's own link for friends, and what came of it."""
    here.require_person()
    found = here.read(lambda session: referrals.my_referrals(session, here.viewer))
    return render(here, InvitePage(found, here.absolute(f"/?ref={found.code}") if found.code else ""))


@router.post("/invite")
def make_link(here: EdgeDep) -> Response:
    """Make one's own link."""
    here.require_person()
    here.write(lambda session: referrals.make_link(session, here.viewer, clock=here.platform.clock))
    return RedirectResponse(here.url("/invite"), status_code=303)


def table(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV file in which nothing is a formula of a spreadsheet."""
    file = io.StringIO()
    out = csv.writer(file)
    out.writerow(head)
    out.writerows([_plain(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _plain(cell: object) -> str:
    text = str(cell)
    is_number = text.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{text}" if text[:1] in "=+-@\t\r" and text and not is_number else text


def _desk(here: Edge, *, values: dict[str, str] | None = None, errors: Errors | None = None) -> DeskPage:
    with here.reading() as session:
        program = affiliates.program_of(session)
        me = affiliates.my_affiliate(session, here.viewer, at=here.platform.clock.now())
        return DeskPage(
            program=program, me=me, link=here.absolute(f"/?ref={me.code}") if me else "",
            lines=affiliates.statement(session, here.viewer, me.id, limit=_SHOWN) if me else (),
            payouts=affiliates.payouts(session, here.viewer, affiliate_id=me.id) if me else (),
            values=values or {}, errors=errors or {},
        )  # fmt: skip
