"""For programs: sitemap, robots, and feeds — of the newest works, of a podcast or a column, of one member's podcast.

1. A public feed holds free episodes and excerpts only. 2. A member's feed opens by the secret in its address, ends with
her right to the work, and is stored by nobody in between.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import NotFound, say
from xingtan.core.ids import public_id
from xingtan.core.viewer import STRANGER, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.language import HTML_LANG, LANGUAGES, Language
from xingtan.web.learning.addresses import (
    PUBLIC,
    feed_media_url,
    feed_path,
    lesson_path,
    media_url,
    product_path,
)
from xingtan.web.learning.lesson_memory import known_lesson
from xingtan.web.render import PUBLIC as FOR_ALL
from xingtan.web.render import render
from xingtan.web.storefront import shelves
from xingtan.web.storefront.addresses import episode_path, private_feed_path, public_feed_path, topic_path
from xingtan.web.storefront.cards import picture, used
from xingtan.web.storefront.pages import FeedPage
from xingtan.web.storefront.rss import Channel, Enclosure, Item, to_rss, to_sitemap
from xingtan.web.storefront.seo import alternates, make_head, shortened
from xingtan.web.storefront.texts import words_of
from xingtan.web.storefront.work import language_of
from xingtan.web.translations import in_words
from xingtan.web.wing import Wing

router = Wing()

_NEWEST = 20
_EXCERPT = 400
_RSS = "application/rss+xml; charset=utf-8"
_XML = "application/xml; charset=utf-8"
_ALWAYS = ("/", "/catalogue", "/about", "/privacy", "/terms")
_PRIVATE = (
    "/studio",
    "/account",
    "/shelf",
    "/notes",
    "/orders",
    "/checkout",
    "/sign-in",
    "/search",
    "/feeds/",
    "/media/",
)


@router.get("/robots.txt")
def robots(here: EdgeDep) -> Response:
    """Which pages search engines may read, and where the sitemap is."""
    closed = [f"Disallow: {prefix}{path}" for path in _PRIVATE for prefix in ("", *(f"/{one}" for one in LANGUAGES))]
    lines = ["User-agent: *", *closed, f"Sitemap: {here.absolute('/sitemap.xml')}", ""]
    return Response("\n".join(lines), media_type="text/plain; charset=utf-8", headers={FOR_ALL: "1"})


@router.get("/sitemap.xml")
def sitemap(here: EdgeDep) -> Response:
    """Every public page in both languages."""
    with here.platform.database.reading() as session:
        works = shelves.published(session, here)
        topics = used(shelves.topics(session, here))
    editions: dict[str, dict[Language, str]] = {}
    for one in works:
        if one.work_key:
            editions.setdefault(one.work_key, {})[language_of(one)] = product_path(one.slug)
    entries: list[tuple[str, datetime | None, list[tuple[str, str]]]] = []
    newest = max((one.updated_at for one in works), default=None)
    for path in (*_ALWAYS, *(topic_path(one.slug) for one in topics)):
        changed = newest if path in {"/", "/catalogue"} else None
        entries += _entries(here, dict.fromkeys(LANGUAGES, path), changed)
    for one in works:
        own, path = language_of(one), product_path(one.slug)
        paths = editions.get(one.work_key or "", {})
        if len(paths) > 1:
            entries.append((here.absolute(f"/{own}{path}"), one.updated_at, _alternates(here, paths)))
        else:
            entries += _entries(here, dict.fromkeys(LANGUAGES, path), one.updated_at)
    return Response(to_sitemap(entries), media_type=_XML, headers={FOR_ALL: "1"})


def _entries(
    here: Edge, paths: dict[Language, str], changed: datetime | None
) -> list[tuple[str, datetime | None, list[tuple[str, str]]]]:
    named = _alternates(here, paths)
    return [(here.absolute(f"/{language}{path}"), changed, named) for language, path in paths.items()]


def _alternates(here: Edge, paths: dict[Language, str]) -> list[tuple[str, str]]:
    return [(one.hreflang, one.href) for one in alternates(here, paths)]


@router.get("/feed.xml")
def newest(here: EdgeDep) -> Response:
    """The newest works."""
    academy = here.request.app.state.academy.view(here.language)
    with here.platform.database.reading() as session:
        cards = catalog.cards(session, STRANGER, sort="newest", limit=_NEWEST).cards
    items = [
        Item(
            title=one.title,
            link=here.absolute(f"/{language_of(one)}{product_path(one.slug)}"),
            guid=public_id("product", one.id),
            description=one.summary or one.subtitle,
            published_at=one.published_at,
        )
        for one in cards
    ]
    channel = Channel(
        title=academy.name,
        link=here.absolute(f"/{here.language}/"),
        self_url=here.absolute(f"{here.prefix}/feed.xml"),
        description=academy.tagline,
        language=HTML_LANG[here.language],
        items=items,
    )
    return Response(to_rss(channel), media_type=_RSS, headers={FOR_ALL: "1"})


@router.get("/works/{slug}/feed.xml")
def public_feed(here: EdgeDep, slug: str) -> Response:
    """A podcast's free episodes, or the beginnings of a column's pieces."""
    page = here.read(lambda session: catalog.product_page(session, STRANGER, slug))
    if page.card.kind not in {"podcast", "column"}:
        raise NotFound(say("There is no such feed."))
    is_podcast = page.card.kind == "podcast"
    lines = page.contents.previews if is_podcast else tuple(reversed(page.contents.lessons))[:_NEWEST]
    items = [_public_item(here, page, line, is_podcast=is_podcast) for line in lines]
    channel = _channel(here, page, items, path=public_feed_path(slug))
    return Response(to_rss(channel), media_type=_RSS, headers={FOR_ALL: "1"})


def _public_item(here: Edge, page: catalog.ProductPage, line: catalog.LessonLine, *, is_podcast: bool) -> Item:
    slug = page.card.slug
    lesson = known_lesson(here, slug, line.slug).page if line.is_preview else None
    enclosure = None
    if is_podcast and lesson is not None and lesson.media is not None:
        address = here.absolute(episode_path(slug, line.slug))
        enclosure = Enclosure(address, lesson.media.size, lesson.media.media_type)
    excerpt = shortened(words_of(lesson.html), limit=_EXCERPT) if lesson is not None else ""
    return _entry(here, page, line, description=excerpt or page.content.summary, enclosure=enclosure)


def _entry(
    here: Edge, page: catalog.ProductPage, line: catalog.LessonLine, *, description: str, enclosure: Enclosure | None
) -> Item:
    return Item(
        title=line.title,
        link=here.absolute(f"/{language_of(page.card)}{lesson_path(page.card.slug, line.slug)}"),
        guid=public_id("lesson", line.id),
        description=description,
        published_at=line.published_at,
        enclosure=enclosure,
        minutes=line.minutes,
        number=line.number,
    )


def _channel(
    here: Edge, page: catalog.ProductPage, items: list[Item], *, path: str, is_private: bool = False
) -> Channel:
    academy: identity.AcademyView | None = here.request.app.state.academy.current()
    shown = picture(page.cover)
    return Channel(
        title=page.content.title,
        link=here.absolute(f"/{language_of(page.card)}{product_path(page.card.slug)}"),
        self_url=here.absolute(path),
        description=page.content.summary or page.content.subtitle,
        language=HTML_LANG[language_of(page.card)],
        items=items,
        author=page.content.author,
        email=academy.contact if academy else "",
        image_url=here.absolute(shown.src) if shown else "",
        is_podcast=page.card.kind == "podcast",
        is_private=is_private,
    )


@router.api_route("/works/{slug}/episodes/{lesson}", methods=["GET", "HEAD"])
def episode(here: EdgeDep, slug: str, lesson: str) -> Response:
    """A free episode's recording: a lasting address that leads to the file's address of the hour."""
    page = known_lesson(here, slug, lesson).page
    if not page.is_preview or page.media is None:
        raise NotFound(say("There is nothing here."))
    address = media_url(here.platform, page.media, audience=PUBLIC)
    return RedirectResponse(address, status_code=302, headers={"Cache-Control": "no-store"})


@router.get("/works/{slug}/feed")
def own_feed(here: EdgeDep, slug: str) -> Response:
    """The page with the reader's own feed address; it is made at the first visit."""
    person = here.require_person()
    platform = here.platform

    def work(session: Session) -> tuple[catalog.ProductCard, str]:
        card = _held(session, here, slug)
        token = learning.feed_token(
            session, Viewer(person), product_id=card.id, clock=platform.clock, vault=platform.vault
        )
        return card, token

    return _feed_page(here, *here.write(work))


