"""A stored file as an answer: whole or in part (RFC 9110 §14), named, typed, never sniffed."""

from collections.abc import Iterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from xingtan.domains.catalog import api as catalog
from xingtan.infra.files import FileStore
from xingtan.infra.ranges import Unsatisfiable, parse_range

_SHOWN = ("image/", "audio/", "video/", "text/vtt", "application/pdf")
_NEVER_SHOWN = frozenset({"image/svg+xml"})
_SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"


def serve(request: Request, files: FileStore, asset: catalog.AssetView, *, cache_control: str) -> Response:
    """Return the file of `asset`: 200, 206 for a part, 304 when the reader has it, 416 for a part beyond its end."""
    return serve_key(
        request, files, asset.key, size=asset.size, etag=f'"{asset.sha256}"', media_type=asset.media_type,
        name=asset.name, cache_control=cache_control,
    )  # fmt: skip


def serve_key(
    request: Request,
    files: FileStore,
    key: str,
    *,
    size: int,
    etag: str,
    media_type: str,
    name: str,
    cache_control: str,
) -> Response:
    """Return the stored bytes under `key` as `serve` does."""
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": cache_control,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": disposition(name, media_type),
        "Content-Security-Policy": _SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if _has_it(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    try:
        ranges = parse_range(_range_of(request, etag), size)
    except Unsatisfiable:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, end = ranges[0] if ranges else (0, size)
    if ranges:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    body: Iterator[bytes] = iter(()) if request.method == "HEAD" else files.read(key, start, end)
    return StreamingResponse(body, status_code=206 if ranges else 200, media_type=media_type, headers=headers)


def _range_of(request: Request, etag: str) -> str | None:
    """Return the Range header, unless If-Range (§13.1.5) names another version of the file."""
    if request.headers.get("if-range", etag) != etag:
        return None
    return request.headers.get("range")


def _has_it(if_none_match: str | None, etag: str) -> bool:
    return if_none_match is not None and (
        if_none_match.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    )


def disposition(name: str, media_type: str) -> str:
    """Return the Content-Disposition (RFC 6266): pictures, sounds, films and PDFs are shown, all else is saved."""
    way = "inline" if media_type.startswith(_SHOWN) and media_type not in _NEVER_SHOWN else "attachment"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name) or "file"
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
