"""The front page, and the page about the academy."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.orm import Session

from xingtan.domains.catalog import api as catalog
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge
from xingtan.web.learning.addresses import lesson_path
from xingtan.web.storefront.cards import Price, Visit, make_cards, owned_by, prices_of, topic_links, used
from xingtan.web.storefront.markup import academy_nodes
from xingtan.web.storefront.pages import AboutPage, Continuing, HomePage, Sums
from xingtan.web.storefront.seo import make_head
from xingtan.web.storefront.shelves import published, sample, topics
from xingtan.web.storefront.texts import from_markdown, in_plain, opening

_FEATURED, _NEWEST, _CONTINUING = 6, 6, 3
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def sums(works: Sequence[catalog.ProductCard], prices: Mapping[UUID, Price]) -> Sums:
    """Return how many works and lessons there are, and how many works are free."""
    free = sum(prices[one.id].model == "free" for one in works)
    lessons = sum(one.lesson_count for one in works if one.kind != "bundle")  # a bundle's are counted where they are
    return Sums(len(works), lessons, free)


def home_page(session: Session, here: Edge) -> HomePage:
    """Return the front page of this reader."""
    visit, academy = Visit.of(here), here.request.app.state.academy.current()
    works = published(session, here)
    owned, prices = owned_by(session, visit), prices_of(session, visit, [one.id for one in works])
    newest = sorted(works, key=lambda one: one.published_at or _LONG_AGO, reverse=True)[:_NEWEST]
    listed = make_cards(session, visit, _distinct([*works[:_FEATURED], *newest]), owned=owned, prices=prices)
    shown = {card.key: card for card in listed}
    about = from_markdown(academy.about_in(here.language) if academy else "")
    head_view = here.request.app.state.academy.view(here.language)
    title = f"{head_view.name} — {head_view.tagline}" if head_view.tagline else head_view.name
    first, *rest = opening(about) or [Markup()]
    words = in_plain(first)
    return HomePage(
        head=make_head(
            here, title, description=words or head_view.tagline or head_view.name, nodes=academy_nodes(here, academy)
        ),
        words=words,
        teacher=_teacher(works, academy),
        about=Markup("\n").join(rest),
        continuing=_continuing(session, visit),
        featured=tuple(shown[one.id.hex] for one in works[:_FEATURED]),
        newest=tuple(shown[one.id.hex] for one in newest) if len(works) > _FEATURED else (),
        topics=topic_links(used(topics(session, here)), here.language),
        sums=sums(works, prices),
        sample=sample(session, here),
    )


def _distinct(works: Sequence[catalog.ProductCard]) -> list[catalog.ProductCard]:
    return list({one.id: one for one in works}.values())


def _teacher(works: Sequence[catalog.ProductCard], academy: identity.AcademyView | None) -> str:
    """Return the name under which most of the works, in the reader's language first, are published."""
    own = [one for one in works if one.language == works[0].language]
    names = [one.author for one in own if one.author]
    return max(names, key=names.count) if names else (academy.legal_name if academy else "")


def _continuing(session: Session, visit: Visit) -> tuple[Continuing, ...]:
    if visit.viewer.person_id is None:
        return ()
    items = learning.shelf(session, visit.viewer, at=visit.at)
    started = [one for one in items if one.resume and one.progress.last_at and not one.progress.is_done]
    return tuple(
        Continuing(
            path=lesson_path(one.slug, one.resume.lesson_slug),
            title=one.title,
            language="zh" if one.language == "zh" else "en",
            lesson=one.resume.lesson_title,
            done=one.progress.done_count,
            lessons=one.progress.lesson_count,
        )
        for one in started[:_CONTINUING]
        if one.resume
    )


def about_page(session: Session, here: Edge, *, title: str) -> AboutPage:
    """Return the page about the academy."""
    visit, academy = Visit.of(here), here.request.app.state.academy.current()
    works = published(session, here)
    about = from_markdown(academy.about_in(here.language) if academy else "")
    return AboutPage(
        head=make_head(here, title, description=in_plain(about) or title, nodes=academy_nodes(here, academy)),
        about=about,
        teacher=_teacher(works, academy),
        contact=academy.contact if academy else "",
        sums=sums(works, prices_of(session, visit, [one.id for one in works])),
    )
