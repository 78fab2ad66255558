"""The rooms of the house, in the order in which their routes are asked."""

from types import ModuleType

from fastapi import APIRouter

from xingtan.web.api import routes as api
from xingtan.web.catalog import studio as catalog_studio
from xingtan.web.commerce import routes as commerce
from xingtan.web.commerce import studio as commerce_studio
from xingtan.web.identity import routes as identity
from xingtan.web.identity import studio as identity_studio
from xingtan.web.insight import studio as insight_studio
from xingtan.web.learning import media
from xingtan.web.learning import routes as learning
from xingtan.web.storefront import feeds
from xingtan.web.storefront import routes as storefront
from xingtan.web.wing import Wing, wing_of

_PAGES: tuple[ModuleType, ...] = (
    identity,
    identity_studio,
    catalog_studio,
    commerce,
    commerce_studio,
    learning,
    media,
    insight_studio,
    storefront,
    feeds,
)


def page_routers() -> list[APIRouter]:
    """Return the routers of every page."""
    return [_router(room) for room in _PAGES]


def api_routers() -> list[APIRouter]:
    """Return the routers of ``/api/v1``."""
    return [_router(api)]


def _router(room: ModuleType) -> APIRouter:
    router: APIRouter = room.router
    return router if isinstance(router, Wing) else wing_of(router)
