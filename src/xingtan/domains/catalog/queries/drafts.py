"""What the studio edits: the newest saved version of a product or lesson, and the versions before it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.models import (
    Asset,
    BundleItem,
    Lesson,
    LessonVersion,
    Product,
    ProductRequirement,
    ProductVersion,
)
from xingtan.domains.catalog.queries.assets import asset_view
from xingtan.domains.catalog.queries.cards import card, with_topics
from xingtan.domains.catalog.queries.contents import contents_at
from xingtan.domains.catalog.rules.content import content_from_json
from xingtan.domains.catalog.views import LessonDraft, ProductDraft, VersionLine


def product_draft(session: Session, viewer: Viewer, slug: str) -> ProductDraft:
    """Return the product at `slug` as its editor shows it; needs `catalog.read`."""
    viewer.require(Permission.CATALOG_READ)
    row = session.scalar(select(Product).where(Product.slug == slug))
    if row is None:
        raise NotFound(say("There is no such product."))
    versions = session.scalars(
        select(ProductVersion).where(ProductVersion.product_id == row.id).order_by(ProductVersion.number.desc())
    ).all()
    draft = next(version for version in versions if version.id == row.draft_version_id)
    needs = select(ProductRequirement.required_id).where(ProductRequirement.product_id == row.id)
    holds = select(BundleItem.product_id).where(BundleItem.bundle_id == row.id)
    main = with_topics(session, [row])[0]
    return ProductDraft(
        card=main,
        content=content_from_json(draft.content),
        version_id=draft.id,
        number=draft.number,
        has_unpublished_changes=row.published_version_id is not None and row.published_version_id != draft.id,
        topics=main.topics,
        requirement_ids=tuple(session.scalars(needs.order_by(ProductRequirement.position))),
        contains_ids=tuple(session.scalars(holds.order_by(BundleItem.position))),
        contents=contents_at(session, row.id, revision=row.revision),
        versions=tuple(
            _version_line(version, str(version.content["title"]), published=row.published_version_id, draft=draft.id)
            for version in versions
        ),
        source_key=row.source_key,
    )


def lesson_draft(session: Session, viewer: Viewer, *, product_slug: str, lesson_slug: str) -> LessonDraft:
    """Return a lesson as its editor shows it, answers included; needs `catalog.read`."""
    viewer.require(Permission.CATALOG_READ)
    wanted = select(Product, Lesson).join(Lesson, Lesson.product_id == Product.id)
    wanted = wanted.where(Product.slug == product_slug, Lesson.slug == lesson_slug, Lesson.removed_at.is_(None))
    found = session.execute(wanted).first()
    if found is None:
        raise NotFound(say("There is no such lesson."))
    product, lesson = found
    versions = _lesson_versions(session, lesson.id)
    draft = next(version for version in versions if version.id == lesson.draft_version_id)
    media = session.get(Asset, draft.media_asset_id) if draft.media_asset_id else None
    published = lesson.published_version_id
    return LessonDraft(
        product=card(product), id=lesson.id, section_id=lesson.section_id, slug=lesson.slug, kind=lesson.kind,
        is_preview=lesson.is_preview, released_after_days=lesson.released_after_days, version_id=draft.id,
        number=draft.number, title=draft.title, body_md=draft.body_md, body_html=draft.body_html,
        questions=tuple(draft.questions), media=asset_view(media) if media else None, minutes=draft.minutes,
        is_published=published is not None, has_unpublished_changes=published is not None and published != draft.id,
        versions=tuple(_version_line(each, each.title, published=published, draft=draft.id) for each in versions),
    )  # fmt: skip


def _lesson_versions(session: Session, lesson_id: UUID) -> Sequence[LessonVersion]:
    wanted = select(LessonVersion).where(LessonVersion.lesson_id == lesson_id).order_by(LessonVersion.number.desc())
    return session.scalars(wanted).all()


def _version_line(
    version: ProductVersion | LessonVersion, title: str, *, published: UUID | None, draft: UUID
) -> VersionLine:
    return VersionLine(
        id=version.id, number=version.number, title=title, saved_at=version.saved_at,
        saved_by_id=version.saved_by_id, is_published=version.id == published, is_draft=version.id == draft,
    )  # fmt: skip


def lesson_version_texts(
    session: Session, viewer: Viewer, *, lesson_id: UUID, numbers: tuple[int, int]
) -> tuple[str, str]:
    """Return the Markdown of two versions of a lesson, to be compared; needs `catalog.read`."""
    viewer.require(Permission.CATALOG_READ)
    wanted = select(LessonVersion.number, LessonVersion.body_md)
    found = session.execute(wanted.where(LessonVersion.lesson_id == lesson_id, LessonVersion.number.in_(numbers)))
    bodies = dict(found.all())
    if any(number not in bodies for number in numbers):
        raise NotFound(say("There is no such version."))
    return bodies[numbers[0]], bodies[numbers[1]]