@router.post("/works/{slug}/feed")
def renew_own_feed(here: EdgeDep, slug: str) -> Response:
    """A new address; the old one ends."""
    person = here.require_person()
    platform = here.platform

    def work(session: Session) -> None:
        card = _held(session, here, slug)
        learning.renew_feed_token(
            session, Viewer(person), product_id=card.id, clock=platform.clock, vault=platform.vault
        )

    here.write(work)
    return RedirectResponse(here.url(feed_path(slug)), status_code=303)


def _held(session: Session, here: Edge, slug: str) -> catalog.ProductCard:
    card = catalog.product_by_slug(session, slug)
    now = here.platform.clock.now()
    if card.kind != "podcast" or learning.held_since(session, here.viewer, card.id, at=now) is None:
        raise NotFound(say("There is no such feed."))
    return card


def _feed_page(here: Edge, card: catalog.ProductCard, token: str) -> Response:
    title = in_words(say("Your private feed"), here.language)
    page = FeedPage(
        head=make_head(here, title, description=title, is_indexed=False),
        title=card.title,
        language=language_of(card),
        path=product_path(card.slug),
        address=here.absolute(private_feed_path(card.slug, token)),
    )
    return render(here, page)


@router.get("/feeds/{slug}/{token}.xml")
def private_feed(here: EdgeDep, slug: str, token: str) -> Response:
    """Every episode that is open to the member whose feed this is; a week's addresses for the recordings."""
    platform, now = here.platform, here.platform.clock.now()
    with platform.database.reading() as session:
        card = catalog.product_by_slug(session, slug)
        owner = Viewer(learning.feed_owner(session, token, product_id=card.id, clock=platform.clock))
        since = learning.held_since(session, owner, card.id, at=now)
        lines = catalog.contents(session, STRANGER, card.id).lessons
        covers = catalog.find_assets(session, [card.cover_asset_id] if card.cover_asset_id else [])
    opened = [line for line in lines if _is_open(line, since, now)]
    items = [_private_item(here, card, line, token=token, since=since) for line in opened]
    shown = picture(covers.get(card.cover_asset_id)) if card.cover_asset_id else None
    channel = Channel(
        title=card.title,
        link=here.absolute(f"/{language_of(card)}{product_path(slug)}"),
        self_url=here.absolute(private_feed_path(slug, token)),
        description=card.summary,
        language=HTML_LANG[language_of(card)],
        items=items,
        author=card.author,
        image_url=here.absolute(shown.src) if shown else "",
        is_podcast=True,
        is_private=True,
    )
    return Response(to_rss(channel), media_type=_RSS, headers={"Cache-Control": "private, no-store"})


