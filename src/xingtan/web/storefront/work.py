"""A product's page: what it is, what is inside, what it costs, what this reader may do with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from markupsafe import Markup
from sqlalchemy.orm import Session

from xingtan.core.ids import public_id
from xingtan.core.money import CURRENCIES, Money
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge
from xingtan.web.language import Language
from xingtan.web.learning.addresses import feed_path, lesson_path, picture_url, product_path
from xingtan.web.storefront.addresses import calendar_path, checkout_path, episode_path, public_feed_path
from xingtan.web.storefront.cards import Card, Price, Visit, make_cards, owned_by, picture, prices_of, topic_links
from xingtan.web.storefront.markup import organization, work_node
from xingtan.web.storefront.pages import Buying, Edition, Episode, Holding, Lecture, Lesson, Part, WorkPage
from xingtan.web.storefront.seo import Head, breadcrumbs, make_head

_BOOKS = frozenset({"course", "ebook", "column", "article"})
_LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
_FEEDS = frozenset({"podcast", "column"})


def work_page(session: Session, here: Edge, slug: str) -> WorkPage:
    """Return the page of the product at `slug` as this reader sees it; `NotFound` when there is none for her."""
    page = catalog.product_page(session, here.viewer, slug)
    visit, card, content = Visit.of(here), page.card, page.content
    owned = owned_by(session, visit)
    others = {one.id: one for one in (*page.contains, *page.requirements, *page.bundles)}
    prices = prices_of(session, visit, [card.id, *others])
    listed = make_cards(session, visit, list(others.values()), owned=owned, prices=prices)
    cards, price = {one.key: one for one in listed}, prices[card.id]
    language = language_of(card)
    description = _placed(session, content.description_html)
    return WorkPage(
        head=_head(here, page, price),
        key=card.id.hex,
        seen=public_id("product", card.id),
        kind=card.kind,
        language=language,
        is_published=card.state == "published",
        title=content.title,
        subtitle=content.subtitle,
        summary=content.summary,
        author=content.author,
        difficulty=content.difficulty,
        minutes=_minutes(page),
        lesson_count=len(page.contents.lessons),
        updated_at=card.updated_at,
        picture=picture(page.cover),
        topics=topic_links(page.topics, here.language),
        description=description,
        audience=content.audience,
        outcomes=content.outcomes,
        parts=_parts(session, here, page, is_owned=card.id in owned),
        sample=_sample(page),
        buying=_buying(card, price),
        holding=_holding(session, here, page) if _is_held(page, owned) else None,
        editions=tuple(Edition(product_path(one.slug), one.title, language_of(one)) for one in page.editions),
        requirements=_of(cards, page.requirements),
        contains=_of(cards, page.contains),
        apart=_apart(_of(cards, page.contains)),
        bundles=_of(cards, page.bundles),
        sold=commerce.sold_count(session, [card.id])[card.id],
        lecture=_lecture(here, page),
        consulting=content.consulting.how if content.consulting else "",
        consulting_minutes=content.consulting.minutes if content.consulting else 0,
        episode=_episode(session, here, page),
        feed=public_feed_path(slug) if card.kind in _FEEDS and page.contents.lessons else "",
    )


def in_full(here: Edge, at: datetime) -> str:
    """Return an instant with its weekday, to the minute, in the academy's zone and the reader's words."""
    academy, locale = here.request.app.state.academy.view(here.language), _LOCALES[here.language]
    local = at.astimezone(ZoneInfo(academy.time_zone))
    return f"{format_date(local, 'full', locale=locale)} {format_time(local, 'short', locale=locale)}"


def language_of(card: catalog.ProductCard) -> Language:
    """Return the language in which a product is written."""
    return "zh" if card.language == "zh" else "en"


def _of(cards: dict[str, Card], products: Sequence[catalog.ProductCard]) -> tuple[Card, ...]:
    return tuple(cards[one.id.hex] for one in products)


def _placed(session: Session, html: str) -> Markup:
    """Return a description with the addresses of its public pictures in place. One query where there are pictures."""
    named: set[UUID] = set()

    def collect(asset_id: UUID, _width: int | None) -> str:
        named.add(asset_id)
        return ""

    catalog.place(html, asset_url=collect, lesson_url=lambda _slug: "")
    assets = catalog.find_assets(session, named)

    def address(asset_id: UUID, width: int | None) -> str:
        asset = assets.get(asset_id)
        if asset is None or not asset.is_public or not asset.variants:
            return ""
        widths = sorted(int(one) for one in asset.variants)
        return picture_url(asset_id, width=next((one for one in widths if one >= (width or 0)), widths[-1])) or ""

    placed = catalog.place(html, asset_url=address, lesson_url=lambda _slug: "#inside")
    return Markup(placed)  # noqa: S704 - sanitised when it was saved


def _parts(session: Session, here: Edge, page: catalog.ProductPage, *, is_owned: bool) -> tuple[Part, ...]:
    card, now = page.card, here.platform.clock.now()
    since = learning.held_since(session, here.viewer, card.id, at=now) if is_owned else None

    def line(one: catalog.LessonLine) -> Lesson:
        access = learning.access_of(
            here.viewer,
            is_preview=one.is_preview,
            released_after_days=one.released_after_days,
            held_since=since,
            at=now,
        )
        return Lesson(
            path=lesson_path(card.slug, one.slug) if access.is_open else "",
            title=one.title,
            kind=one.kind,
            minutes=one.minutes,
            is_preview=one.is_preview,
            opens_after_days=one.released_after_days,
            published_at=one.published_at,
        )

    return tuple(
        Part(section.title, sum(one.minutes for one in section.lessons), tuple(line(one) for one in section.lessons))
        for section in page.contents.sections
    )


def _sample(page: catalog.ProductPage) -> str:
    preview = next(iter(page.contents.previews), None)
    return lesson_path(page.card.slug, preview.slug) if preview else ""


def _buying(card: catalog.ProductCard, price: Price) -> Buying:
    amount = price.amount or price.floor
    decimals = CURRENCIES[amount.currency] if amount else 0
    return Buying(
        price=price,
        path=checkout_path(card.slug),
        amount=price.amount.major() if price.amount else "",
        floor=price.floor.major() if price.floor else "0",
        step=f"0.{'0' * (decimals - 1)}1" if decimals else "1",
        refund_days=commerce.POLICY.days,
    )


def _is_held(page: catalog.ProductPage, owned: frozenset[UUID]) -> bool:
    """Say whether the reader has this; a bundle is held by whoever has all that is in it."""
    inside = {one.id for one in page.contains}
    return page.card.id in owned or (bool(inside) and inside <= owned)


def _holding(session: Session, here: Edge, page: catalog.ProductPage) -> Holding:
    """Return where the reader goes on. Two queries."""
    card = page.card
    states = learning.lesson_states(session, here.viewer.require_person(), card.id)
    lessons = page.contents.lessons
    going_on = learning.resume_of(lessons, states)
    progress = learning.progress_of(card.id, lessons, tuple(states.values()))
    return Holding(
        path=lesson_path(card.slug, going_on.lesson_slug) if going_on else _room(card),
        lesson=going_on.lesson_title if going_on else "",
        is_started=bool(states),
        done=progress.done_count,
        lessons=progress.lesson_count,
        book=f"/learn/{card.slug}/book.epub" if card.kind in _BOOKS and lessons else "",
        feed=feed_path(card.slug) if card.kind == "podcast" else "",
    )


def _room(card: catalog.ProductCard) -> str:
    """Return where something without lessons is opened."""
    return "/shelf" if card.kind == "bundle" else f"/learn/{card.slug}"


def _apart(cards: Sequence[Card]) -> Price | None:
    """Return what a bundle's products cost one by one; None where one of them has no fixed price of its own."""
    amounts = [card.price.amount for card in cards if card.price.model == "once" and card.price.amount]
    if not amounts or len(amounts) < len([card for card in cards if card.price.model != "free"]):
        return None
    if len({amount.currency for amount in amounts}) > 1:
        return None
    return Price("once", Money(sum(amount.minor for amount in amounts), amounts[0].currency))


