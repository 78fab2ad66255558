"""One's own account: profile, password, sessions, authenticator, passkeys, tokens."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import JSONResponse, RedirectResponse, Response

from xingtan.core.errors import Invalid, Refused, say
from xingtan.core.ids import private_id, public_id
from xingtan.domains.identity import api as identity
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.identity.cookies import renew
from xingtan.web.identity.forms import CODES, Errors, Text, Texts, device, errors_of, hasher, limit, new_password, site
from xingtan.web.identity.pages import ProfilePage, RecoveryCodesPage, SecurityPage, SessionsPage, TokensPage
from xingtan.web.identity.sign_in import PasskeyAnswer, options_response
from xingtan.web.language import COOKIE
from xingtan.web.render import render

router = APIRouter()

_YEAR_S = 365 * 86_400


@router.get("/account")
def profile(here: EdgeDep, saved: str = "") -> Response:
    """Show one's name, language and password."""
    return _profile(here, saved=saved)


@router.post("/account")
def save_profile(here: EdgeDep, name: Text = "", language: Text = "") -> Response:
    """Change one's name and language; the pages speak the new language at once."""
    person_id = here.require_person()
    command = identity.SaveProfile(name, language)
    try:
        here.write(
            lambda session: identity.save_profile(session, command, person_id=person_id, vault=here.platform.vault)
        )
    except Invalid as error:
        return _profile(here, errors=errors_of(here, error), typed=command)
    response = RedirectResponse(here.url("/account?saved=profile"), status_code=303)
    response.set_cookie(COOKIE, language, max_age=_YEAR_S, samesite="lax", path="/")
    return response


@router.post("/account/password")
def change_password(here: EdgeDep, current: Text = "", password: Text = "") -> Response:
    """Set a new password after the current one; every other session ends."""
    person_id = here.require_person()
    try:
        limit(here, "current password", str(person_id))
        on_file = here.read(lambda session: identity.own_password_on_file(session, person_id))
        if on_file.password_hash is not None and not hasher(here).matches(current, on_file.password_hash):
            raise Invalid.of("current", say("This is not your current password."))
        made = new_password(here, password, email=_me(here).email)
        keep = here.signed_in.session_id if here.signed_in else None
        command = identity.ChangePassword(on_file, made, keep)
        here.write(lambda session: identity.change_password(session, command, clock=here.platform.clock))
    except Refused as error:
        return _profile(here, password_errors=errors_of(here, error))
    return RedirectResponse(here.url("/account?saved=password"), status_code=303)


def _profile(
    here: Edge,
    *,
    saved: str = "",
    errors: Errors | None = None,
    password_errors: Errors | None = None,
    typed: identity.SaveProfile | None = None,
) -> Response:
    me = _me(here)
    on_file = here.read(lambda session: identity.own_password_on_file(session, me.id))
    page = ProfilePage(
        email=me.email,
        name=typed.name if typed else me.name,
        language=typed.language if typed else me.language,
        has_password=on_file.password_hash is not None,
        saved=saved if saved in {"profile", "password"} else "",
        errors=errors or {},
        password_errors=password_errors or {},
    )
    return render(here, page, status=422 if errors or password_errors else 200)


def _me(here: Edge) -> identity.PersonView:
    person_id = here.require_person()
    return here.read(lambda session: identity.person(session, here.viewer, person_id, vault=here.platform.vault))


@router.get("/account/sessions")
def sessions(here: EdgeDep) -> Response:
    """Show where one is signed in."""
    person_id, platform = here.require_person(), here.platform
    found = here.read(lambda session: identity.sessions(session, person_id, clock=platform.clock, vault=platform.vault))
    current = public_id("session", here.signed_in.session_id) if here.signed_in else ""
    rows = [(public_id("session", one.id), one) for one in found]
    return render(here, SessionsPage(sessions=rows, current=current))


@router.post("/account/sessions/end-others")
def end_other_sessions(here: EdgeDep) -> Response:
    """End every session but this one."""
    person_id, keep = here.require_person(), here.signed_in.session_id if here.signed_in else None
    here.write(lambda session: identity.end_other_sessions(session, person_id, keep=keep, clock=here.platform.clock))
    return RedirectResponse(here.url("/account/sessions"), status_code=303)


