"""Products: made, saved, restored; what surrounds them (topics, requirements, a bundle's contents)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.kinds import LANGUAGES, PRODUCT_KINDS
from xingtan.domains.catalog.machines import PRODUCT
from xingtan.domains.catalog.models import (
    BundleItem,
    Product,
    ProductRequirement,
    ProductTopic,
    ProductVersion,
    Section,
)
from xingtan.domains.catalog.queries.cards import with_topics
from xingtan.domains.catalog.rules.checks import checked_content
from xingtan.domains.catalog.rules.content import content_from_json
from xingtan.domains.catalog.rules.slugs import free_slug, is_slug, slug_of
from xingtan.domains.catalog.use_cases.rows import locked_product, touch
from xingtan.domains.catalog.use_cases.topics import topic_ids
from xingtan.domains.catalog.use_cases.versions import save_product_version, show_content
from xingtan.domains.catalog.views import ProductCard, ProductContent
from xingtan.infra.db import new_id


@dataclass(frozen=True, slots=True)
class CreateProduct:
    """A new product, as a draft. `slug` empty: made from the title. `topics` are slugs; unknown ones are made."""

    kind: str
    language: str
    content: ProductContent
    slug: str = ""
    topics: tuple[str, ...] = ()
    requires: tuple[UUID, ...] = ()
    contains: tuple[UUID, ...] = ()
    work_key: str | None = None
    position: int | None = None
    source_key: str | None = None
    source_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SaveProduct:
    """What is said about a product, anew; None for the surroundings leaves them as they are."""

    product_id: UUID
    content: ProductContent
    slug: str | None = None
    topics: tuple[str, ...] | None = None
    requires: tuple[UUID, ...] | None = None
    contains: tuple[UUID, ...] | None = None
    work_key: str | None = None
    source_hash: str | None = None


@dataclass(frozen=True, slots=True)
class RestoreProductVersion:
    """Go back to what an older version says, as a new version."""

    product_id: UUID
    number: int


def create_product(session: Session, command: CreateProduct, *, viewer: Viewer, clock: Clock) -> ProductCard:
    """Make a draft and return its card. `Invalid` for bad fields; needs `catalog.write`."""
    viewer.require(Permission.CATALOG_WRITE)
    if command.kind not in PRODUCT_KINDS:
        raise Invalid.of("kind", say("This kind of product is not known."))
    if command.language not in LANGUAGES:
        raise Invalid.of("language", say("This language is not known here."))
    content = checked_content(command.content, kind=command.kind)
    last = session.scalar(select(func.max(Product.position)))
    product = Product(
        id=new_id(), slug=_new_slug(session, command.slug, content.title), kind=command.kind,
        language=command.language, work_key=command.work_key, state=PRODUCT.initial, publish_at=None,
        published_at=None, retired_at=None, published_version_id=None, draft_version_id=None,
        source_key=command.source_key, source_hash=command.source_hash,
        position=(last or 0) + 1 if command.position is None else command.position,
        revision=0, created_at=clock.now(), updated_at=clock.now(), title=content.title, subtitle="", summary="",
        author="", difficulty=content.difficulty, minutes=0, lesson_count=0, cover_asset_id=None, starts_at=None,
    )  # fmt: skip
    session.add(product)
    session.flush()
    save_product_version(session, product, content, at=clock.now(), by=viewer.person_id)
    surround(session, product, topics=command.topics, requires=command.requires, contains=command.contains)
    if command.source_key is None and command.kind != "bundle":
        session.add(Section(id=new_id(), product_id=product.id, position=1, title="", source_key=None, removed_at=None))
    touch(session, product, clock=clock)
    return with_topics(session, [product])[0]


def save_product(session: Session, command: SaveProduct, *, viewer: Viewer, clock: Clock) -> ProductCard:
    """Save what is said about a product as a new version (none when nothing changed) and return its card.

    What strangers see changes when it is published. Topics, requirements and contents change at once.
    """
    viewer.require(Permission.CATALOG_WRITE)
    product = locked_product(session, command.product_id)
    content = checked_content(command.content, kind=product.kind)
    if command.slug is not None and command.slug != product.slug:
        product.slug = _checked_slug(session, command.slug)
    save_product_version(session, product, content, at=clock.now(), by=viewer.person_id)
    surround(session, product, topics=command.topics, requires=command.requires, contains=command.contains)
    product.work_key = command.work_key if command.work_key is not None else product.work_key
    product.source_hash = command.source_hash or product.source_hash
    touch(session, product, clock=clock)
    return with_topics(session, [product])[0]


def restore_product_version(
    session: Session, command: RestoreProductVersion, *, viewer: Viewer, clock: Clock
) -> ProductCard:
    """Save what version `number` says as the newest version; `NotFound` when there is no such version."""
    viewer.require(Permission.CATALOG_WRITE)
    product = locked_product(session, command.product_id)
    wanted = select(ProductVersion).where(ProductVersion.product_id == product.id)
    version = session.scalar(wanted.where(ProductVersion.number == command.number))
    if version is None:
        raise NotFound(say("There is no such version."))
    content = content_from_json(version.content)
    save_product_version(session, product, content, at=clock.now(), by=viewer.person_id)
    if product.published_version_id is None:
        show_content(product, content)
    touch(session, product, clock=clock)
    return with_topics(session, [product])[0]


def _new_slug(session: Session, wanted: str, title: str) -> str:
    if wanted:
        return _checked_slug(session, wanted)
    return free_slug(slug_of(title), lambda slug: _is_taken(session, slug))


def _checked_slug(session: Session, slug: str) -> str:
    if not is_slug(slug):
        raise Invalid.of("slug", say("An address has lower-case letters, digits and hyphens only."))
    if _is_taken(session, slug):
        raise Invalid.of("slug", say("Another product has this address."))
    return slug


def _is_taken(session: Session, slug: str) -> bool:
    return session.scalar(select(Product.id).where(Product.slug == slug)) is not None


def surround(
    session: Session,
    product: Product,
    *,
    topics: Sequence[str] | None,
    requires: Sequence[UUID] | None,
    contains: Sequence[UUID] | None,
) -> None:
    """Set what surrounds a product; None leaves it as it is."""
    if topics is not None:
        session.execute(delete(ProductTopic).where(ProductTopic.product_id == product.id))
        for position, topic_id in enumerate(topic_ids(session, topics, language=product.language)):
            session.add(ProductTopic(product_id=product.id, topic_id=topic_id, position=position))
    if requires is not None:
        others = _others(session, product, requires)
        session.execute(delete(ProductRequirement).where(ProductRequirement.product_id == product.id))
        for position, required in enumerate(others):
            session.add(ProductRequirement(product_id=product.id, required_id=required.id, position=position))
    if contains is not None:
        _fill_bundle(session, product, contains)


def _fill_bundle(session: Session, bundle: Product, contains: Sequence[UUID]) -> None:
    inside = _others(session, bundle, contains)
    if inside and bundle.kind != "bundle":
        raise Conflict(say("Only a bundle contains other products."))
    if any(each.kind == "bundle" for each in inside):
        raise Invalid.of("contains", say("A bundle does not contain bundles."))
    session.execute(delete(BundleItem).where(BundleItem.bundle_id == bundle.id))
    for position, each in enumerate(inside):
        session.add(BundleItem(bundle_id=bundle.id, product_id=each.id, position=position))


def _others(session: Session, product: Product, ids: Iterable[UUID]) -> list[Product]:
    found = []
    for each in dict.fromkeys(ids):
        row = session.get(Product, each)
        if row is None or row.id == product.id:
            raise Invalid.of("products", say("One of these products cannot be chosen here."))
        found.append(row)
    return found


def reorder_products(session: Session, ids: Sequence[UUID], *, viewer: Viewer) -> None:
    """Put products in this order in lists, before all others."""
    viewer.require(Permission.CATALOG_WRITE)
    for position, product_id in enumerate(ids, start=1 - len(ids)):
        locked_product(session, product_id).position = position
