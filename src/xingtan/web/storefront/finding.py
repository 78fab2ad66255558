"""What a search found, gathered by product, best first."""

from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge
from xingtan.web.learning.addresses import lesson_path
from xingtan.web.storefront.addresses import catalogue_path
from xingtan.web.storefront.cards import Visit, make_cards, topic_links, used
from xingtan.web.storefront.pages import Found, FoundProduct, SearchPage
from xingtan.web.storefront.seo import make_head
from xingtan.web.storefront.shelves import published, topics

PAGE = 20
_MOST_PAGES = 50
_SUGGESTED = 3


def search_page(session: Session, here: Edge, query: str, *, page: int, title: str) -> SearchPage:
    """Return the answer to `query`: passages of published works and of what this reader owns, page by page from 1."""
    query, page = " ".join(query.split())[:200], max(1, min(page, _MOST_PAGES))
    visit = Visit.of(here)
    held = learning.held_products(session, visit.viewer, at=visit.at) if visit.viewer.person_id else {}
    owned = frozenset(held)
    found = catalog.SearchPage((), 0)
    if query:
        found = catalog.search(
            session,
            here.viewer,
            query,
            index=here.platform.search,
            open_products=owned,
            closed_lessons=learning.unreleased_lessons(session, held, at=visit.at),
            limit=PAGE,
            offset=(page - 1) * PAGE,
        )
    is_empty = bool(query) and not found.hits
    about = used(topics(session, here)) if is_empty else ()
    suggested = published(session, here)[:_SUGGESTED] if is_empty else ()
    more = page * PAGE < found.total and page < _MOST_PAGES
    return SearchPage(
        head=make_head(here, title, description=title, is_indexed=False),
        query=query,
        products=_by_product(session, visit, found.hits, owned=owned),
        total=found.total,
        more=catalogue_path("/search", q=query, page=str(page + 1)) if more else "",
        suggestions=make_cards(session, visit, suggested, owned=owned),
        topics=topic_links(about, here.language),
    )


def _by_product(
    session: Session, visit: Visit, hits: tuple[catalog.SearchHit, ...], *, owned: frozenset[UUID]
) -> tuple[FoundProduct, ...]:
    products = {hit.product.id: hit.product for hit in hits}
    cards = make_cards(session, visit, list(products.values()), owned=owned)
    gathered = []
    for card, product in zip(cards, products.values(), strict=True):
        own = [hit for hit in hits if hit.product.id == product.id]
        whole = next((hit for hit in own if hit.lesson_slug is None), None)
        gathered.append(
            FoundProduct(
                card=card,
                title=whole.title if whole else ((product.title, False),),
                snippet=whole.snippet if whole else (),
                lessons=tuple(
                    Found(lesson_path(product.slug, hit.lesson_slug), hit.title, hit.snippet)
                    for hit in own
                    if hit.lesson_slug
                ),
            )
        )
    return tuple(gathered)