@router.post("/account/sessions/{session_id}/end")
def end_session(here: EdgeDep, session_id: str) -> Response:
    """End one of one's sessions."""
    person_id, ended = here.require_person(), private_id("session", session_id)
    here.write(lambda session: identity.end_session(session, ended, person_id=person_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/account/sessions"), status_code=303)


@router.get("/account/security")
def security(here: EdgeDep) -> Response:
    """Show the authenticator, the recovery codes and the passkeys."""
    return _security(here)


@router.post("/account/security/totp")
def begin_totp(here: EdgeDep) -> Response:
    """Make an authenticator's secret; the page then shows it until it is confirmed."""
    me, platform = _me(here), here.platform
    here.write(
        lambda session: identity.begin_totp(
            session, me.id, account=me.email, issuer=site(here).name, clock=platform.clock, vault=platform.vault
        )
    )
    return RedirectResponse(here.url("/account/security"), status_code=303)


@router.post("/account/security/totp/confirm")
def confirm_totp(here: EdgeDep, code: Text = "") -> Response:
    """Put the authenticator to use, under a new session, and show the recovery codes once."""
    person_id, platform, label = here.require_person(), here.platform, device(here)
    command = identity.ShowCode(person_id, code)
    try:
        limit(here, "code", str(person_id), rules=CODES)
        codes = here.write(
            lambda session: identity.confirm_totp(session, command, clock=platform.clock, vault=platform.vault)
        )
    except Refused as error:
        return _security(here, errors={"code": errors_of(here, error)[""]}, about="confirm")
    response = render(here, RecoveryCodesPage(codes=codes))
    _step_up(here, response, factor="totp", label=label)
    return response


@router.post("/account/security/recovery-codes")
def renew_recovery_codes(here: EdgeDep, code: Text = "") -> Response:
    """Make ten new recovery codes after a right code."""
    person_id, platform = here.require_person(), here.platform
    command = identity.ShowCode(person_id, code)
    try:
        limit(here, "code", str(person_id), rules=CODES)
        codes = here.write(
            lambda session: identity.renew_recovery_codes(session, command, clock=platform.clock, vault=platform.vault)
        )
    except Refused as error:
        return _security(here, errors={"code": errors_of(here, error)[""]}, about="renew")
    return render(here, RecoveryCodesPage(codes=codes))


@router.post("/account/security/totp/remove")
def remove_totp(here: EdgeDep, code: Text = "") -> Response:
    """Remove the authenticator after a right code."""
    person_id, platform = here.require_person(), here.platform
    command = identity.ShowCode(person_id, code)
    try:
        limit(here, "code", str(person_id), rules=CODES)
        here.write(lambda session: identity.remove_totp(session, command, clock=platform.clock, vault=platform.vault))
    except Refused as error:
        return _security(here, errors={"code": errors_of(here, error)[""]}, about="remove")
    return RedirectResponse(here.url("/account/security"), status_code=303)


@router.post("/account/security/passkeys/options")
def passkey_options(here: EdgeDep) -> Response:
    """Return what the browser asks its authenticator for a new passkey, as JSON."""
    person_id, platform = here.require_person(), here.platform
    made = here.write(
        lambda session: identity.begin_passkey(
            session, person_id, site=site(here), clock=platform.clock, vault=platform.vault
        )
    )
    return options_response(made)


@router.post("/account/security/passkeys")
def add_passkey(here: EdgeDep, answer: PasskeyAnswer) -> Response:
    """Keep the passkey that the browser made, under a new session."""
    person_id, platform, label = here.require_person(), here.platform, device(here)
    command = identity.AddPasskey(person_id, answer.challenge_id, answer.response_json, answer.label or label)
    here.write(
        lambda session: identity.add_passkey(
            session, command, site=site(here), clock=platform.clock, vault=platform.vault
        )
    )
    response = JSONResponse({"next": here.url("/account/security")}, headers={"Cache-Control": "no-store"})
    _step_up(here, response, factor="passkey", label=label)
    return response


@router.post("/account/security/passkeys/{passkey_id}/remove")
def remove_passkey(here: EdgeDep, passkey_id: UUID) -> Response:
    """Remove one of one's passkeys."""
    person_id = here.require_person()
    here.write(
        lambda session: identity.remove_passkey(session, passkey_id, person_id=person_id, clock=here.platform.clock)
    )
    return RedirectResponse(here.url("/account/security"), status_code=303)


def _step_up(here: Edge, response: Response, *, factor: str, label: str) -> None:
    if here.signed_in is None:
        return
    platform, session_id = here.platform, here.signed_in.session_id
    step = here.write(
        lambda session: identity.step_up(
            session, session_id, factor=factor, device=label, clock=platform.clock, vault=platform.vault
        )
    )
    renew(here, response, step)


def _security(here: Edge, *, errors: Errors | None = None, about: str = "") -> Response:
    me, vault = _me(here), here.platform.vault
    view, pending = here.read(
        lambda session: (
            identity.security(session, me.id, vault=vault),
            identity.unconfirmed_totp(session, me.id, account=me.email, issuer=site(here).name, vault=vault),
        )
    )
    qr = _qr(pending.uri) if pending else ""
    page = SecurityPage(security=view, pending=pending, qr=qr, errors=errors or {}, about=about)
    return render(here, page, status=422 if errors else 200)


def _qr(uri: str) -> str:
    import segno  # noqa: PLC0415 - needed once in a person's life

    return segno.make(uri, error="m").svg_data_uri(scale=5, border=3, light="white")


@router.get("/account/tokens")
def tokens(here: EdgeDep) -> Response:
    """Show one's API tokens."""
    return _tokens(here)


@router.post("/account/tokens")
def make_token(here: EdgeDep, label: Text = "", scopes: Texts = [], days: Text = "90") -> Response:  # noqa: B006 - read only
    """Make a token and show it once."""
    here.require_person()
    platform = here.platform
    command = identity.MakeToken(label, scopes, int(days) if days.isdecimal() and len(days) < 5 else None)  # noqa: PLR2004 - years
    try:
        made = here.write(
            lambda session: identity.make_token(
                session, command, viewer=here.viewer, clock=platform.clock, vault=platform.vault
            )
        )
    except Invalid as error:
        return _tokens(here, errors=errors_of(here, error), label=label, chosen=scopes)
    return _tokens(here, secret=made.secret)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(here: EdgeDep, token_id: str) -> Response:
    """End one of one's tokens at once."""
    person_id, revoked = here.require_person(), private_id("token", token_id)
    here.write(lambda session: identity.revoke_token(session, revoked, person_id=person_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/account/tokens"), status_code=303)


def _tokens(
    here: Edge, *, secret: str = "", errors: Errors | None = None, label: str = "", chosen: list[str] | None = None
) -> Response:
    person_id, platform = here.require_person(), here.platform
    found = here.read(lambda session: identity.tokens(session, person_id, clock=platform.clock, vault=platform.vault))
    page = TokensPage(
        tokens=[(public_id("token", one.id), one) for one in found],
        scopes=identity.scopes_for(here.viewer),
        lives=identity.LIVES_DAYS,
        secret=secret,
        label=label,
        chosen=chosen or (),
        errors=errors or {},
    )
    return render(here, page, status=422 if errors else 200)
