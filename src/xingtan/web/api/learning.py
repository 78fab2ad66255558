"""A learner's own things: the shelf, how far she is, notes, tries at quizzes."""

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.api.caller import READ_MINE, WRITE_MINE, AskDep, staff
from xingtan.web.api.fields import AttemptPath, LessonPath, NotePath, Word
from xingtan.web.api.learning_schemas import (
    Answers,
    Attempt,
    AttemptLine,
    AttemptStarted,
    CompletedIn,
    Note,
    NoteChange,
    NoteIn,
    Progress,
    ProgressIn,
    ShelfItem,
)
from xingtan.web.api.lesson_schemas import StatisticOut
from xingtan.web.api.lessons import lesson_page, opened
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.product_schemas import Picture
from xingtan.web.api.products import any_product
from xingtan.web.learning.addresses import lesson_path

router = operations("learning")

_LEARNERS = staff("read:people", Permission.LEARNERS_READ)


@operation(router, "GET", "/me/shelf", READ_MINE)
def get_shelf(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[ShelfItem]:
    """What one holds, what one was in last first."""

    def work(session: Session) -> Page[ShelfItem]:
        items = learning.shelf(session, ask.viewer, at=ask.clock.now())
        covers = catalog.find_assets(session, [item.cover_asset_id for item in items if item.cover_asset_id])
        return sliced(
            items, cursor=cursor, limit=limit,
            show=lambda item: _item(item, covers.get(item.cover_asset_id) if item.cover_asset_id else None),
        )  # fmt: skip

    return ask.read(work)


def _item(item: learning.ShelfItem, cover: catalog.AssetView | None) -> ShelfItem:
    resume = item.resume
    return ShelfItem(
        product_id=item.product_id, slug=item.slug, kind=item.kind, language=item.language, title=item.title,
        subtitle=item.subtitle, author=item.author, cover=Picture.of(cover), starts_at=item.starts_at,
        held_since=item.held_since, lessons=item.progress.lesson_count, lessons_done=item.progress.done_count,
        resume_lesson_id=resume.lesson_id if resume else None,
        resume_path=lesson_path(item.slug, resume.lesson_slug) if resume else None,
    )  # fmt: skip


@operation(router, "GET", "/lessons/{lesson}/progress", READ_MINE)
def get_progress(ask: AskDep, lesson: LessonPath) -> Progress:
    """How far one is in a lesson that one has opened."""

    def work(session: Session) -> Progress:
        page = lesson_page(session, ask.viewer, lesson)
        state = learning.lesson_states(session, ask.person_id, page.product.id).get(lesson)
        if state is None:
            raise NotFound(say("You have not opened this lesson yet."))
        return Progress.of(state)

    return ask.read(work)


@operation(router, "PUT", "/lessons/{lesson}/progress", WRITE_MINE)
def save_progress(ask: AskDep, lesson: LessonPath, body: ProgressIn) -> Progress:
    """Say where one is. Reports may come late, twice and out of order."""
    place = body.position.model_dump(exclude_none=True)
    command = learning.SaveProgress(ask.viewer, lesson, body.version, place, body.fraction, body.at)
    return Progress.of(ask.write(lambda session: learning.save_progress(session, command, clock=ask.clock)))


@operation(router, "POST", "/lessons/{lesson}/complete", WRITE_MINE)
def complete_lesson(ask: AskDep, lesson: LessonPath, body: CompletedIn) -> Progress:
    """Mark a lesson as done."""
    command = learning.CompleteLesson(ask.viewer, lesson, body.version)
    return Progress.of(ask.write(lambda session: learning.complete_lesson(session, command, clock=ask.clock)))


@operation(router, "GET", "/me/notes", READ_MINE, also=(404,))
def list_my_notes(
    ask: AskDep, product: Word | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Note]:  # fmt: skip
    """One's own notes: of one product, or of all."""

    def work(session: Session) -> Page[Note]:
        product_id = any_product(session, product).id if product else None
        notes = learning.all_notes(session, ask.viewer, vault=ask.vault, product_id=product_id)
        return sliced(notes, cursor=cursor, limit=limit, show=lambda one: Note.of(one.note))

    return ask.read(work)


@operation(router, "GET", "/lessons/{lesson}/notes", READ_MINE)
def list_lesson_notes(ask: AskDep, lesson: LessonPath, cursor: Cursor = None, limit: Limit = 50) -> Page[Note]:
    """One's own notes in a lesson, in the order of its text."""

    def work(session: Session) -> Page[Note]:
        page = lesson_page(session, ask.viewer, lesson)
        notes = learning.lesson_notes(
            session, ask.viewer, lesson, version_id=page.version_id, html=page.html, vault=ask.vault
        )
        return sliced(notes, cursor=cursor, limit=limit, show=Note.of)

    return ask.read(work)


@operation(router, "POST", "/lessons/{lesson}/notes", WRITE_MINE, status=201)
def write_note(ask: AskDep, lesson: LessonPath, body: NoteIn) -> Note:
    """Highlight words of a lesson, write a note, or set a bookmark."""

    def work(session: Session) -> Note:
        page, _ = opened(session, ask, lesson)
        command = learning.WriteNote(
            ask.viewer, lesson, page.version_id, body.kind, page.html, body.quote, body.text, body.near
        )
        return Note.of(learning.write_note(session, command, clock=ask.clock, vault=ask.vault))

    return ask.write(work)


@operation(router, "GET", "/notes/{note}", READ_MINE)
def get_note(ask: AskDep, note: NotePath) -> Note:
    """A note of one's own."""
    return Note.of(ask.read(lambda session: learning.one_note(session, ask.viewer, note, vault=ask.vault)).note)


@operation(router, "PUT", "/notes/{note}", WRITE_MINE)
def change_note(ask: AskDep, note: NotePath, body: NoteChange) -> Note:
    """Give one's own note other words."""
    command = learning.ChangeNote(ask.viewer, note, body.text)
    return Note.of(
        ask.write(lambda session: learning.change_note(session, command, clock=ask.clock, vault=ask.vault))
    )  # fmt: skip


@operation(router, "DELETE", "/notes/{note}", WRITE_MINE, status=204)
def delete_note(ask: AskDep, note: NotePath) -> None:
    """Take one's own note away for good."""
    ask.write(lambda session: learning.delete_note(session, ask.viewer, note_id=note))


@operation(router, "GET", "/lessons/{lesson}/attempts", READ_MINE)
def list_attempts(ask: AskDep, lesson: LessonPath, cursor: Cursor = None, limit: Limit = 50) -> Page[AttemptLine]:
    """One's own submitted tries at a quiz, newest first."""
    lines = ask.read(lambda session: learning.attempts(session, ask.viewer, lesson))
    return sliced(
        lines, cursor=cursor, limit=limit,
        show=lambda one: AttemptLine(
            id=one.id, points=one.points, max_points=one.max_points, submitted_at=one.submitted_at
        ),
    )  # fmt: skip


@operation(router, "POST", "/lessons/{lesson}/attempts", WRITE_MINE, status=201)
def start_attempt(ask: AskDep, lesson: LessonPath) -> AttemptStarted:
    """Begin to answer a quiz, or go on with the try that was begun."""
    command = learning.StartAttempt(ask.viewer, lesson)
    return AttemptStarted(id=ask.write(lambda session: learning.start_attempt(session, command, clock=ask.clock)))


@operation(router, "POST", "/lessons/{lesson}/answers", WRITE_MINE, status=201, also=(409,))
def submit_attempt(ask: AskDep, lesson: LessonPath, body: Answers) -> Attempt:
    """Submit answers; the server grades them and tells what is right and why."""
    command = learning.SubmitAttempt(ask.viewer, lesson, body.version, dict(body.answers))
    return Attempt.of(
        ask.write(lambda session: learning.submit_attempt(session, command, clock=ask.clock, vault=ask.vault))
    )


@operation(router, "GET", "/attempts/{attempt}", READ_MINE)
def get_attempt(ask: AskDep, attempt: AttemptPath) -> Attempt:
    """A submitted try of one's own, with explanations."""
    return Attempt.of(ask.read(lambda session: learning.attempt(session, ask.viewer, attempt, vault=ask.vault)))


@operation(router, "GET", "/lessons/{lesson}/statistics", _LEARNERS)
def get_statistics(ask: AskDep, lesson: LessonPath) -> Page[StatisticOut]:
    """How each question of a quiz does, over first tries."""

    def work(session: Session) -> Page[StatisticOut]:
        page = lesson_page(session, ask.viewer, lesson)
        found = learning.item_statistics(session, ask.viewer, page)
        return Page(
            items=[
                StatisticOut(question=one.question_key, attempts=one.attempts, p_value=one.p_value,
                             discrimination=one.discrimination, choice_counts=dict(one.choice_counts))
                for one in found
            ]
        )  # fmt: skip

    return ask.read(work)
