"""Finding products and lessons. Paid text is found by those who have it; nobody else sees a word of it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.queries.cards import find_products
from xingtan.domains.catalog.views import SearchHit, SearchPage
from xingtan.infra.search import SearchIndex

_KINDS = ("product", "lesson")


def search(
    session: Session,
    viewer: Viewer,
    query: str,
    *,
    index: SearchIndex,
    open_products: Collection[UUID] = (),
    closed_lessons: Collection[UUID] = (),
    language: str | None = None,
    limit: int = 20,
    offset: int = 0,
) -> SearchPage:
    """Return what `query` finds among published products and their lessons, best first; never an error.

    `open_products` are those whose lessons this person may read; staff who may use all content need not list them.
    `closed_lessons` are lessons of those products that open to this person later.
    """
    is_staff = viewer.may(Permission.CONTENT_USE)
    result = index.search(
        session,
        query,
        language=language,
        kinds=_KINDS,
        open_products=None if is_staff else open_products,
        without=() if is_staff else closed_lessons,
        limit=limit,
        offset=offset,
    )
    products = find_products(session, {hit.product_id for hit in result.hits if hit.product_id})
    hits = tuple(
        SearchHit(
            product=products[hit.product_id],
            lesson_slug=hit.url_key.partition("/")[2] or None,
            title=hit.title_highlight,
            snippet=hit.snippet,
        )
        for hit in result.hits
        if hit.product_id in products
    )
    return SearchPage(hits, result.total)
