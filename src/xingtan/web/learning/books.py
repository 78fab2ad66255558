"""A product as a book to take along, for those who hold all of it."""

import tempfile
from collections.abc import Iterator
from typing import IO

from starlette.responses import Response, StreamingResponse

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.edge import EdgeDep
from xingtan.web.learning.live import visible_product
from xingtan.web.learning.serving import disposition
from xingtan.web.wing import Wing

router = Wing()

BOOKS = frozenset({"ebook", "course", "column", "article"})
_EPUB = "application/epub+zip"
_IN_MEMORY_BYTES, _PIECE_BYTES = 8 << 20, 1 << 16


@router.get("/learn/{product}/book.epub")
def book(here: EdgeDep, product: str) -> Response:
    """The product as EPUB 3. A drip can be taken along once its last lesson has opened."""
    here.require_person()
    platform, now, card = here.platform, here.platform.clock.now(), visible_product(here, product)
    if card.kind not in BOOKS:
        raise NotFound(say("There is nothing here."))
    with platform.database.reading() as session:
        lessons = catalog.contents(session, here.viewer, card.id).lessons
        last = max((lesson.released_after_days for lesson in lessons), default=0)
        access = learning.lesson_access(
            session, here.viewer, card.id, is_preview=False, released_after_days=last, at=now
        )  # fmt: skip
    learning.require_open(access)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - closed when it has been sent
    catalog.export_epub(platform, card.slug, file, viewer=SYSTEM)  # the access is checked above
    headers = {"Content-Disposition": disposition(f"{card.slug}.epub", _EPUB), "Cache-Control": "private, no-store"}
    return StreamingResponse(_pieces(file), media_type=_EPUB, headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece
