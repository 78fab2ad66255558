"""Lessons and the sections they stand in: read by those to whom they are open, written by those who may."""

from uuid import UUID

from sqlalchemy.orm import Session
from starlette.responses import Response

from xingtan.core.errors import NotFound, say
from xingtan.core.ids import public_id
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.api.addresses import ROOT, in_place
from xingtan.web.api.caller import PUBLIC_READ, Ask, AskDep, staff
from xingtan.web.api.fields import AssetPath, LessonPath, Name, Number, SectionPath
from xingtan.web.api.lesson_schemas import (
    File,
    Heading,
    Lesson,
    LessonDraft,
    LessonIn,
    LessonSave,
    Move,
    QuestionOut,
    SavedLesson,
)
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.product_schemas import Contents, LessonLine, SectionIn, Version
from xingtan.web.api.products import product_of
from xingtan.web.learning.serving import serve

router = operations("lessons")

_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)
_DRAFTS = staff("read:catalog", Permission.CATALOG_READ)


def lesson_page(session: Session, viewer: Viewer, lesson_id: UUID) -> catalog.LessonPage:
    """Return the lesson's published version; `NotFound` when there is none that learners see."""
    found = catalog.find_lessons(session, [lesson_id]).get(lesson_id)
    if found is None:
        raise NotFound(say("There is no such lesson."))
    product, line = found
    return catalog.lesson_page(session, viewer, product_slug=product.slug, lesson_slug=line.slug)


def opened(session: Session, ask: Ask, lesson_id: UUID) -> tuple[catalog.LessonPage, learning.Access]:
    """Return the lesson and why it is open to the caller; `NotBought` or `NotReleased` when it is not."""
    page = lesson_page(session, ask.viewer, lesson_id)
    access = learning.lesson_access(
        session, ask.reader, page.product.id, is_preview=page.is_preview,
        released_after_days=page.released_after_days, at=ask.clock.now(),
    )  # fmt: skip
    learning.require_open(access)
    return page, access


def _file_url(lesson_id: UUID, asset_id: UUID) -> str:
    return f"{ROOT}/lessons/{public_id('lesson', lesson_id)}/files/{public_id('asset', asset_id)}"


@operation(router, "GET", "/lessons/{lesson}", PUBLIC_READ, also=(403,))
def get_lesson(ask: AskDep, lesson: LessonPath) -> Lesson:
    """A lesson, if it is a free preview, or is held by the caller, or the caller's work."""

    def work(session: Session) -> Lesson:
        page, access = opened(session, ask, lesson)
        assets = catalog.find_assets(session, catalog.assets_in(page.html))
        html = in_place(
            page.html, assets=assets, product_slug=page.product.slug,
            file_url=lambda asset_id: _file_url(lesson, asset_id),
        )  # fmt: skip
        return Lesson(
            id=page.id, product_id=page.product.id, slug=page.slug, title=page.title, kind=page.kind,
            number=page.number, minutes=page.minutes, is_preview=page.is_preview, version_id=page.version_id,
            fingerprint=page.fingerprint, access=access.reason, html=html,
            toc=[Heading(level=entry.level, text=entry.text, id=entry.id) for entry in page.toc],
            questions=[QuestionOut.of(question) for question in page.questions],
            media=File.of(page.media, url=_file_url(lesson, page.media.id)) if page.media else None,
            previous=LessonLine.of(page.previous) if page.previous else None,
            next=LessonLine.of(page.next) if page.next else None,
        )  # fmt: skip

    return ask.read(work)


@operation(router, "GET", "/lessons/{lesson}/files/{asset}", PUBLIC_READ, also=(403,))
def get_lesson_file(ask: AskDep, lesson: LessonPath, asset: AssetPath) -> Response:
    """A file of a lesson that is open to the caller: its recording, or one that its text shows."""

    def work(session: Session) -> catalog.AssetView:
        page, _ = opened(session, ask, lesson)
        named = catalog.assets_in(page.html) | ({page.media.id} if page.media else set())
        if asset not in named:
            raise NotFound(say("There is no such file."))
        return catalog.asset(session, asset)

    return serve(ask.here.request, ask.platform.files, ask.read(work), cache_control="private, max-age=3600")


@operation(router, "GET", "/lessons/{lesson}/draft", _DRAFTS)
def get_lesson_draft(ask: AskDep, lesson: LessonPath) -> LessonDraft:
    """A lesson as its editor sees it: the newest version, with the answers, and all versions."""

    def work(session: Session) -> LessonDraft:
        found = catalog.find_lessons(session, [lesson]).get(lesson)
        if found is None:
            raise NotFound(say("There is no such lesson."))
        draft = catalog.lesson_draft(session, ask.viewer, product_slug=found[0].slug, lesson_slug=found[1].slug)
        return LessonDraft(
            id=draft.id, product_id=draft.product.id, section_id=draft.section_id, slug=draft.slug, kind=draft.kind,
            number=draft.number, version_id=draft.version_id, title=draft.title, body_md=draft.body_md,
            questions=[dict(question) for question in draft.questions],
            media=File.of(draft.media, url=_file_of(draft.media.id)) if draft.media else None, minutes=draft.minutes,
            is_preview=draft.is_preview, released_after_days=draft.released_after_days,
            is_published=draft.is_published, has_unpublished_changes=draft.has_unpublished_changes,
            versions=[Version.of(line) for line in draft.versions],
        )  # fmt: skip

    return ask.read(work)


