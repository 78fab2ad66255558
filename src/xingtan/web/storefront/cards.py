"""Products as the shop window lists them: card, cover, price, and whether the reader has it already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.entitlements import api as entitlements
from xingtan.web.edge import Edge
from xingtan.web.language import Language
from xingtan.web.learning.addresses import picture_url, product_path
from xingtan.web.storefront.addresses import topic_path
from xingtan.web.storefront.seo import Picture

_SHOWN_WIDTH = 640


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks in, when, in which language, and in which currency prices are told."""

    viewer: Viewer
    at: datetime
    language: Language
    currency: str

    @classmethod
    def of(cls, here: Edge) -> "Visit":
        """Return the visit behind a request."""
        academy = here.request.app.state.academy.view(here.language)
        return cls(here.viewer, here.platform.clock.now(), here.language, academy.currency)


@dataclass(frozen=True, slots=True)
class Price:
    """What a product costs now: `model` is once, free, pay_what_you_want, or none when it cannot be had."""

    model: str
    amount: Money | None = None
    floor: Money | None = None

    @classmethod
    def of(cls, offer: commerce.OfferView | None) -> "Price":
        """Return the price that an offer makes; None: it is not for sale."""
        if offer is None:
            return cls("none")
        return cls(offer.model, None if offer.is_free else offer.price, offer.floor)


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a list."""

    key: str
    path: str
    kind: str
    language: Language
    title: str
    summary: str
    author: str
    difficulty: str
    lessons: int
    minutes: int
    starts_at: datetime | None
    published_at: datetime | None
    cover: Picture | None
    price: Price
    is_owned: bool
    is_foreign: bool


@dataclass(frozen=True, slots=True)
class TopicLink:
    """A topic by its name in the reader's language, and how many products are about it."""

    path: str
    name: str
    works: int


def picture(asset: catalog.AssetView | None) -> Picture | None:
    """Return the public picture of an asset with all its widths; None when it is none, or not public."""
    if asset is None or not asset.is_public or not asset.is_image or not asset.variants:
        return None
    widths = sorted(int(width) for width in asset.variants)
    shown = next((width for width in widths if width >= _SHOWN_WIDTH), widths[-1])
    height = round(shown * asset.height / asset.width) if asset.width and asset.height else round(shown * 3 / 4)
    srcset = ", ".join(f"{picture_url(asset.id, width=width)} {width}w" for width in widths)
    return Picture(picture_url(asset.id, width=shown) or "", shown, height, srcset if len(widths) > 1 else "")


def owned_by(session: Session, visit: Visit) -> frozenset[UUID]:
    """Return the products that the reader holds; none for a stranger, at no cost."""
    person_id = visit.viewer.person_id
    return entitlements.accessible(session, person_id, at=visit.at) if person_id else frozenset()


def make_cards(
    session: Session,
    visit: Visit,
    products: Sequence[catalog.ProductCard],
    *,
    owned: frozenset[UUID] | None = None,
    prices: Mapping[UUID, Price] | None = None,
) -> tuple[Card, ...]:
    """Return the cards of `products` in order: a query each for prices, covers and what is owned, unless given."""
    if not products:
        return ()
    prices = prices or prices_of(session, visit, (one.id for one in products))
    covers = catalog.find_assets(session, (one.cover_asset_id for one in products if one.cover_asset_id))
    mine = owned_by(session, visit) if owned is None else owned
    return tuple(_card(one, visit, covers=covers, price=prices[one.id], is_owned=one.id in mine) for one in products)


def prices_of(session: Session, visit: Visit, ids: Iterable[UUID]) -> dict[UUID, Price]:
    """Return what each product costs this reader now. One query."""
    wanted = list(ids)
    offers = commerce.offers_for(session, wanted, currency=visit.currency, at=visit.at)
    return {product_id: Price.of(offers.get(product_id)) for product_id in wanted}


def _card(
    one: catalog.ProductCard, visit: Visit, *, covers: Mapping[UUID, catalog.AssetView], price: Price, is_owned: bool
) -> Card:
    return Card(
        key=one.id.hex,
        path=product_path(one.slug),
        kind=one.kind,
        language="zh" if one.language == "zh" else "en",
        title=one.title,
        summary=one.summary,
        author=one.author,
        difficulty=one.difficulty,
        lessons=one.lesson_count,
        minutes=one.minutes,
        starts_at=one.starts_at,
        published_at=one.published_at,
        cover=picture(covers.get(one.cover_asset_id)) if one.cover_asset_id else None,
        price=price,
        is_owned=is_owned,
        is_foreign=one.language != visit.language,
    )


def topic_links(topics: Iterable[catalog.TopicView], language: Language, *, besides: str = "") -> tuple[TopicLink, ...]:
    """Return links to `topics` in the reader's words, without the one with the slug `besides`."""
    return tuple(
        TopicLink(topic_path(one.slug), one.name(language), one.products) for one in topics if one.slug != besides
    )


def used(topics: Iterable[catalog.TopicView]) -> tuple[catalog.TopicView, ...]:
    """Return the topics that something published is about."""
    return tuple(one for one in topics if one.products)
