"""Noting what happens on pages, for those who allow it; a page neither waits for it nor fails by it.

A signed-in reader's pages are made for her alone, so the route notes the view itself (`note`). A stranger's page comes
from the page cache and may set no cookie, so her browser tells us in a request of its own (`/seen`), if she agreed.
"""

import re
import secrets
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from xingtan.core.ids import private_id
from xingtan.domains.insight import api as insight
from xingtan.domains.privacy import api as privacy
from xingtan.infra import outbox
from xingtan.infra.analytics import BehaviourBuffer
from xingtan.web.edge import CONSENT_COOKIE, Edge, EdgeDep
from xingtan.web.forgery import is_https

router = APIRouter()

VISIT_COOKIE = "xt_visit"
_VISIT_KEY = re.compile(r"[0-9a-f]{32}")


def recorder(here: Edge) -> insight.Recorder:
    """Return the application's one recorder; its buffer is written out when the application ends."""
    state = here.request.app.state
    known = getattr(state, "recorder", None)
    if known is None:
        buffer = BehaviourBuffer(here.platform.database)
        known = state.recorder = insight.Recorder(here.platform.database, buffer, here.platform.vault)
        hear = known.hear
        outbox.listen(hear)
        state.on_close += [lambda: outbox.stop_listening(hear), buffer.close]
    return cast("insight.Recorder", known)


def visitor(here: Edge) -> insight.Visitor:
    """Return who is at the other end, as far as the log may know."""
    headers, cookies = here.request.headers, here.request.cookies
    gpc, dnt = headers.get("sec-gpc"), headers.get("dnt")
    if here.person_id is not None:
        return insight.Visitor(here.person_id, refuses="1" in {gpc, dnt})
    if not privacy.stranger_allows(cookies.get(CONSENT_COOKIE), gpc=gpc, dnt=dnt):
        return insight.Visitor(refuses=True)
    key = cookies.get(VISIT_COOKIE, "")
    return insight.Visitor(visit_key=key if _VISIT_KEY.fullmatch(key) else None)


def note(here: Edge, deed: insight.Deed) -> bool:
    """Note what this reader did, if that is allowed; return whether it was."""
    return recorder(here).record(visitor(here), deed, at=here.platform.clock.now())


def viewed(here: Edge, kind: insight.Object, object_id: str, *, product_id: UUID | None = None) -> bool:
    """Note that this reader opened a page, a product or a lesson."""
    return note(here, insight.Deed(insight.Verb.VIEWED, kind, object_id, product_id, {"language": here.language}))


def searched(here: Edge, query: str, *, results: int) -> bool:
    """Note what this reader searched and how much was found; words that look personal are not kept."""
    context = {"query": insight.impersonal_text(query), "results": results, "language": here.language}
    return note(here, insight.Deed(insight.Verb.SEARCHED, insight.Object.SEARCH, "search", None, context))


@router.post("/seen")
def seen(
    here: EdgeDep,
    product: Annotated[str | None, Form(max_length=40)] = None,
    lesson: Annotated[str | None, Form(max_length=40)] = None,
    query: Annotated[str | None, Form(max_length=200)] = None,
    results: Annotated[int, Form(ge=0, le=10**6)] = 0,
) -> Response:
    """A stranger's browser says what it showed: a product, a lesson or a search; without consent nothing is kept."""
    response = Response(status_code=204)
    who = visitor(here)
    if here.person_id is not None or who.refuses:
        return response
    if who.visit_key is None:
        who = insight.Visitor(visit_key=secrets.token_hex(16))
        response.set_cookie(
            VISIT_COOKIE, who.visit_key or "", httponly=True, samesite="lax", secure=is_https(here), path="/"
        )
    deed = _seen_deed(here, product=product, lesson=lesson, query=query, results=results)
    recorder(here).record(who, deed, at=here.platform.clock.now())
    return response


def _seen_deed(here: Edge, *, product: str | None, lesson: str | None, query: str | None, results: int) -> insight.Deed:
    if query is not None:
        context = {"query": insight.impersonal_text(query), "results": results, "language": here.language}
        return insight.Deed(insight.Verb.SEARCHED, insight.Object.SEARCH, "search", None, context)
    product_id = private_id("product", product) if product else None
    language = {"language": here.language}
    if lesson:
        private_id("lesson", lesson)
        return insight.Deed(insight.Verb.VIEWED, insight.Object.LESSON, lesson, product_id, language)
    if product:
        return insight.Deed(insight.Verb.VIEWED, insight.Object.PRODUCT, product, product_id, language)
    return insight.Deed(insight.Verb.VIEWED, insight.Object.PAGE, "page", None, language)
