"""What every request passes, outermost first: measure, limit, language, security headers, pages kept for strangers.

All of it is plain ASGI: a wrapped response class would cost more than some of our pages.
"""

import re
import time
from collections.abc import MutableMapping
from typing import Any, cast
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xingtan.infra.telemetry import observe_request
from xingtan.web.academy import AcademyMemory
from xingtan.web.language import COOKIE, choose, split_prefix

_MEGABYTE = 10**6
_SMALL_BODY = 2 * _MEGABYTE
_OTHER_CHARSET = re.compile(r"""charset(?!\s*=\s*"?utf-8"?\s*(;|$))""")
_UPLOADS = ("/studio/", "/api/v1/")
_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; "
        "script-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}


def cookies_of(scope: Scope) -> dict[str, str]:
    """Return the request's cookies."""
    return cookie_parser(Headers(scope=scope).get("cookie", ""))


class Measured:
    """Gives every request an id, a log line and its place in the metrics."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger("web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, started = uuid4().hex[:16], time.perf_counter()
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, noting)
            finally:
                seconds = time.perf_counter() - started
                route = getattr(scope.get("route"), "path", None) or scope.get("cached_route") or "other"
                observe_request(scope["method"], route, status, seconds)
                self._log.debug(
                    "request", method=scope["method"], route=route, status=status, ms=round(seconds * 1e3, 1)
                )


class Heads:
    """Answers HEAD as GET without the body (RFC 9110 §9.3.2), wherever GET is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request as a GET, and keep its body."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


class BodyLimited:
    """Refuses bodies that are larger than this route may take, by their declared and by their real size."""

    def __init__(self, app: ASGIApp, *, upload_limit_mb: int) -> None:
        self._app = app
        self._upload_limit = upload_limit_mb * _MEGABYTE + _MEGABYTE  # the form around the file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or cut it off with 413."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        if not _is_utf8_form(Headers(scope=scope).get("content-type", "").lower()):
            refusal = PlainTextResponse("Send forms in UTF-8.", status_code=415, headers={"Connection": "close"})
            await refusal(scope, receive, send)
            return
        limit = self._upload_limit if split_prefix(scope["path"])[1].startswith(_UPLOADS) else _SMALL_BODY
        declared = Headers(scope=scope).get("content-length", "0")
        scope.setdefault("state", {})["too_large"] = declared.isdigit() and int(declared) > limit
        scope["state"]["body_limit"] = limit
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            if scope["state"]["too_large"]:  # by what it declares: not a byte of it is taken
                raise BodyTooLarge
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > limit:
                    scope["state"]["too_large"] = True
                    raise BodyTooLarge
            return message

        await self._app(scope, counting, send)


def _is_utf8_form(content_type: str) -> bool:
    """Say whether a form with files may be read: in other charsets it could hold what is no text at all."""
    return not content_type.startswith("multipart/") or _OTHER_CHARSET.search(content_type) is None


class BodyTooLarge(Exception):
    """More bytes came than the route may take."""


class Speaking:
    """Takes the language prefix off the path and decides in which language to answer."""

    def __init__(self, app: ASGIApp, *, academy: AcademyMemory) -> None:
        self._app = app
        self._academy = academy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set ``state.language`` and ``state.prefix``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # NUL, which PostgreSQL refuses as text, becomes a letter that no address of ours has
        prefix, path = split_prefix(scope["path"].replace("\0", "\ufffd"))
        headers = Headers(scope=scope)
        language = choose(
            prefix,
            cookies_of(scope).get(COOKIE) if "cookie" in headers else None,
            headers.get("accept-language", ""),
            fallback=self._academy.language(),
        )
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["language"], state["prefix"] = language, f"/{prefix}" if prefix else ""
        if path == scope["path"]:
            await self._app(scope, receive, send)
            return
        inner = cast("Scope", {**scope, "path": path, "raw_path": path.encode()})
        try:
            await self._app(inner, receive, send)
        finally:  # for the metrics, which know the request by the scope that came in
            scope["route"], scope["cached_route"] = inner.get("route"), inner.get("cached_route")


class OpeningDay:
    """Sends every page of an academy without an owner to its set-up page."""

    _OPEN = ("/set-up", "/static/", "/healthz", "/readyz", "/metrics", "/api/")

    def __init__(self, app: ASGIApp, *, academy: AcademyMemory) -> None:
        self._app = app
        self._academy = academy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect to the set-up page, or let the request pass."""
        if scope["type"] == "http" and self._academy.current() is None and not scope["path"].startswith(self._OPEN):
            target = f"{scope['state']['prefix']}/set-up"
            await RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Guarded:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._headers = dict(_SECURITY_HEADERS)
        if is_https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request and add what is missing."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarding)
