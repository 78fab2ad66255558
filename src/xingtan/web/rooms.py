"""The rooms of the house, in the order in which their routes are asked."""

import importlib
from importlib.util import find_spec

from fastapi import APIRouter

from xingtan.web.wing import Wing, wing_of

_PAGES = (
    "identity.routes",
    "identity.studio",
    "catalog.studio",
    "commerce.routes",
    "commerce.studio",
    "learning.routes",
    "learning.media",
    "insight.studio",
    "storefront.routes",
    "storefront.feeds",
)
_API = ("api.routes",)


def page_routers() -> list[APIRouter]:
    """Return the routers of every page."""
    return [
        _router(name)
        for name in _PAGES
        if find_spec(f"xingtan.web.{name.split('.')[0]}") and find_spec(f"xingtan.web.{name}")
    ]


def api_routers() -> list[APIRouter]:
    """Return the routers of ``/api/v1`` and of the webhooks."""
    return [
        _router(name)
        for name in _API
        if find_spec(f"xingtan.web.{name.split('.')[0]}") and find_spec(f"xingtan.web.{name}")
    ]


def _router(name: str) -> APIRouter:
    router: APIRouter = importlib.import_module(f"xingtan.web.{name}").router
    return router if isinstance(router, Wing) else wing_of(router)
