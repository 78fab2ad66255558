"""Declaring operations: one line says the path, what it needs of its caller, and how it may be refused."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Depends
from fastapi.datastructures import Default
from starlette.responses import JSONResponse, Response

from xingtan.web.api.addresses import ROOT
from xingtan.web.api.caller import Needs, guard
from xingtan.web.api.fields import Out
from xingtan.web.api.strict_json import StrictRoute
from xingtan.web.wing import Wing

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

PROBLEM = "application/problem+json"
_BYTES = {"type": "string", "format": "binary"}
_WITH_BODY = {"POST", "PUT", "PATCH"}
_WHY = {
    400: "The body is not JSON that has one meaning.",
    401: "Nobody is signed in, or the token is not good.",
    403: "This person, or this token, may not do this.",
    404: "There is no such thing, or none that this caller may know of.",
    409: "The thing is in a state in which this cannot be done.",
    413: "The body is larger than the academy takes.",
    415: "The body is not of a type that is taken here.",
    422: "Some fields need another look; `errors` says which, and why.",
    429: "Too many calls; `Retry-After` says when to come back.",
    503: "Something that this needs does not answer; try again.",
}


class Problem(Out):
    """Why a call was refused (RFC 9457). `code` is stable, for programs; `title` is for people, in their language."""

    type: str
    title: str
    status: int
    code: str
    errors: dict[str, str] | None = None


def operations(tag: str) -> Wing:
    """Return an empty list of operations under one heading."""
    return Wing(prefix=ROOT, route_class=StrictRoute, tags=[tag])


def operation(
    router: Wing,
    method: str,
    path: str,
    needs: Needs,
    *,
    status: int = 200,
    also: tuple[int, ...] = (),
) -> Callable[[Endpoint], Endpoint]:
    """Return a decorator that adds the function as an operation: its name is the id, its first sentence the summary.

    Which refusals are described follows from method, path and needs; `also` adds further statuses.
    """

    def add(endpoint: Endpoint) -> Endpoint:
        is_file = endpoint.__annotations__.get("return") is Response
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            status_code=status,
            operation_id=endpoint.__name__,
            summary=_first_sentence(endpoint),
            dependencies=[Depends(guard(needs))],
            responses=_responses(method, path, needs, also=also, is_file=is_file),
            openapi_extra=_security(needs),
            response_class=Response if is_file else Default(JSONResponse),
        )
        return endpoint

    return add


def _first_sentence(endpoint: Callable[..., Any]) -> str:
    return (endpoint.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ").rstrip(".")


def _responses(
    method: str, path: str, needs: Needs, *, also: tuple[int, ...], is_file: bool
) -> dict[int | str, dict[str, Any]]:
    statuses = {401, 422, 429, 503, *also}
    statuses |= {403} if needs.is_person else set()
    statuses |= {404} if "{" in path else set()
    statuses |= {400, 413, 415} if method in _WITH_BODY else set()
    found: dict[int | str, dict[str, Any]] = {code: _refusal(code) for code in sorted(statuses)}
    if is_file:
        found[200] = found[206] = {"description": "The file, or a part of it.", "content": {"*/*": {"schema": _BYTES}}}
        found[416] = {"description": "The file ends before the range that was asked for."}
    return found


def _refusal(code: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _WHY.get(code, HTTPStatus(code).phrase), "content": {PROBLEM: {"schema": schema}}}


def _security(needs: Needs) -> dict[str, Any]:
    scopes = [needs.scope] if needs.scope else []
    ways: list[dict[str, list[str]]] = [] if needs.is_session_only else [{"token": scopes}]
    ways.append({"session": []})
    if not needs.is_person:
        ways.insert(0, {})
    extra: dict[str, Any] = {"security": ways}
    if needs.any_of:
        extra["x-permissions"] = [str(permission) for permission in needs.any_of]
    return extra
