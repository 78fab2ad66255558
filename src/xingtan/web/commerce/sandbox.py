"""The other side: the sandbox's hosted page, on which a tester decides what happens, and the door for notices."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from xingtan.core.errors import NotFound, say
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import SandboxPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.render import render

router = APIRouter()
_CODES = "10/minute"


async def _raw_body(request: Request) -> bytes:
    return await request.body()


@router.post("/webhooks/{provider}")
def notice(here: EdgeDep, provider: str, body: Annotated[bytes, Depends(_raw_body)]) -> Response:
    """A payment provider's notice: genuine ones are kept once and looked into; everything else is refused."""
    platform = here.platform
    headers: Mapping[str, str] = {name.lower(): value for name, value in here.request.headers.items()}
    providers = commerce.open_providers(platform)
    is_new = here.write(
        lambda session: commerce.receive_notice(
            session, providers, provider, headers=headers, body=body, clock=platform.clock
        )
    )
    return JSONResponse({"received": True, "is_new": is_new}, headers={"Cache-Control": "no-store"})


@router.get("/sandbox/pay/{reference}")
def hosted(here: EdgeDep, reference: str) -> Response:
    """The sandbox's payment page."""
    return render(here, _page(here, reference))


@router.post("/sandbox/pay/{reference}")
def choose(here: EdgeDep, reference: str, choice: Annotated[str, Form()] = "") -> Response:
    """What the tester chose to happen."""
    _must_be_open(here)
    after = here.write(lambda session: commerce.choose(session, reference, choice, clock=here.platform.clock))
    return _onwards(here, after)


@router.post("/sandbox/pay/{reference}/challenge")
def answer(here: EdgeDep, reference: str, code: Annotated[str, Form()] = "") -> Response:
    """The code that the buyer's bank is said to have sent."""
    _must_be_open(here)
    here.platform.limiter.check(_CODES, "sandbox code", reference)
    after = here.write(lambda session: commerce.answer_challenge(session, reference, code, clock=here.platform.clock))
    if after.state == "challenged":
        return render(here, _page(here, reference, has_wrong_code=True), status=422)
    return _onwards(here, after)


def _onwards(here: Edge, payment: commerce.SandboxView) -> Response:
    over = payment.state in {"succeeded", "failed"}
    path = payment.return_path if over else f"/sandbox/pay/{payment.reference}"
    return RedirectResponse(here.url(path), status_code=303)


def _page(here: Edge, reference: str, *, has_wrong_code: bool = False) -> SandboxPage:
    _must_be_open(here)
    at = here.platform.clock.now()
    payment = here.read(lambda session: commerce.look(session, reference, at=at))
    return SandboxPage(payment, commerce.CHOICES, commerce.CHALLENGE_CODE, has_wrong_code=has_wrong_code)


def _must_be_open(here: Edge) -> None:
    if not here.platform.settings.sandbox_payments:
        raise NotFound(say("There is nothing here."))
