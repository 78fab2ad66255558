"""Pages that every stranger sees alike, kept as bytes in front of the application.

1. Only a GET without a session cookie is looked up or kept, and only a page that was rendered for a stranger
   (`render_public` marks it). A page that sets a cookie is never kept.
2. Everything is dropped when something public changes: at once in the process that changed it, within a second in the
   others (they watch the outbox). A page whose rendering began before the change is not kept.
3. Each page has a strong ETag; browsers ask again each time and are mostly told 304.
"""

import gzip
import hashlib
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xingtan.infra.cache import CachedPage, PageCache
from xingtan.web.edge import SESSION_COOKIE
from xingtan.web.middleware import cookies_of
from xingtan.web.render import PUBLIC

_PUBLIC_HEADER = PUBLIC.encode()
_VARY = b"Accept-Language, Accept-Encoding, Cookie"
_MIN_GZIP = 512
_LONGEST_QUERY = 300


class StrangersPages:
    """Answers strangers from memory where it can."""

    def __init__(self, app: ASGIApp, *, cache: PageCache) -> None:
        self._app = app
        self._cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or run the request and keep its page when it says that it may be kept."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or not self._is_strangers(scope):
            await self._app(scope, receive, _without_mark(send))
            return
        key = _key(scope)
        page = self._cache.get(key)
        if page is not None:
            scope["cached_route"] = "cached page"
            await _answer(page, scope, send)
            return
        keeping = _Keeping(self._cache, key, scope, send)
        await self._app(scope, receive, keeping)

    @staticmethod
    def _is_strangers(scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if "authorization" in headers or len(scope["query_string"]) > _LONGEST_QUERY:
            return False
        return "cookie" not in headers or SESSION_COOKIE not in cookies_of(scope)


def _key(scope: Scope) -> str:
    """Return the page's key; the path's length keeps ``/a%3Fb`` and ``/a?b`` apart."""
    state, path = scope["state"], scope["path"]
    return f"{state['prefix']}|{state['language']}|{len(path)}|{path}?{scope['query_string'].decode('latin-1')}"


class _Keeping:
    """A `send` that gathers a public page, keeps it, and answers with it."""

    def __init__(self, cache: PageCache, key: str, scope: Scope, send: Send) -> None:
        self._cache, self._key, self._scope, self._send = cache, key, scope, send
        self._epoch = cache.epoch
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            is_public = PUBLIC in headers
            del headers[PUBLIC]
            if is_public and message["status"] == HTTPStatus.OK and "set-cookie" not in headers:
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                page = make_page(200, self._start["headers"], bytes(self._body))
                self._cache.put(self._key, page, epoch=self._epoch)
                await _answer(page, self._scope, self._send)
            return
        await self._send(message)


def make_page(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> CachedPage:
    """Return the page ready to be sent: with its ETag, and gzipped when that pays."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    kept = [(name, value) for name, value in headers if name not in {b"content-length", b"cache-control", b"vary"}]
    kept += [(b"cache-control", b"public, max-age=0, must-revalidate"), (b"vary", _VARY), (b"etag", etag.encode())]
    gzipped = gzip.compress(body, 6, mtime=0) if len(body) >= _MIN_GZIP else None
    return CachedPage(status=status, headers=tuple(kept), body=body, gzip_body=gzipped, etag=etag)


async def _answer(page: CachedPage, scope: Scope, send: Send) -> None:
    asked = Headers(scope=scope)
    headers = list(page.headers)
    if page.etag in [tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")]:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    body = page.body
    if page.gzip_body is not None and "gzip" in asked.get("accept-encoding", ""):
        body = page.gzip_body
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": page.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _without_mark(send: Send) -> Send:
    async def unmarking(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [pair for pair in message["headers"] if pair[0] != _PUBLIC_HEADER]
        await send(message)

    return unmarking
