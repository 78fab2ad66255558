"""Saving: a new version when something changed, numbered from 1; nothing when nothing did."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, say
from xingtan.domains.catalog.models import Asset, Lesson, LessonVersion, Product, ProductVersion
from xingtan.domains.catalog.rules.content import content_to_json, fingerprint
from xingtan.domains.catalog.rules.markdown import ImageTarget, Rendered, ResolveImage, reading_minutes, render
from xingtan.domains.catalog.rules.places import assets_in, assets_in_all
from xingtan.domains.catalog.views import ProductContent
from xingtan.infra.db import new_id


@dataclass(frozen=True, slots=True)
class LessonText:
    """What is written in a lesson: everything that a version holds. `minutes` None: as long as it takes to read."""

    title: str
    body_md: str = ""
    questions: tuple[Mapping[str, Any], ...] = ()  # as `rules.quizzes.parse_questions` returns them
    media_asset_id: UUID | None = None
    minutes: int | None = None


def save_product_version(
    session: Session, product: Product, content: ProductContent, *, at: datetime, by: UUID | None
) -> bool:
    """Write a new version of what is said about `product`, unless it says the same; return whether it was written."""
    rendered = render_with_assets(session, content.description_md, language=product.language)
    content = replace(content, description_html=rendered.html)
    check_cover(session, content.cover_asset_id)
    data = content_to_json(content)
    mark = fingerprint({name: value for name, value in data.items() if name != "description_html"})
    newest = session.get(ProductVersion, product.draft_version_id) if product.draft_version_id else None
    if newest is not None and newest.fingerprint == mark:
        return False
    number = session.scalar(select(func.max(ProductVersion.number)).where(ProductVersion.product_id == product.id))
    version = ProductVersion(
        id=new_id(), product_id=product.id, number=(number or 0) + 1, content=data, fingerprint=mark, saved_at=at,
        saved_by_id=by,
    )  # fmt: skip
    session.add(version)
    session.flush()
    product.draft_version_id = version.id
    if product.published_version_id is None:
        show_content(product, content)
    return True


def show_content(product: Product, content: ProductContent) -> None:
    """Repeat in the product's row what lists show of `content`."""
    product.title, product.subtitle, product.summary = content.title, content.subtitle, content.summary
    product.author, product.difficulty = content.author, content.difficulty
    product.cover_asset_id = content.cover_asset_id
    product.starts_at = content.live.starts_at if content.live else None
    timed = content.live or content.consulting
    if timed:
        product.minutes = timed.minutes


def check_cover(session: Session, asset_id: UUID | None) -> None:
    """Raise `Invalid` unless the cover is a picture that is there; `None` is no cover."""
    if asset_id is None:
        return
    row = session.get(Asset, asset_id)
    if row is None or not row.media_type.startswith("image/"):
        raise Invalid.of("cover", say("The cover is not a picture."))


def save_lesson_version(
    session: Session, product: Product, lesson: Lesson, *, text: LessonText, at: datetime, by: UUID | None
) -> bool:
    """Write a new version of `lesson`, unless it says the same; return whether it was written."""
    rendered = render_with_assets(session, text.body_md, language=product.language)
    minutes = text.minutes if text.minutes is not None else _minutes(rendered, text)
    mark = lesson_fingerprint(text, minutes)
    newest = session.get(LessonVersion, lesson.draft_version_id) if lesson.draft_version_id else None
    if newest is not None and newest.fingerprint == mark:
        return False
    number = session.scalar(select(func.max(LessonVersion.number)).where(LessonVersion.lesson_id == lesson.id))
    version = LessonVersion(
        id=new_id(), lesson_id=lesson.id, number=(number or 0) + 1, title=text.title, body_md=text.body_md,
        body_html=rendered.html, text=rendered.text, toc=list(rendered.toc), questions=list(text.questions),
        media_asset_id=text.media_asset_id, minutes=minutes, fingerprint=mark, saved_at=at, saved_by_id=by,
    )  # fmt: skip
    session.add(version)
    session.flush()
    lesson.draft_version_id = version.id
    if lesson.published_version_id is None:
        lesson.title, lesson.minutes = text.title, minutes
    return True


def lesson_fingerprint(text: LessonText, minutes: int) -> str:
    """Return the SHA-256 of what a lesson says."""
    plain = asdict(text) | {"minutes": minutes, "media_asset_id": str(text.media_asset_id or "")}
    return fingerprint(plain)


def _minutes(rendered: Rendered, text: LessonText) -> int:
    return reading_minutes(rendered.text) + len(text.questions)


def render_with_assets(session: Session, markdown: str, *, language: str) -> Rendered:
    """Return `markdown` rendered with the pictures that it names as ``asset:ID``, for one query."""
    return render(markdown, resolve_image=image_resolver(session, markdown), language=language)


def image_resolver(session: Session, markdown: str) -> ResolveImage:
    """Return the function that finds the pictures named in `markdown`."""
    ids = assets_in(markdown)
    rows = session.scalars(select(Asset).where(Asset.id.in_(ids))).all() if ids else ()
    targets = {
        f"asset:{row.id}": ImageTarget(row.id, row.width, row.height, tuple(sorted(map(int, row.variants))))
        for row in rows
        if row.media_type.startswith("image/")
    }
    return targets.get


def open_assets(session: Session, *texts: str, also: tuple[UUID | None, ...] = ()) -> None:
    """Let anyone fetch the files that `texts` name, and `also`: they stand on a page that anyone may read."""
    ids = assets_in_all(texts) | {each for each in also if each is not None}
    if ids:
        session.execute(update(Asset).where(Asset.id.in_(ids), Asset.is_public.is_(False)).values(is_public=True))
