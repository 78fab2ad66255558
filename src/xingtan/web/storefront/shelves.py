"""What the storefront shows to everyone, kept in this process until something public changes.

A stranger's pages are kept whole; a signed-in reader's are made anew each time, out of these. What is kept carries the
epoch at which its request began: what was read before a change is not believed after it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

from xingtan.core.viewer import STRANGER
from xingtan.domains.catalog import api as catalog
from xingtan.web.edge import Edge
from xingtan.web.learning.addresses import lesson_path

T = TypeVar("T")

_PAGE, _MOST_PAGES = 100, 100


@dataclass(slots=True)
class _Shelves:
    """Name → the epoch, and what was found in it."""

    kept: dict[str, tuple[int, Any]] = field(default_factory=dict)


def _known(here: Edge, name: str, find: Callable[[], T]) -> T:
    state = here.request.app.state
    shelves = getattr(state, "shelves", None)
    if shelves is None:
        shelves = state.shelves = _Shelves()
    epoch, found = shelves.kept.get(name, (-1, None))
    if epoch == state.pages.epoch:
        return cast("T", found)
    found = find()
    shelves.kept[name] = here.epoch, found
    return found


def published(session: Session, here: Edge) -> tuple[catalog.ProductCard, ...]:
    """Return what is published, the reader's language first: all of it, up to ten thousand works."""
    works = _known(here, "works", lambda: _works(session))
    return tuple(sorted(works, key=lambda one: one.language != here.language))


def topics(session: Session, here: Edge) -> tuple[catalog.TopicView, ...]:
    """Return the topics as strangers see them."""
    return _known(here, "topics", lambda: tuple(catalog.topics(session, STRANGER)))


def sample(session: Session, here: Edge) -> tuple[str, str] | None:
    """Return the path and title of the first free lesson of the first course in the reader's language, if any."""
    return _known(here, f"sample {here.language}", lambda: _sample(session, published(session, here)))


def _works(session: Session) -> tuple[catalog.ProductCard, ...]:
    found: list[catalog.ProductCard] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        page = catalog.cards(session, STRANGER, after=after, limit=_PAGE)
        found += page.cards
        after = page.next_cursor
        if after is None:
            break
    return tuple(found)


def _sample(session: Session, works: tuple[catalog.ProductCard, ...]) -> tuple[str, str] | None:
    course = next((one for one in works if one.kind == "course"), None)
    if course is None:
        return None
    preview = next(iter(catalog.contents(session, STRANGER, course.id).previews), None)
    return (lesson_path(course.slug, preview.slug), preview.title) if preview else None
