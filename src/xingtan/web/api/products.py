"""Products: listed and read by all, made and published by those who write the catalogue."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.ids import PREFIXES, private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.api.addresses import ROOT, in_place
from xingtan.web.api.caller import PUBLIC_READ, Ask, AskDep, staff
from xingtan.web.api.fields import Name, Number, Word
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, foreign_cursor, plausible
from xingtan.web.api.product_schemas import (
    Content,
    Contents,
    Difficulty,
    Draft,
    Language,
    Order,
    Product,
    ProductIn,
    ProductKind,
    ProductLine,
    ProductSave,
    Schedule,
    Sort,
    State,
    Version,
)

router = operations("products")

_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)
_DRAFTS = staff("read:catalog", Permission.CATALOG_READ)


def any_product(session: Session, product: str) -> catalog.ProductCard:
    """Return the product with this slug or this public id, in any state; the caller decides who may know of it."""
    if product.startswith(f"{PREFIXES['product']}_"):
        wanted = private_id("product", product)
        found = catalog.find_products(session, [wanted]).get(wanted)
        if found is not None:
            return found
    return catalog.product_by_slug(session, product)


def product_of(session: Session, ask: Ask, product: str) -> catalog.ProductCard:
    """Return the product with this slug or this public id, as far as the caller may see it; else `NotFound`."""
    card = any_product(session, product)
    if card.state != "published" and not ask.viewer.may(Permission.CATALOG_READ):
        return catalog.product_by_slug(session, "")  # refuses, in the same words as for a slug that nobody has
    return card


def lines(session: Session, ask: Ask, cards: tuple[catalog.ProductCard, ...]) -> list[ProductLine]:
    """Return products as lists show them, with covers and prices, for two more queries."""
    covers = catalog.find_assets(session, [card.cover_asset_id for card in cards if card.cover_asset_id])
    ids = [card.id for card in cards]
    offers = commerce.offers_for(session, ids, currency=ask.currency, at=ask.clock.now()) if ids else {}
    return [
        ProductLine.of(
            card, cover=covers.get(card.cover_asset_id) if card.cover_asset_id else None, offer=offers.get(card.id)
        )
        for card in cards
    ]


@operation(router, "GET", "/products", PUBLIC_READ)
def list_products(
    ask: AskDep,
    *,
    kind: ProductKind | None = None,
    topic: Word | None = None,
    language: Language | None = None,
    difficulty: Difficulty | None = None,
    author: Word | None = None,
    state: State | None = None,
    sort: Sort = "position",
    cursor: Cursor = None,
    limit: Limit = 24,
) -> Page[ProductLine]:
    """Products, filtered and sorted.

    Strangers see what is published; `catalog.read` sees every state, or the one asked for.
    """
    filters = catalog.CardFilters(kind, topic, language, difficulty, author, state)

    def work(session: Session) -> Page[ProductLine]:
        page = catalog.cards(
            session, ask.viewer, filters=filters, sort=sort, after=plausible(cursor), limit=limit
        )  # fmt: skip
        return Page(items=lines(session, ask, page.cards), next=page.next_cursor)

    with foreign_cursor():
        return ask.read(work)


@operation(router, "POST", "/products", _WRITES, status=201, also=(409,))
def create_product(ask: AskDep, body: ProductIn) -> ProductLine:
    """Make a product, as a draft."""
    command = catalog.CreateProduct(
        body.kind, body.language, body.content(), slug=body.slug or "", topics=body.topics,
        requires=body.requires, contains=body.contains, work_key=body.work_key,
    )  # fmt: skip
    return _changed(ask, catalog.create_product, command)


@operation(router, "POST", "/products/order", _WRITES, status=204, also=(404,))
def order_products(ask: AskDep, body: Order) -> None:
    """Put products in this order in lists, before all others."""
    ask.write(lambda session: catalog.reorder_products(session, body.products, viewer=ask.viewer))


@operation(router, "GET", "/products/{product}", PUBLIC_READ)
def get_product(ask: AskDep, product: Name) -> Product:
    """A product, by its slug or its id, with everything that its page shows."""

    def work(session: Session) -> Product:
        page = catalog.product_page(session, ask.viewer, product_of(session, ask, product).slug)
        html = description(session, page.content.description_html, slug=page.card.slug)
        (line,) = lines(session, ask, (page.card,))
        return Product(
            **dict(line),
            content=Content.of(page.content, html=html),
            contents=Contents.of(page.contents),
            requires=[card.id for card in page.requirements],
            contains=[card.id for card in page.contains],
            editions={card.language: card.id for card in page.editions},
        )

    return ask.read(work)


@operation(router, "GET", "/products/{product}/contents", PUBLIC_READ)
def get_contents(ask: AskDep, product: Name) -> Contents:
    """What is inside a product, in reading order."""

    def work(session: Session) -> Contents:
        return Contents.of(catalog.contents(session, ask.viewer, product_of(session, ask, product).id))

    return ask.read(work)


@operation(router, "GET", "/products/{product}/draft", _DRAFTS)
def get_draft(ask: AskDep, product: Name) -> Draft:
    """A product as its editor sees it: the newest saved version, and the list of versions."""
    return ask.read(lambda session: _draft(session, ask, product_of(session, ask, product).slug))


@operation(router, "PUT", "/products/{product}", _WRITES, also=(409,))
def save_product(ask: AskDep, product: Name, body: ProductSave) -> Draft:
    """Save what is said about a product as a new version; saving the same again makes none."""

    def work(session: Session) -> Draft:
        command = catalog.SaveProduct(
            product_of(session, ask, product).id, body.content(), slug=body.slug, topics=body.topics,
            requires=body.requires, contains=body.contains, work_key=body.work_key,
        )  # fmt: skip
        card = catalog.save_product(session, command, viewer=ask.viewer, clock=ask.clock)
        return _draft(session, ask, card.slug)

    return ask.write(work)


@operation(router, "POST", "/products/{product}/versions/{number}/restore", _WRITES)
def restore_product_version(ask: AskDep, product: Name, number: Number) -> Draft:
    """Go back to what an older version says, as a new version."""

    def work(session: Session) -> Draft:
        command = catalog.RestoreProductVersion(product_of(session, ask, product).id, number)
        card = catalog.restore_product_version(session, command, viewer=ask.viewer, clock=ask.clock)
        return _draft(session, ask, card.slug)

    return ask.write(work)


@operation(router, "POST", "/products/{product}/publish", _WRITES, also=(409,))
def publish_product(ask: AskDep, product: Name) -> ProductLine:
    """Show the newest version to all, with every lesson that was never published."""
    command = catalog.PublishProduct(_id_of(ask, product))
    return _changed(ask, catalog.publish_product, command)


@operation(router, "POST", "/products/{product}/schedule", _WRITES, also=(409,))
def schedule_product(ask: AskDep, product: Name, body: Schedule) -> ProductLine:
    """Have a product published at an instant to come."""
    command = catalog.ScheduleProduct(_id_of(ask, product), body.publish_at)
    return _changed(ask, catalog.schedule_product, command)


@operation(router, "POST", "/products/{product}/unschedule", _WRITES, also=(409,))
def unschedule_product(ask: AskDep, product: Name) -> ProductLine:
    """Make a scheduled product a draft again."""
    return _changed(ask, catalog.unschedule_product, _id_of(ask, product))


@operation(router, "POST", "/products/{product}/retire", _WRITES, also=(409,))
def retire_product(ask: AskDep, product: Name) -> ProductLine:
    """Stop offering a product; who has it keeps it."""
    return _changed(ask, catalog.retire_product, _id_of(ask, product))


def _id_of(ask: Ask, product: str) -> UUID:
    return ask.read(lambda session: product_of(session, ask, product)).id


def _changed(ask: Ask, use_case: Any, command: Any) -> ProductLine:
    def work(session: Session) -> ProductLine:
        card = use_case(session, command, viewer=ask.viewer, clock=ask.clock)
        return lines(session, ask, (card,))[0]

    return ask.write(work)


def _draft(session: Session, ask: Ask, slug: str) -> Draft:
    draft = catalog.product_draft(session, ask.viewer, slug)
    card, html = draft.card, description(session, draft.content.description_html, slug=draft.card.slug)
    return Draft(
        id=card.id, slug=card.slug, kind=card.kind, language=card.language, state=card.state, number=draft.number,
        has_unpublished_changes=draft.has_unpublished_changes, content=Content.of(draft.content, html=html),
        topics=[topic.slug for topic in draft.topics], requires=list(draft.requirement_ids),
        contains=list(draft.contains_ids), contents=Contents.of(draft.contents),
        versions=[Version.of(line) for line in draft.versions],
    )  # fmt: skip


def description(session: Session, html: str, *, slug: str) -> str:
    """Return a product's description with its addresses in place."""
    assets = catalog.find_assets(session, catalog.assets_in(html))
    return in_place(
        html, assets=assets, product_slug=slug,
        file_url=lambda asset_id: f"{ROOT}/assets/{public_id('asset', asset_id)}/file",
    )  # fmt: skip
