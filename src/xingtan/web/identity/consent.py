"""Consent: the switches of a person, the choice of a stranger; and one's data to take along."""

import json
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.clock import Clock
from xingtan.domains.identity import api as identity
from xingtan.domains.privacy import api as privacy
from xingtan.web.edge import CONSENT_COOKIE, EdgeDep
from xingtan.web.identity.cookies import leave_for, remember_choice
from xingtan.web.identity.forms import Text, Texts
from xingtan.web.identity.pages import ConsentPage, ConsentRow, DataPage
from xingtan.web.render import render
from xingtan.wiring import EXPORT_PARTS

router = APIRouter()


@router.get("/account/data")
def my_data(here: EdgeDep, saved: str = "") -> Response:
    """Show one's consents and the way to take one's data along."""
    person_id = here.require_person()
    history = here.read(lambda session: privacy.consents(session, person_id))
    return render(here, DataPage(rows=consent_rows(history, here.language), history=history, saved=bool(saved)))


@router.post("/account/data/consents")
def save_consents(here: EdgeDep, purposes: Texts = []) -> Response:  # noqa: B006 - read only
    """Grant what is ticked and withdraw what is not."""
    person_id = here.require_person()
    wanted = {purpose for purpose in privacy.Purpose if purpose.value in purposes}
    here.write(lambda session: _save(session, person_id, wanted, clock=here.platform.clock))
    response = RedirectResponse(here.url("/account/data?saved=1"), status_code=303)
    remember_choice(here, response, says_yes=privacy.Purpose.ANALYTICS in wanted)
    return response


@router.get("/account/data/export")
def export(here: EdgeDep) -> Response:
    """Return everything that the academy keeps of this person, as one JSON file."""
    person_id, platform = here.require_person(), here.platform
    body: dict[str, object] = {"exported_at": platform.clock.now().isoformat()}

    def work(session: Session) -> None:
        for part in EXPORT_PARTS:
            body.update(part(session, person_id, clock=platform.clock, vault=platform.vault))

    here.read(work)
    return Response(
        json.dumps(body, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"},
    )


@router.get("/consent")
def choice(here: EdgeDep, next: str = "/", saved: str = "") -> Response:  # noqa: A002 - the field's public name
    """Show a stranger's choice about being counted; who is signed in has the switches of the account."""
    if here.person_id is not None:
        return RedirectResponse(here.url("/account/data"), status_code=303)
    headers = here.request.headers
    yes = privacy.stranger_allows(here.request.cookies.get(CONSENT_COOKIE))
    text = privacy.TEXTS[privacy.Purpose.ANALYTICS]
    row = ConsentRow("analytics", text.title[here.language], text.body[here.language], yes, None)
    says_no = "1" in (headers.get("sec-gpc"), headers.get("dnt"))
    target = identity.same_site_path(next)
    return render(here, ConsentPage(text=row, browser_says_no=says_no, next=target, saved=bool(saved)))


@router.post("/consent")
def choose(here: EdgeDep, choice: Text = "none", next: Text = "/consent?saved=1") -> Response:  # noqa: A002
    """Keep the choice: in a cookie for a stranger, in the account for who is signed in."""
    says_yes, person_id = choice == "analytics", here.person_id
    if person_id is not None:
        act = privacy.grant_consent if says_yes else privacy.withdraw_consent
        purpose = privacy.Purpose.ANALYTICS
        here.write(lambda session: act(session, person_id, purpose=purpose, clock=here.platform.clock))
    response = leave_for(here, next)
    remember_choice(here, response, says_yes=says_yes)
    return response


def consent_rows(history: list[privacy.ConsentView], language: str) -> list[ConsentRow]:
    """Return every purpose with its words and whether it is agreed to."""
    live = {one.purpose: one.granted_at for one in history if one.is_live}
    return [
        ConsentRow(purpose.value, text.title[language], text.body[language], purpose in live, live.get(purpose))
        for purpose, text in privacy.TEXTS.items()
    ]


def _save(session: Session, person_id: UUID, wanted: set[privacy.Purpose], *, clock: Clock) -> None:
    for purpose in privacy.Purpose:
        act = privacy.grant_consent if purpose in wanted else privacy.withdraw_consent
        act(session, person_id, purpose=purpose, clock=clock)
