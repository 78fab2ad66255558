"""Reading a whole product for export: what learners have, or the drafts of what was never published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.models import (
    BundleItem,
    Lesson,
    LessonVersion,
    Product,
    ProductRequirement,
    ProductTopic,
    ProductVersion,
    Section,
    Topic,
)
from xingtan.domains.catalog.queries.assets import find_assets
from xingtan.domains.catalog.rules.content import content_from_json
from xingtan.domains.catalog.rules.places import assets_in_all
from xingtan.domains.catalog.views import AssetView, ProductContent


@dataclass(frozen=True, slots=True)
class WholeLesson:
    """A lesson with everything that its version says."""

    slug: str
    kind: str
    title: str
    body_md: str
    body_html: str
    questions: tuple[Mapping[str, Any], ...]
    media_asset_id: UUID | None
    minutes: int
    is_preview: bool
    released_after_days: int


@dataclass(frozen=True, slots=True)
class WholeSection:
    """A section with its lessons."""

    title: str
    lessons: tuple[WholeLesson, ...]


@dataclass(frozen=True, slots=True)
class WholeProduct:
    """A product with everything in it; `key` is what other products of an export call it."""

    key: str
    slug: str
    kind: str
    language: str
    state: str
    published_at: str | None
    work_key: str | None
    content: ProductContent
    topics: tuple[str, ...]
    requires: tuple[str, ...]
    contains: tuple[str, ...]
    sections: tuple[WholeSection, ...]
    assets: Mapping[UUID, AssetView]

    @property
    def lessons(self) -> tuple[WholeLesson, ...]:
        """Return all lessons in order."""
        return tuple(lesson for section in self.sections for lesson in section.lessons)


def whole_product(session: Session, viewer: Viewer, slug: str) -> WholeProduct:
    """Return everything of the product at `slug`; needs `catalog.write`, since it holds answers and paid texts."""
    viewer.require(Permission.CATALOG_WRITE)
    row = session.scalar(select(Product).where(Product.slug == slug))
    version = session.get(ProductVersion, row.published_version_id or row.draft_version_id) if row else None
    if row is None or version is None:
        raise NotFound(say("There is no such product."))
    content = content_from_json(version.content)
    sections = tuple(_sections(session, row))
    texts = [content.description_md, *(lesson.body_md for section in sections for lesson in section.lessons)]
    media = {lesson.media_asset_id for section in sections for lesson in section.lessons}
    wanted = assets_in_all(texts) | {each for each in (*media, content.cover_asset_id) if each}
    return WholeProduct(
        key=_key(row.source_key, row.slug), slug=row.slug, kind=row.kind, language=row.language, state=row.state,
        published_at=row.published_at.isoformat() if row.published_at else None, work_key=row.work_key,
        content=content, topics=_topics(session, row.id), requires=_keys(session, ProductRequirement, row.id),
        contains=_keys(session, BundleItem, row.id), sections=sections, assets=find_assets(session, wanted),
    )  # fmt: skip


def _key(source_key: str | None, slug: str) -> str:
    return source_key.removeprefix("xingtan:") if source_key and source_key.startswith("xingtan:") else slug


def _topics(session: Session, product_id: UUID) -> tuple[str, ...]:
    wanted = select(Topic.slug).join(ProductTopic, ProductTopic.topic_id == Topic.id)
    wanted = wanted.where(ProductTopic.product_id == product_id).order_by(ProductTopic.position)
    return tuple(session.scalars(wanted))


def _keys(session: Session, link: type[ProductRequirement] | type[BundleItem], product_id: UUID) -> tuple[str, ...]:
    mine, theirs = (
        (ProductRequirement.product_id, ProductRequirement.required_id)
        if link is ProductRequirement
        else (BundleItem.bundle_id, BundleItem.product_id)
    )
    wanted = select(Product.source_key, Product.slug).join(link, theirs == Product.id)
    rows = session.execute(wanted.where(mine == product_id).order_by(link.position))
    return tuple(_key(source_key, slug) for source_key, slug in rows)


def _sections(session: Session, product: Product) -> Iterator[WholeSection]:
    is_out = product.published_version_id is not None
    pointer = Lesson.published_version_id if is_out else Lesson.draft_version_id
    wanted = select(Lesson, LessonVersion).join(LessonVersion, LessonVersion.id == pointer)
    wanted = wanted.where(Lesson.product_id == product.id, Lesson.removed_at.is_(None))
    inside: dict[UUID, list[WholeLesson]] = {}
    for lesson, version in session.execute(wanted.order_by(Lesson.position, Lesson.id)):
        inside.setdefault(lesson.section_id, []).append(_lesson(lesson, version))
    rows = select(Section).where(Section.product_id == product.id, Section.removed_at.is_(None))
    for section in session.scalars(rows.order_by(Section.position, Section.id)):
        if inside.get(section.id) or section.title:
            yield WholeSection(section.title, tuple(inside.get(section.id, ())))


def _lesson(lesson: Lesson, version: LessonVersion) -> WholeLesson:
    return WholeLesson(
        slug=lesson.slug, kind=lesson.kind, title=version.title, body_md=version.body_md, body_html=version.body_html,
        questions=tuple(version.questions), media_asset_id=version.media_asset_id, minutes=version.minutes,
        is_preview=lesson.is_preview, released_after_days=lesson.released_after_days,
    )  # fmt: skip
