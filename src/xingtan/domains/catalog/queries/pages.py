"""A product's page and a lesson's page: the published versions, with everything around them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.models import Asset, Lesson, LessonVersion, Product, ProductVersion
from xingtan.domains.catalog.queries.assets import asset_view
from xingtan.domains.catalog.queries.cards import (
    bundle_contents,
    bundles_with,
    card,
    editions,
    requirements,
    with_topics,
)
from xingtan.domains.catalog.queries.contents import contents_at, for_viewer
from xingtan.domains.catalog.rules.content import content_from_json, without_secrets
from xingtan.domains.catalog.rules.quizzes import public_questions
from xingtan.domains.catalog.views import (
    Contents,
    LessonLine,
    LessonPage,
    Live,
    ProductCard,
    ProductPage,
    TocEntry,
)

_WITHOUT_LESSONS = frozenset({"bundle", "consulting"})


def product_page(session: Session, viewer: Viewer, slug: str) -> ProductPage:
    """Return the published page of the product at `slug`.

    Strangers find published products only; staff also find retired and unpublished ones (their newest draft).
    """
    row = session.scalar(select(Product).where(Product.slug == slug))
    if row is None or not _may_see(row, viewer):
        raise NotFound(say("There is no such product."))
    version_id = row.published_version_id or row.draft_version_id
    version = session.get(ProductVersion, version_id)
    if version is None:
        raise NotFound(say("There is no such product."))
    main = with_topics(session, [row])[0]
    cover = session.get(Asset, row.cover_asset_id) if row.cover_asset_id else None
    same_work = tuple(other for other in editions(session, viewer, row.work_key) if other.id != row.id)
    return ProductPage(
        card=main,
        content=without_secrets(content_from_json(version.content)),
        version_id=version.id,
        contents=_contents(session, row, viewer),
        topics=main.topics,
        requirements=requirements(session, viewer, row.id),
        editions=same_work,
        contains=_contains(session, row, viewer),
        bundles=bundles_with(session, viewer, row.id),
        cover=asset_view(cover) if cover else None,
    )


def _contains(session: Session, row: Product, viewer: Viewer) -> tuple[ProductCard, ...]:
    """Return what a bundle holds, without what was never published: its name is nobody's business yet."""
    held = bundle_contents(session, row.id) if row.kind == "bundle" else ()
    is_staff = viewer.may(Permission.CATALOG_READ)
    return tuple(one for one in held if is_staff or one.state not in {"draft", "scheduled"})


def _may_see(row: Product, viewer: Viewer) -> bool:
    return row.state == "published" or viewer.may(Permission.CATALOG_READ)


def _contents(session: Session, row: Product, viewer: Viewer) -> Contents:
    if row.kind in _WITHOUT_LESSONS:
        return Contents(row.id, row.revision, ())
    return for_viewer(contents_at(session, row.id, revision=row.revision), viewer)


def lesson_page(session: Session, viewer: Viewer, *, product_slug: str, lesson_slug: str) -> LessonPage:
    """Return a lesson's published version. Access is the caller's decision; `is_preview` lessons are for all.

    A retired product's lessons are found too, since who has bought them keeps them. Staff see the newest draft of a
    lesson that was never published.
    """
    wanted = select(Product, Lesson).join(Lesson, Lesson.product_id == Product.id)
    wanted = wanted.where(Product.slug == product_slug, Lesson.slug == lesson_slug, Lesson.removed_at.is_(None))
    found = session.execute(wanted).first()
    if found is None:
        raise NotFound(say("There is no such lesson."))
    product, lesson = found
    is_staff = viewer.may(Permission.CATALOG_READ)
    if product.state not in {"published", "retired"} and not is_staff:
        raise NotFound(say("There is no such lesson."))
    version_id = lesson.published_version_id or (lesson.draft_version_id if is_staff else None)
    version = session.get(LessonVersion, version_id) if version_id else None
    if version is None:
        raise NotFound(say("There is no such lesson."))
    return _page(session, viewer, card(product), lesson, version)


def _page(session: Session, viewer: Viewer, product: ProductCard, lesson: Lesson, version: LessonVersion) -> LessonPage:
    inside = for_viewer(contents_at(session, product.id, revision=product.revision), viewer)
    lines = inside.lessons
    here = next((i for i, line in enumerate(lines) if line.id == lesson.id), 0)
    media = session.get(Asset, version.media_asset_id) if version.media_asset_id else None
    return LessonPage(
        product=product,
        id=lesson.id,
        slug=lesson.slug,
        title=version.title,
        kind=lesson.kind,
        minutes=version.minutes,
        is_preview=lesson.is_preview,
        released_after_days=lesson.released_after_days,
        version_id=version.id,
        number=here + 1,
        html=version.body_html,
        toc=tuple(TocEntry(**entry) for entry in version.toc),
        questions=public_questions(version.questions),
        media=asset_view(media) if media else None,
        previous=_at(lines, here - 1),
        next=_at(lines, here + 1),
        contents=inside,
        fingerprint=version.fingerprint,
    )


def _at(lines: tuple[LessonLine, ...], place: int) -> LessonLine | None:
    return lines[place] if 0 <= place < len(lines) else None


def live_details(session: Session, product_id: UUID) -> Live | None:
    """Return when, how long and where a lecture is, link included: the caller has checked the entitlement."""
    row = session.get(Product, product_id)
    version = session.get(ProductVersion, row.published_version_id) if row and row.published_version_id else None
    return content_from_json(version.content).live if version else None


def questions_of(session: Session, version_id: UUID) -> tuple[dict[str, object], ...]:
    """Return a lesson version's questions with their answers: for grading on the server, never for a page."""
    version = session.get(LessonVersion, version_id)
    if version is None:
        raise NotFound(say("There is no such lesson."))
    return tuple(version.questions)


def find_lessons(session: Session, ids: list[UUID]) -> dict[UUID, tuple[ProductCard, LessonLine]]:
    """Return the lessons with these ids and their products, removed ones too, for one query; their numbers are 0."""
    wanted = select(Lesson, Product).join(Product, Product.id == Lesson.product_id).where(Lesson.id.in_(ids))
    return {
        lesson.id: (
            card(product),
            LessonLine(
                id=lesson.id, slug=lesson.slug, section_id=lesson.section_id, title=lesson.title, kind=lesson.kind,
                minutes=lesson.minutes, is_preview=lesson.is_preview, released_after_days=lesson.released_after_days,
                is_published=lesson.published_version_id is not None, number=0, published_at=lesson.published_at,
            ),
        )
        for lesson, product in session.execute(wanted)
    }  # fmt: skip