def _minutes(page: catalog.ProductPage) -> int:
    """Return how long the whole takes: of a lecture or a consultation the talk itself."""
    talk = page.content.live or page.content.consulting
    return talk.minutes if talk else page.contents.minutes or page.card.minutes


def _lecture(here: Edge, page: catalog.ProductPage) -> Lecture | None:
    live = page.content.live
    if live is None:
        return None
    is_past = live.starts_at + timedelta(minutes=live.minutes) <= here.platform.clock.now()
    return Lecture(live.starts_at, in_full(here, live.starts_at), live.minutes, is_past, calendar_path(page.card.slug))


def _episode(session: Session, here: Edge, page: catalog.ProductPage) -> Episode | None:
    if page.card.kind != "podcast":
        return None
    preview = next((one for one in page.contents.previews if one.kind == "audio"), None)
    if preview is None:
        return None
    lesson = catalog.lesson_page(session, here.viewer, product_slug=page.card.slug, lesson_slug=preview.slug)
    if lesson.media is None:
        return None
    return Episode(preview.title, episode_path(page.card.slug, preview.slug), lesson.media.media_type)


def _head(here: Edge, page: catalog.ProductPage, price: Price) -> Head:
    card, content = page.card, page.content
    academy = here.request.app.state.academy
    path = product_path(card.slug)
    paths = {language_of(one): product_path(one.slug) for one in page.editions}
    paths |= {language_of(card): path} if paths else {}
    canonical = here.absolute(f"/{language_of(card) if paths else here.language}{path}")
    shown = picture(page.cover)
    name = academy.view(here.language).name
    trail = [(name, here.absolute(f"/{here.language}/")), (content.title, canonical)]
    return make_head(
        here,
        f"{content.title} — {name}",
        description=content.summary or content.subtitle or content.title,
        path=path,
        paths=paths or None,
        kind="article" if card.kind == "article" else "website",
        image=shown,
        nodes=[
            work_node(here, page, price=price, picture=shown, canonical=canonical),
            organization(here, academy.current()),
            breadcrumbs(trail),
        ],
        feed=(content.title, here.absolute(public_feed_path(card.slug))) if card.kind in _FEEDS else None,
        is_indexed=card.state == "published",
    )
