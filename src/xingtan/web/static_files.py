"""Style sheets, scripts and pictures of our own: addressed by their content, cached for a year.

``/static/<12 hex of SHA-256>/css/base.css`` never changes; a wrong fingerprint is answered with the newest file and a
short life, so that an old page in a tab still works after an upgrade.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_FOLDER = Path(__file__).parent / "static"
_FINGERPRINT = 12
_FOR_A_YEAR = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=60"
_COMPRESSIBLE = ("text/", "application/javascript", "image/svg+xml", "application/json")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, read once."""

    fingerprint: str
    media_type: str
    body: bytes
    gzipped: bytes | None


@cache
def _names() -> frozenset[str]:
    return frozenset(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.rglob("*") if path.is_file())


def _file(name: str) -> StaticFile | None:
    """Return the file, None for a name of no file: a stranger's word never becomes a path, nor stays in memory."""
    return _read(name) if name in _names() else None


@cache
def _read(name: str) -> StaticFile:
    body = (_FOLDER / name).read_bytes()
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type == "text/javascript":
        media_type = "text/javascript; charset=utf-8"
    gzipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(_COMPRESSIBLE) else None
    return StaticFile(hashlib.sha256(body).hexdigest()[:_FINGERPRINT], media_type, body, gzipped)


@cache
def static_url(name: str) -> str:
    """Return the URL of the static file `name`, e.g. ``css/base.css``; `LookupError` when there is none."""
    file = _file(name)
    if file is None:
        msg = f"there is no static file {name}"
        raise LookupError(msg)
    return f"/static/{file.fingerprint}/{name}"


class StaticFiles:
    """The ASGI application behind ``/static``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file, gzipped where the browser likes it."""
        path: str = scope["path"].removeprefix("/static/")
        fingerprint, _, name = path.partition("/")
        file = _file(name) if scope["method"] in {"GET", "HEAD"} and name else None
        if file is None:
            await Response("", status_code=404)(scope, receive, send)
            return
        headers = {"Cache-Control": _FOR_A_YEAR if fingerprint == file.fingerprint else _SHORTLY}
        body = file.body
        accepted = dict(scope["headers"]).get(b"accept-encoding", b"")
        if file.gzipped is not None:
            headers["Vary"] = "Accept-Encoding"
            if b"gzip" in accepted:
                headers["Content-Encoding"], body = "gzip", file.gzipped
        await Response(body, media_type=file.media_type, headers=headers)(scope, receive, send)
