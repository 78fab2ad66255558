"""Errors at the edge: HTTP numbers, problem details (RFC 9457) for programs, a page in the reader's language."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, cast
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from xingtan.core.errors import (
    Broken,
    Conflict,
    Invalid,
    LimitReached,
    NotAllowed,
    NotFound,
    Refused,
    Sentence,
    Unavailable,
    XingtanError,
    say,
)
from xingtan.domains.catalog.api import TooLarge
from xingtan.infra.ranges import Unsatisfiable
from xingtan.web.complaints import complaints
from xingtan.web.edge import SignInFirst, edge
from xingtan.web.language import Language
from xingtan.web.middleware import BodyTooLarge
from xingtan.web.render import render
from xingtan.web.translations import in_words

_STATUS: tuple[tuple[type[XingtanError], int], ...] = (
    (NotFound, 404),
    (SignInFirst, 401),  # to programs; people are sent to the sign-in page
    (NotAllowed, 403),
    (Conflict, 409),
    (Invalid, 422),
    (LimitReached, 429),
    (Unsatisfiable, 416),
    (TooLarge, 413),
    (Refused, 400),
    (Unavailable, 503),
    (Broken, 500),
)
_PROBLEMS = "application/problem+json"
_log = structlog.get_logger("web")


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Something did not work, said plainly."""

    template: ClassVar[str] = "error.html"
    status: int
    title: str
    sentence: str


def status_of(error: XingtanError) -> int:
    """Return the HTTP status of an error."""
    return status_of_kind(type(error))


def status_of_kind(kind: type[XingtanError]) -> int:
    """Return the HTTP status of errors of a kind."""
    return next(status for known, status in _STATUS if issubclass(kind, known))


def install(app: FastAPI) -> None:
    """Teach the application to answer errors."""
    app.add_exception_handler(XingtanError, _on_ours)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(BodyTooLarge, _on_too_large)
    app.add_exception_handler(Exception, _on_unforeseen)


def _on_ours(request: Request, error: Exception) -> Response:
    error = cast("XingtanError", error)
    if isinstance(error, SignInFirst) and not _wants_json(request):
        here = edge(request)
        target = error.next_path if request.method == "GET" else "/"
        return RedirectResponse(here.url("/sign-in") + "?next=" + _quoted(target), status_code=303)
    status = status_of(error)
    if isinstance(error, Broken):
        _log.error("broken", code=error.code, detail=str(error), exc_info=error)
    fields = (
        {name: in_words(it, _language(request)) for name, it in error.fields.items()}
        if isinstance(error, Invalid)
        else {}
    )
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, LimitReached) else {}
    if isinstance(error, SignInFirst):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 §15.5.2: a 401 says how to come in
    sentence = (
        say("Something here is not as it should be. It has been noted in the academy's log.")
        if status == HTTPStatus.INTERNAL_SERVER_ERROR
        else error.sentence
    )
    return _answer(request, status, code=error.code, sentence=sentence, fields=fields, headers=headers)


def _on_http(request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)
    sentences = {
        404: say("There is nothing here."),
        405: say("This address cannot be used in that way."),
        413: say("This is larger than the academy takes."),
        415: say("Send JSON in UTF-8, with the header Content-Type: application/json."),
    }
    if request.scope.get("state", {}).get("too_large"):
        return _on_too_large(request, error)
    sentence = sentences.get(error.status_code) or say("The request could not be understood.")
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return _answer(request, error.status_code, code=code, sentence=sentence, headers=dict(error.headers or {}))


def _on_validation(request: Request, error: Exception) -> Response:
    found = complaints(cast("RequestValidationError", error).errors())
    fields = {name: in_words(sentence, _language(request)) for name, sentence in found.items()}
    return _answer(request, 422, code="invalid", sentence=say("Some fields need another look."), fields=fields)


def _on_too_large(request: Request, _error: Exception) -> Response:
    limit_mb = request.scope.get("state", {}).get("body_limit", 0) // 10**6
    sentence = say("This is larger than the academy takes: at most %(limit)s MB.", limit=limit_mb)
    return _answer(request, 413, code="too-large", sentence=sentence, headers={"Connection": "close"})


def _on_unforeseen(request: Request, error: Exception) -> Response:
    # the route and not the path, in which the secret of a link or of a feed may stand
    route = getattr(request.scope.get("route"), "path", "other")
    _log.error("unforeseen", route=route, exc_info=error)
    return _answer(
        request,
        500,
        code="broken",
        sentence=say("Something here is not as it should be. It has been noted in the academy's log."),
    )


def _answer(
    request: Request,
    status: int,
    *,
    code: str,
    sentence: Sentence,
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    language = _language(request)
    words = in_words(sentence, language)
    if _wants_json(request):
        body = {"type": f"/api#{code}", "title": words, "status": status, "code": code}
        if fields:
            body["errors"] = fields
        return JSONResponse(
            body, status_code=status, media_type=_PROBLEMS, headers={"Cache-Control": "no-store", **(headers or {})}
        )
    page = ErrorPage(status=status, title=in_words(_title(status), language), sentence=words)
    return render(edge(request), page, status=status, headers=headers)


def _title(status: int) -> Sentence:
    titles = {
        403: say("Not for you"),
        404: say("Nothing here"),
        409: say("Not possible now"),
        413: say("Too large"),
        429: say("A little slower, please"),
        503: say("Back in a moment"),
    }
    return titles.get(status) or (
        say("Something broke") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else say("That did not work")
    )


def _wants_json(request: Request) -> bool:
    path = request.url.path
    return path.startswith(("/api/", "/webhooks/")) or "application/json" in request.headers.get("accept", "")


def _language(request: Request) -> Language:
    return cast("Language", getattr(request.state, "language", "en"))


def _quoted(path: str) -> str:
    return quote(path, safe="/")
