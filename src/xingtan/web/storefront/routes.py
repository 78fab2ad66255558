"""The shop window: front page, catalogue, search, products, topics, and the few pages that every honest shop needs."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from xingtan.core.errors import NotFound, Sentence, say
from xingtan.core.ids import private_id
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.domains.insight import api as insight
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.insight import watching
from xingtan.web.learning.addresses import product_path
from xingtan.web.render import Page, render_public
from xingtan.web.storefront import shelves
from xingtan.web.storefront.addresses import catalogue_path, topic_path
from xingtan.web.storefront.browsing import Choice, browse
from xingtan.web.storefront.calendar import calendar_of
from xingtan.web.storefront.cards import Visit, topic_links, used
from xingtan.web.storefront.finding import search_page
from xingtan.web.storefront.home import about_page, home_page
from xingtan.web.storefront.markup import list_node
from xingtan.web.storefront.pages import CataloguePage, LegalPage, TopicPage
from xingtan.web.storefront.seo import Head, Node, breadcrumbs, make_head
from xingtan.web.storefront.texts import in_plain, legal_text
from xingtan.web.storefront.work import work_page
from xingtan.web.translations import in_words
from xingtan.web.wing import Wing

router = Wing()

_Word = Annotated[str, Query(max_length=40)]


def _titled(here: Edge, sentence: Sentence, *, description: str = "", nodes: list[Node] | None = None) -> Head:
    name = here.request.app.state.academy.view(here.language).name
    title = in_words(sentence, here.language)
    return make_head(here, f"{title} — {name}", description=description or f"{title} · {name}", nodes=nodes or ())


@router.get("/")
def home(here: EdgeDep) -> Response:
    """The front page."""
    return render_public(here, here.read(lambda session: home_page(session, here)))


@router.get("/catalogue")
def catalogue(  # noqa: PLR0917 - one parameter for each filter in the address
    here: EdgeDep,
    kind: _Word = "",
    topic: Annotated[str, Query(max_length=80)] = "",
    language: _Word = "",
    difficulty: _Word = "",
    price: _Word = "",
    sort: _Word = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Everything that is published, filtered and sorted."""
    choice = Choice(kind, topic, language, difficulty, price, sort, after).cleaned()
    with here.reading() as session:
        visit = Visit.of(here)
        listing = browse(session, visit, choice)
        topics = used(shelves.topics(session, here))
    chosen = choice.filters()
    kinds = tuple((one, catalogue_path(**{**chosen, "kind": one})) for one in ("", *catalog.PRODUCT_KINDS))
    page = CataloguePage(
        head=_titled(here, say("Catalogue"), nodes=list_node(here, [*listing.own, *listing.foreign])),
        choice=choice,
        listing=listing,
        kinds=kinds,
        topics=tuple((one.slug, one.name(here.language)) for one in topics),
        more=catalogue_path(**chosen, after=listing.after) if listing.after else "",
    )
    return render_public(here, page)


@router.get("/topics/{slug}")
def topic(here: EdgeDep, slug: str, after: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Everything about a topic."""
    with here.reading() as session:
        topics = shelves.topics(session, here)
        found = next((one for one in topics if one.slug == slug), None)
        if found is None:
            raise NotFound(say("There is nothing here."))
        listing = browse(session, Visit.of(here), Choice(topic=slug, after=after))
    name, path = found.name(here.language), topic_path(slug)
    academy = here.request.app.state.academy.view(here.language).name
    trail = [(academy, here.absolute(f"/{here.language}/")), (name, here.absolute(f"/{here.language}{path}"))]
    nodes = [*list_node(here, [*listing.own, *listing.foreign]), breadcrumbs(trail)]
    page = TopicPage(
        head=make_head(here, f"{name} — {academy}", description=f"{name} · {academy}", nodes=nodes),
        name=name,
        listing=listing,
        more=catalogue_path(path, after=listing.after) if listing.after else "",
        topics=topic_links(used(topics), here.language, besides=slug),
    )
    return render_public(here, page)


@router.get("/search")
def search(
    here: EdgeDep, q: Annotated[str, Query(max_length=500)] = "", page: Annotated[int, Query(ge=1, le=999)] = 1
) -> Response:
    """What is found for `q`."""
    title = in_words(say("Search"), here.language)
    found = here.read(lambda session: search_page(session, here, q, page=page, title=title))
    if found.query and here.person_id is not None and page == 1:
        watching.searched(here, found.query, results=found.total)
    return render_public(here, found)


@router.get("/works/{slug}")
def work(here: EdgeDep, slug: str) -> Response:
    """A product's page."""
    page = here.read(lambda session: work_page(session, here, slug))
    if here.person_id is not None:
        watching.viewed(here, insight.Object.PRODUCT, page.seen, product_id=private_id("product", page.seen))
    return render_public(here, page)


@router.get("/works/{slug}/calendar.ics")
def calendar(here: EdgeDep, slug: str) -> Response:
    """A live lecture as a calendar entry."""
    page = here.read(lambda session: catalog.product_page(session, here.viewer, slug))
    if page.content.live is None:
        raise NotFound(say("There is nothing here."))
    url = here.absolute(f"/{here.language}{product_path(slug)}")
    body = calendar_of(page.card, page.content.live, url=url, at=here.platform.clock.now())
    headers = {"Content-Disposition": f'attachment; filename="{slug}.ics"', "Cache-Control": "public, max-age=300"}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/about")
def about(here: EdgeDep) -> Response:
    """About the academy."""
    name = here.request.app.state.academy.view(here.language).name
    title = f"{in_words(say('About'), here.language)} — {name}"
    return render_public(here, here.read(lambda session: about_page(session, here, title=title)))


@router.get("/privacy")
def privacy_text(here: EdgeDep) -> Response:
    """What is known about people here, in plain words."""
    return render_public(here, _legal(here, "privacy", say("Privacy")))


@router.get("/terms")
def terms(here: EdgeDep) -> Response:
    """What is bought, and how it is given back, in plain words."""
    return render_public(here, _legal(here, "terms", say("Terms and refunds")))


def _legal(here: Edge, name: str, title: Sentence) -> Page:
    academy: identity.AcademyView | None = here.request.app.state.academy.current()
    text = legal_text(here, name, academy=academy, days=commerce.POLICY.days)
    head = _titled(here, title, description=in_plain(text))
    return LegalPage(head=head, title=in_words(title, here.language), text=text)
