"""Published lessons, kept in this process until something public changes: the text is the same for every reader.

Kept is what the catalogue says of a lesson, never whether somebody may read it; that is asked each time.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.viewer import STRANGER, Permission, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.infra.cache import PageCache
from xingtan.web.edge import Edge

_KEPT = 512


@dataclass(frozen=True, slots=True)
class KnownLesson:
    """A lesson and the files that its text names."""

    page: catalog.LessonPage
    assets: Mapping[UUID, catalog.AssetView]

    @property
    def is_lasting(self) -> bool:
        """Say whether every file in the text has a lasting address, so that the page can be kept."""
        return all(asset.is_public and asset.variants for asset in self.assets.values())


class LessonMemory:
    """The lessons read lately; all are forgotten when the page cache is."""

    def __init__(self, pages: PageCache) -> None:
        self._pages = pages
        self._guard = threading.Lock()
        self._lessons: OrderedDict[tuple[str, str], tuple[int, KnownLesson]] = OrderedDict()

    def lesson(self, here: Edge, product_slug: str, lesson_slug: str) -> KnownLesson:
        """Return the lesson, from memory or from the catalogue; `NotFound` when there is none for this reader."""
        if here.viewer.may(Permission.CATALOG_READ):  # drafts change without public news
            return here.read(lambda session: _read(session, here.viewer, product_slug, lesson_slug=lesson_slug))
        key = product_slug, lesson_slug
        with self._guard:
            kept = self._lessons.get(key)
        if kept is not None and kept[0] == self._pages.epoch:
            return kept[1]
        found = here.read(lambda session: _read(session, STRANGER, product_slug, lesson_slug=lesson_slug))
        with self._guard:
            self._lessons[key] = here.epoch, found
            while len(self._lessons) > _KEPT:
                self._lessons.popitem(last=False)
        return found


def _read(session: Session, viewer: Viewer, product_slug: str, *, lesson_slug: str) -> KnownLesson:
    page = catalog.lesson_page(session, viewer, product_slug=product_slug, lesson_slug=lesson_slug)
    named: set[UUID] = set()

    def note(asset_id: UUID, _width: int | None) -> str:
        named.add(asset_id)
        return ""

    catalog.place(page.html, asset_url=note, lesson_url=lambda slug: slug)
    return KnownLesson(page, catalog.find_assets(session, named))


def known_lesson(here: Edge, product_slug: str, lesson_slug: str) -> KnownLesson:
    """Return the lesson by the application's one memory."""
    state = here.request.app.state
    memory = getattr(state, "lesson_memory", None)
    if memory is None:
        memory = state.lesson_memory = LessonMemory(state.pages)
    found: KnownLesson = memory.lesson(here, product_slug, lesson_slug)
    return found
