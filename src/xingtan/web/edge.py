"""The edge: who is asking, in which language, and the two ways to the database.

A route takes `edge: EdgeDep`. Reading the viewer costs a query and happens only when a route asks for it.
"""

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Annotated, TypeVar, cast
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from xingtan.core.errors import NotAllowed, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.identity import api as identity
from xingtan.infra.cache import PageCache
from xingtan.infra.platform import Platform
from xingtan.web.language import HTML_LANG, Language

T = TypeVar("T")

SESSION_COOKIE = "xt_session"
FORM_COOKIE = "xt_form"
CONSENT_COOKIE = "xt_consent"
_CSRF = "form token"


@dataclass(frozen=True, slots=True)
class Reader:
    """What templates know of the person who reads."""

    language: Language
    theme: str
    is_signed_in: bool
    name: str
    may_open_studio: bool
    csrf_token: str
    permissions: frozenset[Permission]
    path: str
    query: str

    def path_in(self, language: str) -> str:
        """Return this page's path in another language."""
        query = f"?{self.query}" if self.query else ""
        return f"/{language}{self.path if self.path != '/' else '/'}{query}"

    def may(self, permission: str) -> bool:
        """Say whether this person has the permission named, e.g. ``catalog.write``."""
        return Permission(permission) in self.permissions


class Edge:
    """One request, seen from the business."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.platform = cast("Platform", request.app.state.platform)
        self.language = cast("Language", request.state.language)
        self.prefix = cast("str", request.state.prefix)
        self.epoch = cast("PageCache", request.app.state.pages).epoch
        """How often something public had changed when this request began: what it reads is not older than that."""
        self._session: Session | None = None
        self._waiting: list[Callable[[], None]] = []

    @cached_property
    def signed_in(self) -> identity.SignedIn | None:
        """Return the live sign-in session behind the cookie; None for a stranger."""
        token = self.request.cookies.get(SESSION_COOKIE)
        if not token:
            return None
        platform = self.platform
        with self.reading() as session:
            signed_in = identity.open_session(session, token, clock=platform.clock, vault=platform.vault)
        if signed_in is not None and signed_in.is_stale:
            session_id = signed_in.session_id
            self._after_reading(lambda: self._touch(session_id))
        return signed_in

    def _touch(self, session_id: UUID) -> None:
        self.write(lambda session: identity.touch_session(session, session_id, clock=self.platform.clock))

    @cached_property
    def viewer(self) -> Viewer:
        """Return who is asking."""
        signed_in = self.signed_in
        if signed_in is None:
            return Viewer(language=self.language)
        return Viewer(signed_in.viewer.person_id, signed_in.viewer.permissions, self.language)

    @property
    def person_id(self) -> UUID | None:
        """Return the signed-in person's id, or None."""
        return self.viewer.person_id

    def require_person(self) -> UUID:
        """Return the signed-in person's id; a stranger is sent to the sign-in page."""
        if self.viewer.person_id is None:
            raise SignInFirst(self.path_with_query)
        return self.viewer.person_id

    def require(self, permission: Permission) -> None:
        """Raise unless this person has `permission`; a stranger is sent to the sign-in page."""
        self.require_person()
        self.viewer.require(permission)

    def require_staff(self) -> None:
        """Raise unless this person works here; a stranger is sent to the sign-in page."""
        self.require_person()
        if not self.viewer.is_staff:
            raise NotAllowed(say("This part is for the people who run the academy."))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a reading session; inside of another one of this request, that one: one connection, one state."""
        if self._session is not None:
            yield self._session
            return
        with self.platform.database.reading() as session:
            self._session = session
            try:
                yield session
            finally:
                self._session = None
        while self._waiting:
            self._waiting.pop()()

    def _after_reading(self, work: Callable[[], None]) -> None:
        """Do `work`, which writes, now, or when the open reading session has given its connection back."""
        if self._session is None:
            work()
        else:
            self._waiting.append(work)

    def read(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns in a reading session."""
        with self.reading() as session:
            return work(session)

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction."""
        return self.platform.database.write(work)

    @property
    def path(self) -> str:
        """Return the path without the language's prefix."""
        return self.request.url.path

    @property
    def path_with_query(self) -> str:
        """Return the path and query without the language's prefix."""
        query = self.request.url.query
        return f"{self.path}?{query}" if query else self.path

    def url(self, path: str) -> str:
        """Return `path` under the language prefix of this request, if it has one."""
        return f"{self.prefix}{path}" if path.startswith("/") else path

    def absolute(self, path: str) -> str:
        """Return the public URL of `path`."""
        return f"{self.platform.settings.effective_base_url}{path}"

    @property
    def html_lang(self) -> str:
        """Return the value of the page's lang attribute."""
        return HTML_LANG[self.language]

    @property
    def client(self) -> str:
        """Return the address of the client, for rate limits only; it is never stored."""
        return self.request.client.host if self.request.client else ""

    @cached_property
    def csrf_token(self) -> str:
        """Return the token that this browser's forms must carry; bound to its session, or to its form cookie."""
        bearer = self.request.cookies.get(SESSION_COOKIE) or self.request.cookies.get(FORM_COOKIE) or ""
        return form_token(self.platform, bearer) if bearer else ""

    @cached_property
    def reader(self) -> Reader:
        """Return what templates know of the person who reads."""
        signed_in = self.signed_in
        return Reader(
            language=self.language,
            theme="auto",
            is_signed_in=signed_in is not None,
            name=signed_in.name if signed_in else "",
            may_open_studio=self.viewer.is_staff,
            csrf_token=self.csrf_token,
            permissions=self.viewer.permissions,
            path=self.path,
            query=self.request.url.query,
        )


class SignInFirst(NotAllowed):
    """A page asked for a person, and nobody is signed in. The web edge answers with the sign-in page."""

    code = "sign-in-first"

    def __init__(self, next_path: str) -> None:
        super().__init__(say("Please sign in first."))
        self.next_path = next_path


def form_token(platform: Platform, bearer: str) -> str:
    """Return the form token that belongs to a session or form cookie's value."""
    return hmac.new(platform.vault.derive(_CSRF), bearer.encode(), sha256).hexdigest()


def edge(request: Request) -> Edge:
    """Return the edge of this request (one per request)."""
    known = getattr(request.state, "edge", None)
    if known is None:
        known = request.state.edge = Edge(request)
    return cast("Edge", known)


async def _edge(request: Request) -> Edge:  # async: no hop to a thread for an attribute look-up
    return edge(request)


EdgeDep = Annotated[Edge, Depends(_edge)]
