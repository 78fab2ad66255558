"""What a person holds."""

from starlette.responses import Response

from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.learning.addresses import lesson_path, picture_url
from xingtan.web.learning.pages import ShelfBook, ShelfPage
from xingtan.web.render import render
from xingtan.web.wing import Wing

router = Wing()

_COVER_WIDTH = 640


@router.get("/shelf")
def shelf(here: EdgeDep) -> Response:
    """Everything that the reader holds, what she is in first."""
    here.require_person()
    now = here.platform.clock.now()
    with here.platform.database.reading() as session:
        items = learning.shelf(session, here.viewer, at=now)
        covers = catalog.find_assets(session, [one.cover_asset_id for one in items if one.cover_asset_id])
    books = [_book(here, item, covers.get(item.cover_asset_id) if item.cover_asset_id else None) for item in items]
    started = [book for book in books if book.item.progress.last_at is not None and not book.item.progress.is_done]
    return render(here, ShelfPage(
        going_on=started[0] if started else None,
        started=tuple(started[1:]),
        waiting=tuple(book for book in books if book.item.progress.last_at is None),
        done=tuple(book for book in books if book.item.progress.last_at is not None and book.item.progress.is_done),
    ))  # fmt: skip


def _book(here: Edge, item: learning.ShelfItem, cover: catalog.AssetView | None) -> ShelfBook:
    path = lesson_path(item.slug, item.resume.lesson_slug) if item.resume else f"/learn/{item.slug}"
    widths = sorted(int(width) for width in cover.variants) if cover else []
    shown = next((width for width in widths if width >= _COVER_WIDTH), widths[-1] if widths else None)
    src = picture_url(item.cover_asset_id, width=shown) if shown else None
    return ShelfBook(item, here.url(path), src)
