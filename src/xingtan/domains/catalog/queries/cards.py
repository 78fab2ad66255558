"""Lists of products: filtered, sorted, paged; each list costs three queries, however long it is."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.models import BundleItem, Product, ProductRequirement, ProductTopic, Topic
from xingtan.domains.catalog.views import CardFilters, CardPage, ProductCard, TopicView

_LONGEST_PAGE = 100
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


@dataclass(frozen=True, slots=True)
class _Order:
    """How a list is sorted: by a column, then by id, both in one direction."""

    column: InstrumentedAttribute[Any]
    is_descending: bool
    read: Callable[[Any], Any]
    fallback: Any


_ORDERS = {
    "position": _Order(Product.position, is_descending=False, read=int, fallback=0),
    "newest": _Order(Product.published_at, is_descending=True, read=_instant, fallback=_NEVER),
    "title": _Order(Product.title, is_descending=False, read=str, fallback=""),
    "shortest": _Order(Product.minutes, is_descending=False, read=int, fallback=0),
    "soonest": _Order(Product.starts_at, is_descending=False, read=_instant, fallback=_NEVER),
    "changed": _Order(Product.updated_at, is_descending=True, read=_instant, fallback=_NEVER),
}
SORTS = tuple(_ORDERS)
"""The words that `cards` can sort by."""


def cards(
    session: Session,
    viewer: Viewer,
    *,
    filters: CardFilters | None = None,
    sort: str = "position",
    after: str | None = None,
    limit: int = 24,
) -> CardPage:
    """Return a page of products. Strangers see published ones; staff see every state, or `filters.state`.

    `after` is the `next_cursor` of the page before. `Invalid` for an unknown sort or a cursor that is not ours.
    """
    if sort not in _ORDERS:
        raise Invalid.of("sort", say("This order is not known."))
    order, limit = _ORDERS[sort], max(1, min(limit, _LONGEST_PAGE))
    wanted = _filtered(viewer, filters or CardFilters())
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    page = wanted if after is None else wanted.where(_after(order, after))
    key = func.coalesce(order.column, order.fallback)
    sorting = (key.desc(), Product.id.desc()) if order.is_descending else (key, Product.id)
    rows = session.scalars(page.order_by(*sorting).limit(limit + 1)).all()
    cursor = _cursor(order, rows[limit - 1]) if len(rows) > limit else None
    return CardPage(with_topics(session, rows[:limit]), total, cursor)


def _filtered(viewer: Viewer, filters: CardFilters) -> Select[Product]:
    wanted = select(Product).where(visible(viewer))
    for column, value in (
        (Product.kind, filters.kind),
        (Product.language, filters.language),
        (Product.difficulty, filters.difficulty),
        (Product.author, filters.author),
        (Product.state, filters.state),
    ):
        if value:
            wanted = wanted.where(column == value)
    if filters.topic:
        about = select(ProductTopic.product_id).join(Topic, Topic.id == ProductTopic.topic_id)
        wanted = wanted.where(Product.id.in_(about.where(Topic.slug == filters.topic)))
    return wanted


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition under which `viewer` sees a product in lists."""
    if viewer.may(Permission.CATALOG_READ):
        return Product.id.is_not(None)
    return Product.state == "published"


def _cursor(order: _Order, row: Product) -> str:
    value = getattr(row, order.column.key)
    if value is None:
        value = order.fallback
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, row.id.hex]).encode()).decode().rstrip("=")


def _after(order: _Order, cursor: str) -> ColumnElement[bool]:
    try:
        plain, hexadecimal = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value, last_id = order.read(plain), UUID(hex=hexadecimal)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise Invalid.of("after", say("This page address is not one of ours.")) from None
    key = func.coalesce(order.column, order.fallback)
    if order.is_descending:
        return or_(key < value, and_(key == value, Product.id < last_id))
    return or_(key > value, and_(key == value, Product.id > last_id))


