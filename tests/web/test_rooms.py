"""Every room is there, and no two of them answer at the same address."""

from collections import Counter

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import ASGIApp

from xingtan.web import rooms


def test_every_room_has_routes() -> None:
    for router in (*rooms.page_routers(), *rooms.api_routers()):
        assert list(iter_route_contexts(router.routes)), router


def test_no_two_operations_share_an_address(app: ASGIApp) -> None:
    taken: Counter[tuple[str, str]] = Counter()
    for context in iter_route_contexts(app.routes):  # type: ignore[attr-defined]
        route = context.original_route
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                taken[method, context.path] += 1
    assert len(taken) > 150
    assert [address for address, times in taken.items() if times > 1] == []
