"""Tables of the catalogue.

1. A version is never changed after it is written; numbers run from 1 without gaps within their product or lesson.
2. What strangers see of a product and of a lesson is what `published_version_id` points at. The pointers carry no
   foreign key (they would close a circle); versions are never deleted.
3. Lists read `product` and `lesson` alone: their title, minutes and so on repeat the published version, or the draft
   while nothing is published yet.
4. Every change that can be seen raises `product.revision`; caches are keyed by it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.catalog.kinds import DIFFICULTIES, LANGUAGES, LESSON_KINDS, PRODUCT_KINDS
from xingtan.domains.catalog.machines import PRODUCT
from xingtan.infra.db import Base

TRIGGERS: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER IF NOT EXISTS {table}_{verb.lower()}_refused BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END"
        for table in ("product_version", "lesson_version")
        for verb in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        """
        CREATE OR REPLACE FUNCTION catalog_version_refused() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'a version is never changed'; END $$
        """,
        *(
            f"CREATE OR REPLACE TRIGGER {table}_refused BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION catalog_version_refused()"
            for table in ("product_version", "lesson_version")
        ),
    ),
}
"""Invariant 1 in the database's own words, per dialect; run by the migration, and after `create_all`."""


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class Topic(Base):
    """A subject, named in each language: ``{"zh": "数据", "en": "Data"}``."""

    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("slug", name="uq_topic_slug"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80))
    names: Mapped[dict[str, Any]]
    position: Mapped[int]


class Product(Base):
    """Something that can be offered: a course, a column, a book, a lecture, an hour, a bundle of these."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("slug", name="uq_product_slug"),
        UniqueConstraint("source_key", name="uq_product_source_key"),
        CheckConstraint(_one_of("kind", PRODUCT_KINDS), name="kind"),
        CheckConstraint(_one_of("language", LANGUAGES), name="language"),
        CheckConstraint(_one_of("state", tuple(sorted(PRODUCT.states))), name="state"),
        CheckConstraint(_one_of("difficulty", DIFFICULTIES), name="difficulty"),
        CheckConstraint("state <> 'published' OR published_version_id IS NOT NULL", name="published_has_version"),
        CheckConstraint("state <> 'scheduled' OR publish_at IS NOT NULL", name="scheduled_has_instant"),
        Index("ix_product_work_key", "work_key"),
        Index("ix_product_newest", "state", "published_at", "id"),
        Index("ix_product_shelf", "state", "position", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    work_key: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    publish_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    published_version_id: Mapped[UUID | None]
    draft_version_id: Mapped[UUID | None]
    source_key: Mapped[str | None] = mapped_column(String(300))
    source_hash: Mapped[str | None] = mapped_column(String(64))
    position: Mapped[int]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(String(200))
    subtitle: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(120))
    difficulty: Mapped[str] = mapped_column(String(16))
    minutes: Mapped[int]
    lesson_count: Mapped[int]
    cover_asset_id: Mapped[UUID | None]
    starts_at: Mapped[datetime | None]


class ProductVersion(Base):
    """What was written about a product, as it was saved once. `content` is described in `rules.content`."""

    __tablename__ = "product_version"
    __table_args__ = (UniqueConstraint("product_id", "number", name="uq_product_version_number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[UUID | None]


class ProductTopic(Base):
    """A product is about a topic."""

    __tablename__ = "product_topic"
    __table_args__ = (Index("ix_product_topic_topic_id", "topic_id"),)

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    topic_id: Mapped[UUID] = mapped_column(ForeignKey("topic.id"), primary_key=True)
    position: Mapped[int]


class ProductRequirement(Base):
    """A product builds on another one, which is worth taking first."""

    __tablename__ = "product_requirement"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    required_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    position: Mapped[int]


class BundleItem(Base):
    """A bundle contains a product."""

    __tablename__ = "bundle_item"
    __table_args__ = (Index("ix_bundle_item_product_id", "product_id"),)

    bundle_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    position: Mapped[int]


class Section(Base):
    """A part of a product. A product without parts has one section without a title."""

    __tablename__ = "section"
    __table_args__ = (Index("ix_section_product_id", "product_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    source_key: Mapped[str | None] = mapped_column(String(300))
    removed_at: Mapped[datetime | None]


class Lesson(Base):
    """One thing to read, watch, hear, fetch, answer or do."""

    __tablename__ = "lesson"
    __table_args__ = (
        UniqueConstraint("product_id", "slug", name="uq_lesson_product_id_slug"),
        CheckConstraint(_one_of("kind", LESSON_KINDS), name="kind"),
        Index("ix_lesson_section_id", "section_id", "position"),
        Index("ix_lesson_source", "product_id", "source_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    section_id: Mapped[UUID] = mapped_column(ForeignKey("section.id"))
    position: Mapped[int]
    slug: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    is_preview: Mapped[bool]
    released_after_days: Mapped[int]
    published_version_id: Mapped[UUID | None]
    published_at: Mapped[datetime | None]
    draft_version_id: Mapped[UUID | None]
    source_key: Mapped[str | None] = mapped_column(String(300))
    source_hash: Mapped[str | None] = mapped_column(String(64))
    removed_at: Mapped[datetime | None]
    title: Mapped[str] = mapped_column(String(200))
    minutes: Mapped[int]


class LessonVersion(Base):
    """A lesson as it was saved once."""

    __tablename__ = "lesson_version"
    __table_args__ = (UniqueConstraint("lesson_id", "number", name="uq_lesson_version_number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lesson.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    body_md: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    toc: Mapped[list[Any]]
    questions: Mapped[list[Any]]
    media_asset_id: Mapped[UUID | None]
    minutes: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[UUID | None]


class Asset(Base):
    """A file. Its bytes lie in the file store under `key`; `variants` maps a width in pixels to another key."""

    __tablename__ = "asset"
    __table_args__ = (
        Index("ix_asset_sha256", "sha256"),
        Index("ix_asset_product_id", "product_id"),
        CheckConstraint("size >= 0", name="size"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    is_public: Mapped[bool]
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    width: Mapped[int | None]
    height: Mapped[int | None]
    variants: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


def _protect_versions() -> None:
    for table in (ProductVersion.__table__, LessonVersion.__table__):
        for dialect, statements in TRIGGERS.items():
            for statement in statements:
                if f"ON {table} " in statement or "FUNCTION catalog_version_refused() RETURNS" in statement:
                    ddl = DDL(statement)  # type: ignore[no-untyped-call]
                    event.listen(table, "after_create", ddl.execute_if(dialect=dialect))


_protect_versions()