def _is_open(line: catalog.LessonLine, since: datetime | None, now: datetime) -> bool:
    access = learning.access_of(
        STRANGER, is_preview=line.is_preview, released_after_days=line.released_after_days, held_since=since, at=now
    )
    return access.is_open


def _private_item(
    here: Edge, card: catalog.ProductCard, line: catalog.LessonLine, *, token: str, since: datetime | None
) -> Item:
    page = known_lesson(here, card.slug, line.slug).page
    enclosure = None
    if page.media is not None:
        audience = learning.feed_audience(token)
        address = here.absolute(feed_media_url(here.platform, page.media, audience=audience, token=token))
        enclosure = Enclosure(address, page.media.size, page.media.media_type)
    opened_at = (since or datetime.min.replace(tzinfo=UTC)) + timedelta(days=line.released_after_days)
    published = (
        max(line.published_at, opened_at) if line.published_at and line.released_after_days else line.published_at
    )
    return Item(
        title=line.title,
        link=here.absolute(f"/{language_of(card)}{lesson_path(card.slug, line.slug)}"),
        guid=public_id("lesson", line.id),
        description=shortened(words_of(page.html), limit=_EXCERPT),
        published_at=published,
        enclosure=enclosure,
        minutes=line.minutes,
        number=line.number,
    )
