"""Signs of life: ``/healthz`` (the process answers), ``/readyz`` (it can serve), ``/metrics`` (Prometheus)."""

import hmac

from fastapi import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from xingtan.core.errors import NotAllowed, Unavailable, say
from xingtan.infra import jobs
from xingtan.infra.platform import is_current
from xingtan.infra.telemetry import metrics_text, set_job_counts
from xingtan.web.edge import EdgeDep
from xingtan.web.wing import Wing

router = Wing(include_in_schema=False)
_LOOPBACK = {"127.0.0.1", "::1", "testclient"}
_PASSED_ON = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"}


@router.get("/healthz")
async def healthz() -> Response:
    """Say that the process answers."""
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})


@router.get("/readyz")
def readyz(here: EdgeDep) -> Response:
    """Say whether the database answers and its schema is ours."""
    database = here.platform.database
    database.ping()
    if not is_current(database):
        raise Unavailable(say("The database has another schema than this version expects."))
    return JSONResponse({"database": "ok", "schema": "ok"}, headers={"Cache-Control": "no-store"})


@router.get("/metrics")
def metrics(request: Request, here: EdgeDep) -> Response:
    """Return Prometheus metrics; to this machine, or to whoever has the token of the settings."""
    _check_token(request, here.platform.settings.metrics_token.get_secret_value())
    set_job_counts(here.read(jobs.counts))
    return Response(metrics_text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _check_token(request: Request, token: str) -> None:
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise NotAllowed(say("This needs the metrics token."))
    elif (request.client.host if request.client else "") not in _LOOPBACK or not _PASSED_ON.isdisjoint(request.headers):
        raise NotAllowed(say("Metrics are for this machine only, unless a metrics token is set."))
