"""The description of the API: OpenAPI for programs, a page for people. Both are the same for everyone."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from xingtan.core.errors import Sentence, XingtanError, say
from xingtan.domains.identity.api import SCOPES
from xingtan.web.api.addresses import ROOT
from xingtan.web.api.operations import Problem
from xingtan.web.api.pages import ApiPage, CodeLine, Operation, OperationGroup, ScopeLine
from xingtan.web.api.summaries import SUMMARIES
from xingtan.web.edge import SESSION_COOKIE, EdgeDep
from xingtan.web.errors import status_of_kind
from xingtan.web.render import PUBLIC, render_public
from xingtan.web.wing import Wing

router = Wing(include_in_schema=False)

_METHODS = ("get", "post", "put", "patch", "delete")
_ABOUT = (
    "Everything that the studio and the shelf do, for programs. Send a token as `Authorization: Bearer …`, or the "
    "session cookie with the header `X-CSRF-Token`; reading what is public needs neither. Errors are problem details "
    "(RFC 9457) with a stable `code`. Lists are pages: `next` is the `cursor` of the next one. Money is counted in "
    "minor units. Instants are RFC 3339."
)
_GROUPS: dict[str, Sentence] = {
    "products": say("Products"),
    "lessons": say("Sections and lessons"),
    "prices": say("Prices"),
    "files, topics, search": say("Files, topics, search"),
    "orders": say("Orders, payments, refunds"),
    "learning": say("Shelf, progress, notes, quizzes"),
    "me": say("Your own account"),
    "academy": say("People, settings, jobs"),
    "access and mail": say("Access, data, mail"),
    "numbers": say("Sums and books"),
    "imports and exports": say("Imports and exports"),
}


def description_of(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application (3.1)."""
    known: dict[str, Any] | None = getattr(app.state, "api_description", None)
    if known is None:
        known = app.openapi()
        known["info"]["description"] = _ABOUT
        known["tags"] = [{"name": name, "description": str(sentence)} for name, sentence in _GROUPS.items()]
        parts = known.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        parts["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "An API token, made in one's account."},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        }
        app.state.api_description = known
    return known


@router.get(f"{ROOT}/openapi.json")
def openapi(request: Request) -> Response:
    """The description, for programs."""
    return JSONResponse(description_of(request.app), headers={PUBLIC: "1"})


@router.get("/api")
def reference(here: EdgeDep) -> Response:
    """The description, for people: every operation, what it needs and how it refuses."""
    found = description_of(here.request.app)
    groups: dict[str, list[Operation]] = {}
    for path, methods in found["paths"].items():
        for method in _METHODS:
            if method in methods:
                one = methods[method]
                groups.setdefault(one["tags"][0], []).append(_operation(method, path, one))
    page = ApiPage(
        groups=tuple(
            OperationGroup(name.replace(" ", "-").replace(",", ""), _GROUPS[name], tuple(groups[name]))
            for name in _GROUPS
            if name in groups
        ),
        scopes=tuple(
            ScopeLine(scope, tuple(sorted(str(permission) for permission in reach))) for scope, reach in SCOPES.items()
        ),
        codes=tuple(CodeLine(code, status) for code, status in sorted(dict(_codes(XingtanError)).items())),
        count=sum(map(len, groups.values())),
        root=f"{here.platform.settings.effective_base_url}{ROOT}",
    )
    return render_public(here, page)


def _codes(kind: type[XingtanError]) -> Iterator[tuple[str, int]]:
    for below in kind.__subclasses__():
        yield below.code, status_of_kind(below)
        yield from _codes(below)


def _operation(method: str, path: str, one: dict[str, Any]) -> Operation:
    ways = one.get("security", [])
    scope = next((way["token"][0] for way in ways if way.get("token")), "")
    return Operation(
        id=one["operationId"],
        method=method.upper(),
        path=path,
        summary=SUMMARIES[one["operationId"]],
        scope=scope,
        is_public={} in ways,
        is_session_only=not any("token" in way for way in ways),
        permissions=tuple(one.get("x-permissions", ())),
        refusals=tuple(sorted(code for code in one["responses"] if code.startswith("4"))),
    )
