"""Taking a product along: as a folder of Markdown in an archive, or as an EPUB book."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.catalog.forms import room
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.learning.serving import disposition

router = room()

_PIECE, _IN_MEMORY = 1 << 20, 8 << 20


@router.get("/products/{slug}/export.zip")
def as_folder(here: EdgeDep, slug: str) -> Response:
    """The product as a folder of Markdown with its pictures, to be imported again anywhere."""
    return _sent(here, slug, suffix=".zip")


@router.get("/products/{slug}/export.epub")
def as_book(here: EdgeDep, slug: str) -> Response:
    """The product as EPUB 3."""
    return _sent(here, slug, suffix=".epub")


def _sent(here: Edge, slug: str, *, suffix: str) -> Response:
    here.require(Permission.CATALOG_WRITE)
    is_book = suffix == ".epub"
    out: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - `_pieces` closes it
    try:
        if is_book:
            catalog.export_epub(here.platform, slug, out, viewer=here.viewer)
        else:
            price = here.read(lambda session: _price_tag(here, session, slug))
            catalog.export_folder(here.platform, slug, out, viewer=here.viewer, price=price)
    except BaseException:
        out.close()
        raise
    media_type = "application/epub+zip" if is_book else "application/zip"
    headers = {
        "Content-Disposition": disposition(f"{slug}{suffix}", media_type),
        "Content-Length": str(out.seek(0, 2)),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(_pieces(out), media_type=media_type, headers=headers)


def _price_tag(here: Edge, session: Session, slug: str) -> dict[str, Any] | None:
    now, product = here.platform.clock.now(), catalog.product_by_slug(session, slug)
    offers = commerce.offers_of(session, here.viewer, product.id)
    return commerce.write_price_tag(offer for offer in offers if offer.is_live(now))


def _pieces(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while piece := out.read(_PIECE):
            yield piece