def _file_of(asset_id: UUID) -> str:
    return f"{ROOT}/assets/{public_id('asset', asset_id)}/file"


@operation(router, "POST", "/sections/{section}/lessons", _WRITES, status=201)
def add_lesson(ask: AskDep, section: SectionPath, body: LessonIn) -> SavedLesson:
    """Add a lesson at the end of a section, as a draft."""
    command = catalog.AddLesson(
        section, body.title, kind=body.kind, slug=body.slug or "", body_md=body.body_md,
        questions=body.raw_questions(), media_asset_id=body.media, minutes=body.minutes, is_preview=body.is_preview,
        released_after_days=body.released_after_days,
    )  # fmt: skip
    saved = ask.write(lambda session: catalog.add_lesson(session, command, viewer=ask.viewer, clock=ask.clock))
    return SavedLesson.of(saved)


@operation(router, "PUT", "/lessons/{lesson}", _WRITES)
def save_lesson(ask: AskDep, lesson: LessonPath, body: LessonSave) -> SavedLesson:
    """Save a lesson as a new draft version; how it is offered changes at once."""
    command = catalog.SaveLesson(
        lesson, body.title, body_md=body.body_md, questions=body.raw_questions(), media_asset_id=body.media,
        minutes=body.minutes, kind=body.kind, is_preview=body.is_preview,
        released_after_days=body.released_after_days,
    )  # fmt: skip
    saved = ask.write(lambda session: catalog.save_lesson(session, command, viewer=ask.viewer, clock=ask.clock))
    return SavedLesson.of(saved)


@operation(router, "POST", "/lessons/{lesson}/publish", _WRITES, status=204)
def publish_lesson(ask: AskDep, lesson: LessonPath) -> None:
    """Show the newest version of a lesson to learners."""
    ask.write(lambda session: catalog.publish_lesson(session, lesson, viewer=ask.viewer, clock=ask.clock))


@operation(router, "POST", "/lessons/{lesson}/move", _WRITES, status=204)
def move_lesson(ask: AskDep, lesson: LessonPath, body: Move) -> None:
    """Put a lesson at a place in a section of its product."""
    ask.write(
        lambda session: catalog.move_lesson(
            session, lesson, section_id=body.section, to=body.place, viewer=ask.viewer, clock=ask.clock
        )
    )


@operation(router, "POST", "/lessons/{lesson}/versions/{number}/restore", _WRITES)
def restore_lesson_version(ask: AskDep, lesson: LessonPath, number: Number) -> SavedLesson:
    """Go back to what an older version of a lesson says, as a new version."""
    saved = ask.write(
        lambda session: catalog.restore_lesson_version(
            session, lesson, number=number, viewer=ask.viewer, clock=ask.clock
        )
    )
    return SavedLesson.of(saved)


@operation(router, "DELETE", "/lessons/{lesson}", _WRITES, status=204)
def remove_lesson(ask: AskDep, lesson: LessonPath) -> None:
    """Take a lesson out of its product; its versions and what learners did with it are kept."""
    ask.write(lambda session: catalog.remove_lesson(session, lesson, viewer=ask.viewer, clock=ask.clock))


@operation(router, "POST", "/products/{product}/sections", _WRITES, status=201, also=(409,))
def add_section(ask: AskDep, product: Name, body: SectionIn) -> Contents:
    """Add a section to a product, and return the contents."""

    def work(session: Session) -> Contents:
        card = product_of(session, ask, product)
        section_id = catalog.add_section(session, card.id, title=body.title, viewer=ask.viewer, clock=ask.clock)
        if body.place is not None:
            catalog.move_section(session, section_id, to=body.place, viewer=ask.viewer, clock=ask.clock)
        return Contents.of(catalog.contents(session, ask.viewer, card.id))

    return ask.write(work)


@operation(router, "PUT", "/sections/{section}", _WRITES, status=204)
def save_section(ask: AskDep, section: SectionPath, body: SectionIn) -> None:
    """Give a section another title and, where one is said, another place."""

    def work(session: Session) -> None:
        catalog.rename_section(session, section, title=body.title, viewer=ask.viewer, clock=ask.clock)
        if body.place is not None:
            catalog.move_section(session, section, to=body.place, viewer=ask.viewer, clock=ask.clock)

    ask.write(work)


@operation(router, "DELETE", "/sections/{section}", _WRITES, status=204, also=(409,))
def remove_section(ask: AskDep, section: SectionPath) -> None:
    """Remove an empty section."""
    ask.write(lambda session: catalog.remove_section(session, section, viewer=ask.viewer, clock=ask.clock))
