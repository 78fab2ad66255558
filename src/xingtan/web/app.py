"""The application: rooms, middleware, errors, in the order in which a request meets them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from anyio import to_thread
from fastapi import Depends, FastAPI
from starlette.types import ASGIApp

from xingtan import __version__
from xingtan.infra import outbox
from xingtan.infra.cache import PageCache
from xingtan.infra.platform import Platform
from xingtan.web import errors, health
from xingtan.web.academy import AcademyMemory
from xingtan.web.forgery import refuse_forgery
from xingtan.web.middleware import BodyLimited, Guarded, Heads, Measured, OpeningDay, Speaking
from xingtan.web.page_cache import StrangersPages
from xingtan.web.rooms import api_routers, page_routers
from xingtan.web.static_files import StaticFiles
from xingtan.web.watch import PublicWatch
from xingtan.wiring import Wiring

_THREADS = 16
"""Requests at work at once. More would wait for one another, for the interpreter or a connection, and hold memory."""
_ACADEMY_CHANGED = "identity.academy_changed"


class Background(Protocol):
    """Work that goes on while the application runs, e.g. the worker in a thread of this process."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """Finish what is at hand, then end."""


def create_app(platform: Platform, wiring: Wiring, *, worker: Background | None = None) -> ASGIApp:
    """Return the ASGI application of one academy; `worker`, if given, runs in a thread while the application runs."""
    academy, cache = AcademyMemory(platform.database), PageCache()
    watch = PublicWatch(platform.database, cache, academy, wiring.public_events)

    def heard(kind: str) -> None:
        if kind == _ACADEMY_CHANGED:
            academy.forget()
        if kind in wiring.public_events:
            cache.bump()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        outbox.listen(heard)
        watch.start()
        if worker is not None:
            worker.start()
        try:
            yield
        finally:
            if worker is not None:
                worker.stop()
            watch.stop()
            outbox.stop_listening(heard)
            for close in app.state.on_close:
                close()

    app = FastAPI(
        title="Xingtan",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # the room of the API describes it, and has more to say
    )
    app.state.platform, app.state.academy, app.state.pages, app.state.on_close = platform, academy, cache, []
    for router in page_routers():
        app.include_router(router, dependencies=[Depends(refuse_forgery)], include_in_schema=False)
    for router in (*api_routers(), health.router):
        app.include_router(router)
    app.mount("/static", StaticFiles())
    errors.install(app)
    return _wrapped(app, platform, academy, cache)


def _wrapped(app: FastAPI, platform: Platform, academy: AcademyMemory, cache: PageCache) -> ASGIApp:
    is_https = platform.settings.effective_base_url.startswith("https://")
    app.add_middleware(BodyLimited, upload_limit_mb=platform.settings.upload_limit_mb)
    app.add_middleware(StrangersPages, cache=cache)
    app.add_middleware(OpeningDay, academy=academy)
    app.add_middleware(Speaking, academy=academy)
    app.add_middleware(Guarded, is_https=is_https)
    app.add_middleware(Measured)
    app.add_middleware(Heads)
    return app
