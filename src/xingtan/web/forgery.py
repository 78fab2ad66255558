"""Against forged requests: a POST must come from our own pages.

Two locks. The browser's own word (`Sec-Fetch-Site`, else `Origin`) must not name another site; and the form must carry
the token that belongs to its session cookie or, for a stranger, to its form cookie. A request that carries neither
cookie has no authority that a forger could borrow; there the first lock is enough. So it is where a stranger speaks of
her own browser only (`_FIRST_LOCK`): those forms stand on pages that are kept for all and can hold nobody's token.
A payment provider's notice has a lock of its own, a signature over its raw body, in which no form is looked for.
"""

import hmac
import secrets

from fastapi import Request
from starlette.responses import Response

from xingtan.core.errors import NotAllowed, say
from xingtan.web.edge import FORM_COOKIE, SESSION_COOKIE, Edge, edge, form_token

FIELD, HEADER = "csrf_token", "x-csrf-token"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_OWN = {"same-origin", "none"}
_FIRST_LOCK = {"/consent", "/seen"}
_SIGNED = "/webhooks/"


async def refuse_forgery(request: Request) -> None:
    """Raise `NotAllowed` for an unsafe request that does not come from one of our own forms."""
    if request.method in _SAFE or request.url.path.startswith(_SIGNED):
        return
    here = edge(request)
    _refuse_other_sites(here)
    session = request.cookies.get(SESSION_COOKIE)
    bearer = session or request.cookies.get(FORM_COOKIE)
    if not bearer or (not session and request.url.path in _FIRST_LOCK):
        return
    given = request.headers.get(HEADER)
    if given is None:
        field = (await request.form()).get(FIELD, "")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), here.csrf_token.encode()):
        raise NotAllowed(say("This form has grown old. Please go back, load the page again and send it once more."))


def _refuse_other_sites(here: Edge) -> None:
    site = here.request.headers.get("sec-fetch-site")
    if site is not None:
        is_own = site in _OWN
    else:
        origin = here.request.headers.get("origin")
        is_own = origin is None or origin in {here.platform.settings.effective_base_url, _origin_of(here.request)}
    if not is_own:
        raise NotAllowed(say("This request came from another site, so it was not carried out."))


def _origin_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def give_form_cookie(here: Edge, response: Response) -> None:
    """Set a stranger's form cookie; call it on pages with forms, before they are rendered into `response`."""
    if here.request.cookies.get(SESSION_COOKIE) or here.request.cookies.get(FORM_COOKIE):
        return
    value = getattr(here.request.state, "new_form_cookie", None)
    if value:
        response.set_cookie(FORM_COOKIE, value, httponly=True, samesite="lax", secure=is_https(here), path="/")


def prepare_form_cookie(here: Edge) -> None:
    """Choose a stranger's form cookie before the page is rendered, so that its form carries the token."""
    if here.request.cookies.get(SESSION_COOKIE) or here.request.cookies.get(FORM_COOKIE):
        return
    value = secrets.token_urlsafe(24)
    here.request.state.new_form_cookie = value
    here.__dict__["csrf_token"] = form_token(here.platform, value)


def is_https(here: Edge) -> bool:
    """Say whether the academy's public address is https, so that cookies may be Secure."""
    return here.platform.settings.effective_base_url.startswith("https://")
