"""From a plan to rows. Run again, after whatever happened, it ends in the same state.

1. Each lesson is one transaction; its pictures are in the file store before it.
2. What a lesson or product was read from (`source_key`) and what it said (`source_hash`) is kept: a second run of the
   same source changes nothing, a changed file changes that lesson alone, and edits made in the studio since are kept
   until the source itself changes.
3. A lesson whose file is gone is removed; it comes back with its file.
4. A product is published last, when everything is in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Refused, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.events import LessonRemoved
from xingtan.domains.catalog.importers.plan import ImportPlan, PlannedLesson, PlannedProduct, PlannedSection, Problem
from xingtan.domains.catalog.models import BundleItem, Lesson, Product, ProductRequirement, Section
from xingtan.domains.catalog.queries.assets import asset_of
from xingtan.domains.catalog.rules.checks import tidy
from xingtan.domains.catalog.rules.references import path_of, rewrite
from xingtan.domains.catalog.rules.slugs import free_slug, is_slug
from xingtan.domains.catalog.use_cases.assets import Upload, keep_asset, prepare_asset
from xingtan.domains.catalog.use_cases.lessons import AddLesson, SaveLesson, add_lesson, lesson_of_source, save_lesson
from xingtan.domains.catalog.use_cases.products import (
    CreateProduct,
    SaveProduct,
    create_product,
    save_product,
    surround,
)
from xingtan.domains.catalog.use_cases.publishing import PublishProduct, publish_lesson, publish_product
from xingtan.domains.catalog.use_cases.rows import locked_product, touch
from xingtan.domains.catalog.use_cases.structure import add_section, order_lessons
from xingtan.domains.catalog.use_cases.topics import SaveTopic, save_topic
from xingtan.domains.catalog.views import Consulting, Live, ProductContent
from xingtan.infra.archives import Tree
from xingtan.infra.db import Database
from xingtan.infra.files import FileStore
from xingtan.infra.outbox import emit


class Ports(Protocol):
    """What applying a plan needs of the outside world; a `Platform` has it."""

    @property
    def database(self) -> Database:
        """Return the database."""
        ...

    @property
    def files(self) -> FileStore:
        """Return the file store."""
        ...

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        ...


@dataclass(slots=True)
class AppliedProduct:
    """What was done to one product. `price` is as the source gives it, for whoever sells."""

    source_key: str
    product_id: UUID
    slug: str
    title: str
    is_new: bool = False
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    price: Mapping[str, Any] | None = None


@dataclass(slots=True)
class ImportReport:
    """What an import did, and what could not be read."""

    format: str
    products: list[AppliedProduct] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


Progress = Callable[[int, int, str], None]
"""Told after each step: how many are done, of how many, and the title of what was done."""


def apply_plan(
    ports: Ports, plan: ImportPlan, *, tree: Tree, viewer: Viewer, limit_bytes: int, progress: Progress | None = None
) -> ImportReport:
    """Make rows of `plan` and return what was done; needs `catalog.write`. A second run: see the module."""
    viewer.require(Permission.CATALOG_WRITE)
    run = _Run(ports, plan, tree=tree, viewer=viewer, limit_bytes=limit_bytes, progress=progress)
    for topic in plan.topics:
        run.topic(SaveTopic(str(topic["slug"]), topic["names"]))
    for product in plan.products:
        run.product(product)
    for product in plan.products:
        run.finish(product)
    return run.report


class _Run:
    """One application of a plan."""

    def __init__(
        self,
        ports: Ports,
        plan: ImportPlan,
        *,
        tree: Tree,
        viewer: Viewer,
        limit_bytes: int,
        progress: Progress | None,
    ) -> None:
        self.ports, self.tree, self.viewer, self.limit_bytes = ports, tree, viewer, limit_bytes
        self.report = ImportReport(plan.format, problems=list(plan.problems))
        self.progress, self.steps = progress, plan.steps
        self.done = 0
        self.applied: dict[str, AppliedProduct] = {}
        self.slugs: dict[str, str] = {}

    def _write(self, work: Callable[[Session], Any]) -> Any:
        return self.ports.database.write(work)

    def _told(self, title: str) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.steps, title)

    def topic(self, command: SaveTopic) -> None:
        """Make or name a topic."""
        self._write(lambda session: save_topic(session, command, viewer=self.viewer))

    # Products

    def product(self, planned: PlannedProduct) -> None:
        """Make or refresh a product, its sections and its lessons."""
        self.slugs = {}
        applied = self._write(lambda session: self._make(session, planned))
        self.applied[planned.source_key] = applied
        self.report.products.append(applied)
        self.slugs = self.ports.database.read(lambda session: _slugs(session, applied.product_id, planned))
        self._refresh(planned, applied)
        self._told(planned.title)
        sections = self._write(lambda session: self._sections(session, applied.product_id, planned.sections))
        for section in planned.sections:
            for lesson in section.lessons:
                self._lesson(applied, sections[section.source_key], lesson)
                self._told(lesson.title)

    def _make(self, session: Session, planned: PlannedProduct) -> AppliedProduct:
        row = session.scalar(select(Product).where(Product.source_key == planned.source_key))
        if row is None:
            card = create_product(
                session,
                CreateProduct(
                    kind=planned.kind, language=planned.language, content=self._content(planned, None, {}),
                    slug=_free_product_slug(session, planned.slug), work_key=planned.work_key,
                    source_key=planned.source_key,
                ),
                viewer=self.viewer, clock=self.ports.clock,
            )  # fmt: skip
            return AppliedProduct(planned.source_key, card.id, card.slug, card.title, is_new=True, price=planned.price)
        return AppliedProduct(planned.source_key, row.id, row.slug, row.title, price=planned.price)

    def _refresh(self, planned: PlannedProduct, applied: AppliedProduct) -> None:
        """Save what the source says about the product, when it says something else than before."""
        wanted = select(Product.source_hash).where(Product.id == applied.product_id)
        known = self.ports.database.read(lambda session: session.scalar(wanted))
        if known == planned.source_hash:
            return
        product_id = applied.product_id
        assets = self._assets(product_id, (*planned.files, *filter(None, (planned.cover,))), is_public=True)
        cover = UUID(assets[planned.cover]) if planned.cover in assets and planned.cover else None
        content = self._content(planned, cover, assets)

        def save(session: Session) -> None:
            command = SaveProduct(
                product_id, content, topics=planned.topics, work_key=planned.work_key, source_hash=planned.source_hash
            )
            save_product(session, command, viewer=self.viewer, clock=self.ports.clock)
            if locked_product(session, product_id).state == "published":
                publish_product(session, PublishProduct(product_id), viewer=self.viewer, clock=self.ports.clock)

        self._write(save)

    def _content(self, planned: PlannedProduct, cover: UUID | None, assets: Mapping[str, str]) -> ProductContent:
        now = self.ports.clock.now()
        return ProductContent(
            title=planned.title[:200],
            subtitle=planned.subtitle[:300],
            summary=tidy(planned.summary)[:2000],
            description_md=self._placed(planned.description_md, assets),
            audience=tuple(line[:500] for line in planned.audience[:30]),
            outcomes=tuple(line[:500] for line in planned.outcomes[:30]),
            author=planned.author[:120],
            difficulty=planned.difficulty,
            cover_asset_id=cover,
            live=_live(planned.live, now) if planned.kind == "live" else None,
            consulting=_consulting(planned.consulting) if planned.kind == "consulting" else None,
        )

    def finish(self, planned: PlannedProduct) -> None:
        """Put everything in order, connect products, publish: the last step, harmless to repeat."""
        applied = self.applied[planned.source_key]

        def work(session: Session) -> int:
            product = locked_product(session, applied.product_id)
            removed = self._remove_gone(session, product, planned)
            has_moved = _put_in_order(session, product, planned)
            has_moved |= self._connect(session, product, planned)
            if removed or has_moved:
                touch(session, product, clock=self.ports.clock)
            if planned.is_published and product.published_version_id is None and product.state == "draft":
                command = PublishProduct(product.id, _published_at(planned, self.ports.clock.now()))
                publish_product(session, command, viewer=self.viewer, clock=self.ports.clock)
            return removed

        applied.removed = self._write(work)

    def _connect(self, session: Session, product: Product, planned: PlannedProduct) -> bool:
        """Set requirements and contents, where they differ; True when something did."""
        wanted = {
            ProductRequirement: [self._id_of(session, planned, key) for key in planned.requires],
            BundleItem: [self._id_of(session, planned, key) for key in planned.contains],
        }
        requires = [each for each in wanted[ProductRequirement] if each]
        contains = [each for each in wanted[BundleItem] if each]
        is_same = requires == _required(session, product) and contains == _contained(session, product)
        if is_same:
            return False
        surround(session, product, topics=None, requires=requires, contains=contains)
        return True

    def _id_of(self, session: Session, planned: PlannedProduct, key: str) -> UUID | None:
        found = self.applied.get(key)
        if found is not None:
            return found.product_id
        product_id = session.scalar(select(Product.id).where(Product.source_key == key))
        if product_id is None:
            problem = Problem(planned.source_key, say("This other product is not known."), key)
            if problem not in self.report.problems:
                self.report.problems.append(problem)
        return product_id

    def _remove_gone(self, session: Session, product: Product, planned: PlannedProduct) -> int:
        kept = {lesson.source_key for lesson in planned.lessons}
        wanted = select(Lesson).where(Lesson.product_id == product.id, Lesson.removed_at.is_(None))
        gone = [row for row in session.scalars(wanted) if row.source_key is not None and row.source_key not in kept]
        for row in gone:
            row.removed_at, row.source_hash = self.ports.clock.now(), None
            emit(session, LessonRemoved(product.id, row.id), at=self.ports.clock.now())
        return len(gone)

    # Sections and lessons

    def _sections(self, session: Session, product_id: UUID, planned: Sequence[PlannedSection]) -> dict[str, UUID]:
        rows = session.scalars(select(Section).where(Section.product_id == product_id)).all()
        known = {row.source_key: row for row in rows if row.source_key}
        found: dict[str, UUID] = {}
        for section in planned:
            title = tidy(section.title)[:200]
            row = known.get(section.source_key)
            if row is None:
                found[section.source_key] = add_section(
                    session, product_id, title=title, viewer=self.viewer, clock=self.ports.clock,
                    source_key=section.source_key,
                )  # fmt: skip
                continue
            found[section.source_key] = row.id
            if row.removed_at is not None or row.title != title:
                row.removed_at, row.title = None, title
                touch(session, locked_product(session, product_id), clock=self.ports.clock)
        return found

    def _lesson(self, applied: AppliedProduct, section_id: UUID, planned: PlannedLesson) -> None:
        product_id = applied.product_id
        known = self.ports.database.read(lambda session: _known_hash(session, product_id, planned.source_key))
        if known == planned.source_hash:
            applied.unchanged += 1
            return
        assets = self._assets(product_id, (*planned.files, *filter(None, (planned.media,))), is_public=False)
        try:
            is_new = self._write(lambda session: self._save(session, product_id, section_id, planned, assets))
        except Refused as error:
            self.report.problems.append(Problem(planned.source_key, error.sentence, planned.title))
            return
        applied.added += is_new
        applied.changed += not is_new

    def _save(
        self, session: Session, product_id: UUID, section_id: UUID, planned: PlannedLesson, assets: Mapping[str, str]
    ) -> bool:
        product = locked_product(session, product_id)
        row = lesson_of_source(session, product, planned.source_key)
        said: dict[str, Any] = {
            "title": tidy(planned.title)[:200] or planned.slug,
            "kind": planned.kind,
            "body_md": self._placed(planned.body_md, assets),
            "questions": planned.questions,
            "media_asset_id": UUID(assets[planned.media]) if planned.media in assets and planned.media else None,
            "minutes": planned.minutes,
            "is_preview": planned.is_preview,
            "released_after_days": planned.released_after_days,
            "source_hash": planned.source_hash,
        }
        if row is None:
            command = AddLesson(
                section_id, slug=self.slugs[planned.slug], source_key=planned.source_key, **said
            )  # fmt: skip
            saved = add_lesson(session, command, viewer=self.viewer, clock=self.ports.clock)
        else:
            row.removed_at, row.section_id = None, section_id
            saved = save_lesson(session, SaveLesson(row.id, **said), viewer=self.viewer, clock=self.ports.clock)
        if product.published_version_id is not None:
            publish_lesson(session, saved.lesson_id, viewer=self.viewer, clock=self.ports.clock)
        return row is None

    # Files

    def _assets(self, product_id: UUID, paths: Sequence[str], *, is_public: bool) -> dict[str, str]:
        """Return the ids of stored files by path; one that is refused is reported and left out."""
        found: dict[str, str] = {}
        for path in dict.fromkeys(paths):
            asset_id = self._asset(product_id, path, is_public=is_public)
            if asset_id is not None:
                found[path] = str(asset_id)
        return found

    def _asset(self, product_id: UUID, path: str, *, is_public: bool) -> UUID | None:
        try:
            data = self.tree.read(path)
            known = self.ports.database.read(lambda session: asset_of(session, product_id, data))
            if known is not None and (known.is_public or not is_public):
                return known.id
            upload = Upload(path, data, product_id, is_public)
            prepared = prepare_asset(upload, files=self.ports.files, limit_bytes=self.limit_bytes)
        except Refused as error:
            reason = next(iter(getattr(error, "fields", {}).values()), error.sentence)
            self.report.problems.append(Problem(path, reason))
            return None
        kept = self._write(
            lambda session: keep_asset(
                session, prepared, product_id=product_id, is_public=is_public, clock=self.ports.clock
            )
        )
        return UUID(str(kept.id))

    def _placed(self, markdown: str, assets: Mapping[str, str]) -> str:
        """Return a body with files by their ids and lessons by their slugs."""

        def change(address: str) -> str:
            path = path_of(address)
            if path is not None:
                return f"asset:{assets[path]}" if path in assets else path
            if address.startswith("lesson:"):
                slug, mark, anchor = address.removeprefix("lesson:").partition("#")
                return f"lesson:{self.slugs.get(slug, slug)}{mark}{anchor}"
            return address

        return rewrite(markdown, change) if markdown else ""


def _free_product_slug(session: Session, wanted: str) -> str:
    if not is_slug(wanted):
        return ""
    return free_slug(wanted, lambda slug: session.scalar(select(Product.id).where(Product.slug == slug)) is not None)


def _slugs(session: Session, product_id: UUID, planned: PlannedProduct) -> dict[str, str]:
    """Return the slug that each planned lesson has or will have, by its planned slug."""
    rows = session.execute(select(Lesson.source_key, Lesson.slug).where(Lesson.product_id == product_id)).all()
    known = {key: slug for key, slug in rows if key is not None}
    taken = {slug for _, slug in rows}
    found: dict[str, str] = {}
    for lesson in planned.lessons:
        slug = known.get(lesson.source_key) or free_slug(lesson.slug, taken.__contains__)
        taken.add(slug)
        found[lesson.slug] = slug
    return found


def _known_hash(session: Session, product_id: UUID, source_key: str) -> str | None:
    wanted = select(Lesson.source_hash).where(Lesson.product_id == product_id, Lesson.source_key == source_key)
    return session.scalars(wanted.order_by(Lesson.id)).first()


def _put_in_order(session: Session, product: Product, planned: PlannedProduct) -> bool:
    """Order sections and lessons as the source does; True when something moved."""
    sections = {row.source_key: row for row in session.scalars(select(Section).where(Section.product_id == product.id))}
    lessons = {row.source_key: row for row in session.scalars(select(Lesson).where(Lesson.product_id == product.id))}
    before = [(row.id, row.section_id, row.position) for row in lessons.values()]
    before_sections = [(row.id, row.position) for row in sections.values()]
    for position, section in enumerate(planned.sections, start=1):
        row = sections[section.source_key]
        row.position = position
        ids = [lessons[lesson.source_key].id for lesson in section.lessons if lesson.source_key in lessons]
        order_lessons(session, row.id, ids=[each for each in ids if _is_live(lessons, each)])
    session.flush()
    after = [(row.id, row.section_id, row.position) for row in lessons.values()]
    return before != after or before_sections != [(row.id, row.position) for row in sections.values()]


def _is_live(lessons: Mapping[str | None, Lesson], lesson_id: UUID) -> bool:
    return any(row.id == lesson_id and row.removed_at is None for row in lessons.values())


def _required(session: Session, product: Product) -> list[UUID]:
    wanted = select(ProductRequirement.required_id).where(ProductRequirement.product_id == product.id)
    return list(session.scalars(wanted.order_by(ProductRequirement.position)))


def _contained(session: Session, product: Product) -> list[UUID]:
    wanted = select(BundleItem.product_id).where(BundleItem.bundle_id == product.id)
    return list(session.scalars(wanted.order_by(BundleItem.position)))


def _live(data: Mapping[str, Any] | None, now: datetime) -> Live | None:
    data = data or {}
    try:
        if data.get("starts_at"):
            starts_at = datetime.fromisoformat(str(data["starts_at"]))
            starts_at = starts_at if starts_at.tzinfo else starts_at.replace(tzinfo=now.tzinfo)
        else:
            later = now + timedelta(days=float(data.get("starts_in_days", 7)))
            starts_at = later.replace(minute=0, second=0, microsecond=0)
        minutes = int(data.get("minutes", 60))
    except (ValueError, TypeError, OverflowError):
        starts_at, minutes = now + timedelta(days=7), 60
    return Live(starts_at, minutes, str(data.get("link") or ""), str(data.get("replay_lesson") or ""))


def _consulting(data: Mapping[str, Any] | None) -> Consulting:
    data = data or {}
    minutes = data.get("minutes", 60)
    return Consulting(minutes if isinstance(minutes, int) and minutes > 0 else 60, str(data.get("how") or ""))


def _published_at(planned: PlannedProduct, now: datetime) -> datetime:
    if planned.published_at:
        try:
            at = datetime.fromisoformat(planned.published_at)
            return min(now, at if at.tzinfo else at.replace(tzinfo=now.tzinfo))
        except ValueError:
            return now
    return now - timedelta(days=planned.published_days_ago or 0)