def card(row: Product, topics: Sequence[TopicView] = ()) -> ProductCard:
    """Return the frozen card of a product's row."""
    return ProductCard(
        id=row.id, slug=row.slug, kind=row.kind, language=row.language, state=row.state, title=row.title,
        subtitle=row.subtitle, summary=row.summary, author=row.author, difficulty=row.difficulty, minutes=row.minutes,
        lesson_count=row.lesson_count, cover_asset_id=row.cover_asset_id, starts_at=row.starts_at,
        published_at=row.published_at, publish_at=row.publish_at, updated_at=row.updated_at, work_key=row.work_key,
        revision=row.revision, topics=tuple(topics),
    )  # fmt: skip


def with_topics(session: Session, rows: Sequence[Product]) -> tuple[ProductCard, ...]:
    """Return the cards of `rows`, in their order, with their topics, for one more query."""
    if not rows:
        return ()
    about = (
        select(ProductTopic.product_id, Topic)
        .join(Topic, Topic.id == ProductTopic.topic_id)
        .where(ProductTopic.product_id.in_([row.id for row in rows]))
        .order_by(ProductTopic.position)
    )
    found: dict[UUID, list[TopicView]] = {}
    for product_id, topic in session.execute(about):
        found.setdefault(product_id, []).append(TopicView(topic.id, topic.slug, topic.names))
    return tuple(card(row, found.get(row.id, ())) for row in rows)


def find_products(session: Session, ids: Iterable[UUID]) -> dict[UUID, ProductCard]:
    """Return the products with these ids, in any state: for receipts and shelves, which outlive an offer."""
    rows = session.scalars(select(Product).where(Product.id.in_(list(ids)))).all()
    return {found.id: found for found in with_topics(session, rows)}


def product_by_slug(session: Session, slug: str) -> ProductCard:
    """Return the product at `slug`, in any state; `NotFound` when there is none."""
    row = session.scalar(select(Product).where(Product.slug == slug))
    if row is None:
        raise NotFound(say("There is no such product."))
    return with_topics(session, [row])[0]


def editions(session: Session, viewer: Viewer, work_key: str | None) -> tuple[ProductCard, ...]:
    """Return the visible products that are the same work in different languages; none for None."""
    same = Product.work_key == work_key if work_key else false()
    wanted = select(Product).where(same, visible(viewer)).order_by(Product.language, Product.id)
    return with_topics(session, session.scalars(wanted).all())


def bundle_contents(session: Session, bundle_id: UUID) -> tuple[ProductCard, ...]:
    """Return what a bundle contains, in order, in any state: what was promised is given."""
    wanted = select(Product).join(BundleItem, BundleItem.product_id == Product.id)
    rows = session.scalars(wanted.where(BundleItem.bundle_id == bundle_id).order_by(BundleItem.position)).all()
    return with_topics(session, rows)


def bundles_with(session: Session, viewer: Viewer, product_id: UUID) -> tuple[ProductCard, ...]:
    """Return the visible bundles that contain the product."""
    wanted = select(Product).join(BundleItem, BundleItem.bundle_id == Product.id)
    wanted = wanted.where(BundleItem.product_id == product_id, visible(viewer)).order_by(Product.position, Product.id)
    return with_topics(session, session.scalars(wanted).all())


def requirements(session: Session, viewer: Viewer, product_id: UUID) -> tuple[ProductCard, ...]:
    """Return the visible products that are worth taking before this one."""
    wanted = select(Product).join(ProductRequirement, ProductRequirement.required_id == Product.id)
    wanted = wanted.where(ProductRequirement.product_id == product_id, visible(viewer))
    return with_topics(session, session.scalars(wanted.order_by(ProductRequirement.position)).all())


def topics(session: Session, viewer: Viewer) -> tuple[TopicView, ...]:
    """Return every topic in order, with the number of products about it that `viewer` sees."""
    counted = (
        select(ProductTopic.topic_id, func.count())
        .join(Product, Product.id == ProductTopic.product_id)
        .where(visible(viewer))
        .group_by(ProductTopic.topic_id)
    )
    products: Mapping[UUID, int] = dict(session.execute(counted).all())
    rows = session.scalars(select(Topic).order_by(Topic.position, Topic.slug))
    views = (TopicView(row.id, row.slug, row.names) for row in rows)
    return tuple(replace(view, products=products.get(view.id, 0)) for view in views)
