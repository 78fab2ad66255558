"""The cookies of signing in: HttpOnly, SameSite=Lax, Secure wherever the academy's address is https."""

from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from xingtan.domains.identity import api as identity
from xingtan.domains.privacy import api as privacy
from xingtan.web.edge import CONSENT_COOKIE, SESSION_COOKIE, Edge
from xingtan.web.forgery import is_https
from xingtan.web.language import split_prefix

TICKET_COOKIE = "xt_ticket"
_TICKET_LIFE_S = 600
_HALF_A_YEAR_S = 182 * 86_400


def arrive(here: Edge, step: identity.SignInStep, *, next_path: str) -> Response:
    """Return the redirect that follows a sign-in: to where the person was going, or to the second factor first."""
    if step.is_complete:
        response = leave_for(here, next_path)
        _set(here, response, SESSION_COOKIE, step.token, max_age=int(identity.SESSION_LIFE.total_seconds()))
        response.delete_cookie(TICKET_COOKIE, path="/")
        _follow_choice(here, response, step.person_id)
        return response
    response = RedirectResponse(
        here.url("/sign-in/second-factor") + "?" + urlencode({"next": next_path}), status_code=303
    )
    _set(here, response, TICKET_COOKIE, step.token, max_age=_TICKET_LIFE_S)
    return response


def renew(here: Edge, response: Response, step: identity.SignInStep) -> None:
    """Put a stepped-up session's token in place of the old one."""
    _set(here, response, SESSION_COOKIE, step.token, max_age=int(identity.SESSION_LIFE.total_seconds()))


def forget(response: Response) -> None:
    """Remove the cookies of signing in."""
    response.delete_cookie(SESSION_COOKIE, path="/")
    response.delete_cookie(TICKET_COOKIE, path="/")


def leave_for(here: Edge, next_path: str) -> RedirectResponse:
    """Return the redirect to a path of this site, in the language of this request unless the path names one."""
    path = identity.same_site_path(next_path)
    language, _ = split_prefix(path.partition("?")[0])
    return RedirectResponse(path if language else here.url(path), status_code=303)


def remember_choice(here: Edge, response: Response, *, says_yes: bool) -> None:
    """Keep in this browser whether its visits may be counted; scripts may read it, so that nobody is asked twice."""
    value = "analytics" if says_yes else "none"
    response.set_cookie(CONSENT_COOKIE, value, max_age=_HALF_A_YEAR_S, samesite="lax", secure=is_https(here), path="/")


def _follow_choice(here: Edge, response: Response, person_id: UUID) -> None:
    """Let the browser follow what the person has chosen before, elsewhere; without a choice it keeps its own."""
    history = here.read(lambda session: privacy.consents(session, person_id))
    analytics = [one for one in history if one.purpose is privacy.Purpose.ANALYTICS]
    if analytics:
        remember_choice(here, response, says_yes=any(one.is_live for one in analytics))


def _set(here: Edge, response: Response, name: str, value: str, *, max_age: int) -> None:
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="lax", secure=is_https(here), path="/")
