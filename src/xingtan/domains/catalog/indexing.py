"""Keeping the search index true: one document per product, one per published lesson."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.domains.catalog.models import Lesson, LessonVersion, Product, ProductVersion, Section
from xingtan.domains.catalog.rules.content import content_from_json
from xingtan.domains.catalog.rules.markdown import plain_text
from xingtan.domains.catalog.views import ProductContent
from xingtan.infra.search import Document, SearchIndex


def index_product(session: Session, product_id: UUID, *, index: SearchIndex) -> None:
    """Make the search index say what is published of a product now; nothing of one that is not published.

    A product's document holds what its page shows to all, titles of lessons included. A lesson's text is public only
    when the lesson is a free preview.
    """
    product = session.get(Product, product_id)
    if product is None:
        return
    lessons = session.scalars(select(Lesson).where(Lesson.product_id == product_id)).all()
    version = session.get(ProductVersion, product.published_version_id) if product.published_version_id else None
    if product.state != "published" or version is None:
        for each in (product_id, *(lesson.id for lesson in lessons)):
            index.remove(session, each)
        return
    shown = [lesson for lesson in lessons if lesson.removed_at is None and lesson.published_version_id]
    for lesson in lessons:
        if lesson not in shown:
            index.remove(session, lesson.id)
    titles = _titles(session, product_id, shown)
    index.put(session, _product_document(product, content_from_json(version.content), titles))
    for lesson in shown:
        index.put(session, _lesson_document(session, product, lesson))


def _titles(session: Session, product_id: UUID, shown: list[Lesson]) -> list[str]:
    wanted = select(Section.title).where(Section.product_id == product_id, Section.removed_at.is_(None))
    return [title for title in session.scalars(wanted) if title] + [lesson.title for lesson in shown]


def _product_document(product: Product, content: ProductContent, titles: list[str]) -> Document:
    words = (plain_text(content.description_html), *content.outcomes, *content.audience, content.author, *titles)
    return Document(
        id=product.id,
        kind="product",
        language=product.language,
        url_key=product.slug,
        title=content.title,
        summary="\n".join(filter(None, (content.subtitle, content.summary))),
        body="\n".join(filter(None, words)),
        product_id=product.id,
        is_public=True,
    )


def _lesson_document(session: Session, product: Product, lesson: Lesson) -> Document:
    text = session.scalar(select(LessonVersion.text).where(LessonVersion.id == lesson.published_version_id))
    return Document(
        id=lesson.id,
        kind="lesson",
        language=product.language,
        url_key=f"{product.slug}/{lesson.slug}",
        title=lesson.title,
        body=text or "",
        product_id=product.id,
        is_public=lesson.is_preview,
    )
