"""Signing in: by a mailed link, by password, by passkey; the second factor; signing out."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, RedirectResponse, Response

from xingtan.core.errors import Invalid, LimitReached, NotFound, Refused
from xingtan.domains.identity import api as identity
from xingtan.web.edge import SESSION_COOKIE, Edge, EdgeDep
from xingtan.web.identity.cookies import TICKET_COOKIE, arrive, forget, leave_for
from xingtan.web.identity.forms import CODES, Text, device, errors_of, hasher, limit, new_password, site
from xingtan.web.identity.pages import LinkDeadPage, LinkPage, LinkSentPage, SecondFactorPage, SignInPage
from xingtan.web.render import render

router = APIRouter()

_MAILED = ("5/minute", "30/hour")


class PasskeyAnswer(BaseModel):
    """What the browser's authenticator answered, and where the person was going."""

    challenge_id: UUID
    response: dict[str, Any]
    next: str = "/"
    label: str = ""

    @property
    def response_json(self) -> str:
        """Return the authenticator's answer as it came."""
        return bytes(JSONResponse(self.response).body).decode()


@router.get("/sign-in")
def sign_in_page(here: EdgeDep, next: str = "/", way: str = "link") -> Response:  # noqa: A002 - the field's public name
    """Show the ways to sign in; who is signed in already goes on."""
    target = identity.same_site_path(next)
    if here.signed_in is not None:
        return leave_for(here, target)
    return render(here, SignInPage(next=target, way="password" if way == "password" else "link"))


