"""Coming by somebody's link: ``?ref=CODE`` on any page leads here, and here the reader is asked.

1. No cookie before a yes to this very question; a browser that asks not to be followed is not even asked.
2. The cookie holds the link's code and the second, no person; it ends by itself. 3. Of the visit only a number is
kept: how often a link was opened on a day.
"""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xingtan.core.errors import LimitReached
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.clicks import CLICK_COOKIE, click_of, click_text
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.forgery import is_https
from xingtan.web.identity.cookies import leave_for
from xingtan.web.render import render

router = APIRouter()
_CODE = re.compile(r"[A-Za-z0-9-]{4,24}")
_NOT_FROM = ("/api/", "/static/", "/by/", "/studio", "/webhooks/")
_COUNTED = "30/minute"
FRIEND_DAYS = 30
_DAY_S = 86_400


class Referred:
    """Sends a page that was opened with ``?ref=CODE`` to the question, which leads back to the page without it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or let the request pass."""
        target = _question(scope) if scope["type"] == "http" and b"ref=" in scope["query_string"] else None
        if target is None:
            await self._app(scope, receive, send)
            return
        headers = {"Cache-Control": "no-store"}
        await RedirectResponse(target, status_code=303, headers=headers)(scope, receive, send)


def _question(scope: Scope) -> str | None:
    path = scope["path"]
    if scope["method"] not in {"GET", "HEAD"} or path.startswith(_NOT_FROM):
        return None
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    code = next((value for name, value in pairs if name == "ref"), "")
    if not _CODE.fullmatch(code):
        return None
    rest = urlencode([pair for pair in pairs if pair[0] != "ref"])
    prefix = scope["state"]["prefix"]
    there = f"{quote(path)}?{rest}" if rest else quote(path)
    return f"{prefix}/by/{code.lower()}?{urlencode({'next': there})}"


@dataclass(frozen=True, slots=True)
class ArrivalPage:
    """The question. `off_bp`: what a friend's link takes off a first order; 0 for an affiliate's."""

    template: ClassVar[str] = "commerce/affiliates/arrival.html"
    code: str
    next: str
    days: int
    off_bp: int


@dataclass(frozen=True, slots=True)
class _Link:
    days: int
    off_bp: int
    is_first_click: bool


@router.get("/by/{code}")
def arrive(here: EdgeDep, code: str, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:  # noqa: A002
    """Count the visit, then ask; straight on where there is nothing to ask, or nobody who wants to be asked."""
    link = here.read(lambda session: _link(session, here, code))
    onward = leave_for(here, next)
    onward.headers["Cache-Control"] = "no-store"
    if link is None:
        return onward
    if not link.off_bp:
        _count(here, code)
        if _says_no(here) or not _may_ask(here, code, link):
            return onward
    return render(here, ArrivalPage(code.lower(), identity.same_site_path(next), link.days, link.off_bp))


@router.post("/by/{code}")
def answer(
    here: EdgeDep, code: str, *, choice: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/"  # noqa: A002
) -> Response:  # fmt: skip
    """Remember by whose link the reader came, if she says yes; else nothing."""
    link = here.read(lambda session: _link(session, here, code))
    onward = leave_for(here, next)
    if link is not None and choice == "yes":
        click = affiliates.Click(code.lower(), here.platform.clock.now())
        onward.set_cookie(
            CLICK_COOKIE, click_text(click), max_age=link.days * _DAY_S, httponly=True, samesite="lax",
            secure=is_https(here), path="/",
        )  # fmt: skip
    return onward


def code_kept(here: Edge, session: Session) -> str:
    """Return the friend's code that this browser keeps, where it counts for this reader; else an empty text."""
    click = click_of(here)
    found = referrals.link_with(session, click.code) if click is not None else None
    if click is None or found is None or referrals.why_not(session, here.person_id, found[1]) is not None:
        return ""
    return click.code


def _link(session: Session, here: Edge, code: str) -> _Link | None:
    """Return what is known of a link that counts for this reader; None for any other, and for her own."""
    if not _CODE.fullmatch(code):
        return None
    click = affiliates.Click(code.lower(), here.platform.clock.now())
    if affiliates.affiliate_behind(session, click, person_id=here.person_id, at=click.at) is not None:
        program = affiliates.program_of(session)
        return _Link(program.window_days, 0, program.click == "first")
    found = referrals.link_with(session, code)
    if found is None or referrals.why_not(session, here.person_id, found[1]) is not None:
        return None
    return _Link(FRIEND_DAYS, referrals.terms_of(session).off_bp, is_first_click=False)


def _says_no(here: Edge) -> bool:
    headers = here.request.headers
    return "1" in (headers.get("sec-gpc"), headers.get("dnt"))


def _may_ask(here: Edge, code: str, link: _Link) -> bool:
    """Say whether an answer could change anything: not where this link is kept, nor another that was first."""
    kept = click_of(here)
    return kept is None or (kept.code != code.lower() and not (link.is_first_click and _is_live(here, kept)))


def _is_live(here: Edge, kept: affiliates.Click) -> bool:
    nobody = Viewer().person_id
    now = here.platform.clock.now()
    return here.read(lambda session: affiliates.affiliate_behind(session, kept, person_id=nobody, at=now)) is not None


def _count(here: Edge, code: str) -> None:
    if here.request.method != "GET":
        return
    try:
        here.platform.limiter.check(_COUNTED, "link opened", here.client)
    except LimitReached:  # somebody who counts herself up; the page opens all the same
        return
    here.write(lambda session: affiliates.count_click(session, code, clock=here.platform.clock))
