"""Routes that are asked only for paths that could be theirs.

The framework asks every route of every router, one regular expression after the other, and once more for each level of
nesting. A wing knows how the paths of its routes begin and answers for the whole of them with one look into a set.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import Match
from starlette.types import Scope

_DEEPEST = 3
"""As many segments as it takes to tell ``/api/v1/products`` from ``/api/v1/orders``."""


def head_of(path: str) -> tuple[str, ...]:
    """Return the segments before a template's first parameter, at most three: ``/learn/{product}`` → ``("learn",)``."""
    head: list[str] = []
    for segment in path.split("/")[1 : _DEEPEST + 1]:
        if "{" in segment:
            break
        head.append(segment)
    return tuple(head)


def heads_of(path: str) -> Iterator[tuple[str, ...]]:
    """Yield every head that a route for the path asked for could have."""
    segments = tuple(path.split("/", _DEEPEST + 1)[1 : _DEEPEST + 1])
    for length in range(len(segments) + 1):
        yield segments[:length]


class Wing(APIRouter):
    """A router that refuses a path which none of its routes begins like; add routes before the first request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads: frozenset[tuple[str, ...]] | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return how well `scope` fits a route of this wing."""
        if self._heads is None:
            self._heads = frozenset(head_of(context.path or "/") for context in iter_route_contexts(self.routes))
        if scope.get("root_path") or not self._heads.isdisjoint(heads_of(scope["path"])):
            return super().matches(scope)
        return Match.NONE, {}


def wing_of(router: APIRouter) -> Wing:
    """Return `router` as a wing."""
    wing = Wing()
    wing.include_router(router)
    return wing