@router.post("/sign-in")
def sign_in_with_password(here: EdgeDep, email: Text = "", password: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """Sign in by password. Nothing tells whether the address or the password was wrong."""
    target = identity.same_site_path(next)
    try:
        step = _by_password(here, email, password)
    except LimitReached as error:
        page = SignInPage(next=target, email=email, way="limit", errors=errors_of(here, error))
        return render(here, page, status=429, headers={"Retry-After": str(error.retry_after_s)})
    except Refused as error:
        page = SignInPage(next=target, email=email, way="password", errors=errors_of(here, error))
        return render(here, page, status=422)
    return arrive(here, step, next_path=target)


def _by_password(here: Edge, email: str, password: str) -> identity.SignInStep:
    platform, label, old = here.platform, device(here), here.request.cookies.get(SESSION_COOKIE)
    limit(here, "sign-in", here.client)
    limit(here, "password", email.strip().casefold())
    on_file = here.read(lambda session: identity.password_on_file(session, email, vault=platform.vault))
    if not hasher(here).matches(password, on_file.password_hash):
        raise identity.SignInRefused

    def work(session: Session) -> identity.SignInStep:
        if old:
            identity.sign_out(session, old, clock=platform.clock)
        command = identity.SignInWithPassword(on_file, label)
        return identity.sign_in_with_password(session, command, clock=platform.clock, vault=platform.vault)

    return here.write(work)


@router.post("/sign-in/link")
def request_link(here: EdgeDep, email: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """Have a link mailed, to a known and to an unknown address alike."""
    target = identity.same_site_path(next)
    command = identity.RequestLink(email, here.language, target)
    try:
        limit(here, "link", here.client)
        limit(here, "link to", email.strip().casefold(), rules=_MAILED)
        here.write(
            lambda session: identity.request_link(
                session, command, clock=here.platform.clock, vault=here.platform.vault
            )
        )
    except LimitReached as error:
        page = SignInPage(next=target, email=email, errors=errors_of(here, error))
        return render(here, page, status=429, headers={"Retry-After": str(error.retry_after_s)})
    except Invalid as error:
        return render(here, SignInPage(next=target, email=email, errors=errors_of(here, error)), status=422)
    return RedirectResponse(here.url("/sign-in/sent"), status_code=303)


@router.get("/sign-in/sent")
def link_sent(here: EdgeDep) -> Response:
    """Say that a letter is on its way."""
    minutes = int(identity.LINK_LIFE.total_seconds()) // 60
    return render(here, LinkSentPage(has_mail_server=bool(here.platform.settings.smtp_host), minutes=minutes))


@router.get("/sign-in/link/{token}")
def link_page(here: EdgeDep, token: str) -> Response:
    """Show the button that redeems the link; looking does not use it up."""
    try:
        view = _peek(here, token)
    except identity.LinkDead as error:
        return _dead(here, error)
    page = LinkPage(token=token, email=view.email, is_newcomer=view.is_newcomer)
    return render(here, page, headers={"Referrer-Policy": "no-referrer"})


@router.post("/sign-in/link/{token}")
def redeem_link(here: EdgeDep, token: str, name: Text = "", password: Text = "") -> Response:
    """Use the link up and sign in; a newcomer may give a name and a password."""
    platform = here.platform
    limit(here, "redeem", here.client)
    try:
        view = _peek(here, token)
    except identity.LinkDead as error:
        return _dead(here, error)
    try:
        password_hash = new_password(here, password, email="") if view.is_newcomer and password else None
        command = identity.RedeemLink(token, device(here), name, here.language, password_hash)
        redeemed = here.write(
            lambda session: identity.redeem_link(session, command, clock=platform.clock, vault=platform.vault)
        )
    except identity.LinkDead as error:
        return _dead(here, error)
    except Invalid as error:
        page = LinkPage(token=token, email=view.email, is_newcomer=True, name=name, errors=errors_of(here, error))
        return render(here, page, status=422, headers={"Referrer-Policy": "no-referrer"})
    return arrive(here, redeemed.step, next_path=redeemed.next_path)


def _peek(here: Edge, token: str) -> identity.LinkView:
    platform = here.platform
    return here.read(lambda session: identity.peek_link(session, token, clock=platform.clock, vault=platform.vault))


def _dead(here: Edge, error: identity.LinkDead) -> Response:
    return render(here, LinkDeadPage(sentence=errors_of(here, error)[""]), status=410)


@router.get("/sign-in/second-factor")
def second_factor_page(here: EdgeDep, next: str = "/") -> Response:  # noqa: A002
    """Ask for the second factor of a sign-in under way."""
    target = identity.same_site_path(next)
    ticket = _ticket(here)
    if ticket is None:
        return RedirectResponse(here.url("/sign-in"), status_code=303)
    return render(here, SecondFactorPage(next=target, needs=ticket.needs))


@router.post("/sign-in/second-factor")
def second_factor(here: EdgeDep, code: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """Take a code of the authenticator or a recovery code."""
    target, platform, ticket = identity.same_site_path(next), here.platform, _ticket(here)
    if ticket is None:
        return RedirectResponse(here.url("/sign-in"), status_code=303)
    command = identity.SecondFactor(here.request.cookies[TICKET_COOKIE], code, device(here))
    try:
        limit(here, "code", str(ticket.person_id), rules=CODES)
        step = here.write(
            lambda session: identity.show_second_factor(session, command, clock=platform.clock, vault=platform.vault)
        )
    except Refused as error:
        status = 429 if isinstance(error, LimitReached) else 422
        page = SecondFactorPage(next=target, needs=ticket.needs, errors={"code": errors_of(here, error)[""]})
        return render(here, page, status=status)
    return arrive(here, step, next_path=target)


def _ticket(here: Edge) -> identity.TicketView | None:
    cookie = here.request.cookies.get(TICKET_COOKIE)
    if not cookie:
        return None
    try:
        return here.read(lambda session: identity.ticket(session, cookie, clock=here.platform.clock))
    except NotFound:
        return None


@router.post("/sign-in/passkey/options")
def passkey_options(here: EdgeDep) -> Response:
    """Return what the browser asks its authenticator, as JSON."""
    limit(here, "passkey", here.client)
    ticket = here.request.cookies.get(TICKET_COOKIE) if _ticket(here) else None
    made = here.write(
        lambda session: identity.begin_passkey_sign_in(
            session, site=site(here), clock=here.platform.clock, ticket=ticket
        )
    )
    return options_response(made)


@router.post("/sign-in/passkey")
def sign_in_with_passkey(here: EdgeDep, answer: PasskeyAnswer) -> Response:
    """Sign in with the authenticator's answer; says in JSON where to go."""
    limit(here, "passkey", here.client)
    platform, ticket = here.platform, here.request.cookies.get(TICKET_COOKIE) if _ticket(here) else None
    command = identity.SignInWithPasskey(answer.challenge_id, answer.response_json, device(here), ticket)
    step = here.write(
        lambda session: identity.sign_in_with_passkey(
            session, command, site=site(here), clock=platform.clock, vault=platform.vault
        )
    )
    redirect = arrive(here, step, next_path=answer.next)
    return as_json(redirect)


def options_response(made: identity.PasskeyOptions) -> Response:
    """Return the options with the id under which the answer comes back."""
    body = f'{{"challenge_id": "{made.challenge_id}", "options": {made.options_json}}}'
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def as_json(redirect: Response) -> Response:
    """Return a redirect as JSON with the same cookies, for a script that follows it."""
    response = JSONResponse({"next": redirect.headers["location"]}, headers={"Cache-Control": "no-store"})
    for name, value in redirect.raw_headers:
        if name == b"set-cookie":
            response.raw_headers.append((name, value))
    return response


@router.post("/sign-out")
def sign_out(here: EdgeDep) -> Response:
    """End this browser's session."""
    token = here.request.cookies.get(SESSION_COOKIE)
    if token:
        here.write(lambda session: identity.sign_out(session, token, clock=here.platform.clock))
    response = RedirectResponse(here.url("/"), status_code=303)
    forget(response)
    return response
