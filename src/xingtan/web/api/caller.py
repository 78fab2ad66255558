"""Who calls the API, and how far she may go.

1. A bearer token speaks for its person, within its scopes: what it may do is its person's permissions ∩ its scopes.
2. Without a token, the session cookie speaks; an unsafe request then carries the session's form token in a header,
   which no other site can set. Without either, a stranger asks.
3. What only the person herself may do (make tokens, give roles) is refused to every token: none can widen itself.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, TypeVar, cast
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotAllowed, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.identity import api as identity
from xingtan.infra.platform import Platform
from xingtan.infra.vault import Vault
from xingtan.web.edge import Edge, EdgeDep, SignInFirst
from xingtan.web.forgery import HEADER
from xingtan.web.render import PUBLIC

T = TypeVar("T")

RATE = "1200/minute"
BAD_TOKENS = "60/minute"
_SAFE = {"GET", "HEAD", "OPTIONS"}


class TokenRefused(SignInFirst):
    """The bearer token is unknown, has ended, or was revoked."""

    code = "token-refused"

    def __init__(self) -> None:
        super().__init__("/")
        self.sentence = say("This token is not known, has ended, or was revoked.")


class ScopeMissing(NotAllowed):
    """The token does not reach this far."""

    code = "scope-missing"


class SessionNeeded(NotAllowed):
    """A token may not do this, whatever its scopes; the person herself must be signed in."""

    code = "session-needed"


class FormTokenMissing(NotAllowed):
    """A session cookie came without the header that only our own pages can send."""

    code = "form-token-missing"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an operation asks of its caller.

    `scope`: what a token must have (None: nothing). `any_of`: the permissions of which the person needs one.
    `is_person`: somebody must be there. `is_public`: the same for every stranger, so that the page cache may keep it.
    """

    scope: str | None = None
    any_of: tuple[Permission, ...] = ()
    is_person: bool = True
    is_public: bool = False
    is_session_only: bool = False


PUBLIC_READ = Needs(is_person=False, is_public=True)
READ_MINE, WRITE_MINE = Needs("read:mine"), Needs("write:mine")
MYSELF = Needs(is_session_only=True)


def staff(scope: str, *any_of: Permission) -> Needs:
    """Return the needs of an operation for people with one of these permissions."""
    return Needs(scope, any_of)


class Ask:
    """One call: who asks, and the two ways to the database."""

    def __init__(self, here: Edge, bearer: identity.TokenBearer | None) -> None:
        self.here = here
        self.bearer = bearer

    @property
    def platform(self) -> Platform:
        """Return the platform."""
        return self.here.platform

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self.here.platform.clock

    @property
    def vault(self) -> Vault:
        """Return the vault."""
        return self.here.platform.vault

    @cached_property
    def viewer(self) -> Viewer:
        """Return who asks, with the permissions that count for this call."""
        if self.bearer is None:
            return self.here.viewer
        return Viewer(self.bearer.viewer.person_id, self.bearer.viewer.permissions, self.here.language)

    @cached_property
    def reader(self) -> Viewer:
        """Return who reads: without the person when the token may not read what is hers."""
        if self.bearer is None or "read:mine" in self.bearer.scopes:
            return self.viewer
        return Viewer(None, self.viewer.permissions, self.viewer.language)

    @property
    def person_id(self) -> UUID:
        """Return the person who asks; `SignInFirst` for a stranger."""
        if self.viewer.person_id is None:
            raise SignInFirst("/")
        return self.viewer.person_id

    @property
    def currency(self) -> str:
        """Return the academy's currency."""
        academy: identity.AcademyView | None = self.here.request.app.state.academy.current()
        return academy.currency if academy else "CNY"

    def read(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns in a reading session."""
        return self.here.read(work)

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction."""
        return self.here.write(work)


def guard(needs: Needs) -> Callable[..., None]:
    """Return the dependency that lets a call pass, or refuses it; it runs before anything of the request is read."""

    def check(request: Request, response: Response, here: EdgeDep) -> None:
        ask = Ask(here, _bearer(here))
        _count(ask)
        _allow(ask, needs)
        if ask.bearer is None and request.method not in _SAFE and not ask.viewer.is_stranger:
            _require_form_token(here)
        _mark(response, is_kept=needs.is_public and ask.viewer.is_stranger)
        request.state.ask = ask

    return check


def _bearer(here: Edge) -> identity.TokenBearer | None:
    header = here.request.headers.get("authorization")
    if header is None:
        return None
    platform = here.platform
    scheme, _, secret = header.partition(" ")
    found = None
    if scheme.lower() == "bearer" and secret:
        found = here.read(lambda session: identity.viewer_of_token(session, secret.strip(), clock=platform.clock))
    if found is None:
        platform.limiter.check(BAD_TOKENS, "api bad token", here.client)
        raise TokenRefused
    if found.is_stale:
        here.write(lambda session: identity.touch_token(session, found.token_id, clock=platform.clock))
    return found


def _count(ask: Ask) -> None:
    who = str(ask.bearer.token_id) if ask.bearer else str(ask.viewer.person_id or ask.here.client)
    ask.platform.limiter.check(RATE, "api", who)


def _allow(ask: Ask, needs: Needs) -> None:
    viewer = ask.viewer
    if needs.is_person and viewer.is_stranger:
        raise SignInFirst("/")
    if ask.bearer is not None:
        if needs.is_session_only:
            raise SessionNeeded(say("A token may not do this. Please sign in and do it yourself."))
        if needs.scope is not None and needs.scope not in ask.bearer.scopes:
            raise ScopeMissing(say("This token lacks the scope %(scope)s.", scope=needs.scope))
    if needs.any_of and not any(viewer.may(permission) for permission in needs.any_of):
        raise NotAllowed(say("Your role does not allow this."))


def _require_form_token(here: Edge) -> None:
    given = here.request.headers.get(HEADER, "")
    if not hmac.compare_digest(given.encode(), here.csrf_token.encode()):
        raise FormTokenMissing(say("With a session cookie, send the form token in the header X-CSRF-Token."))


def _mark(response: Response, *, is_kept: bool) -> None:
    if is_kept:
        response.headers[PUBLIC] = "1"
        response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    else:
        response.headers["Cache-Control"] = "private, no-store"


async def _ask(request: Request) -> Ask:  # async: no hop to a thread for an attribute look-up
    return cast("Ask", request.state.ask)


AskDep = Annotated[Ask, Depends(_ask)]
