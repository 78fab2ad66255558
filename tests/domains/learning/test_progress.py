"""Progress, shelf and quizzes on a real database."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from tests.fixtures.web import Academy
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Conflict, NotAllowed, NotFound
from xingtan.core.viewer import STRANGER, SYSTEM, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.domains.learning.models import Note, QuizAnswer
from xingtan.infra.outbox import OutboxEvent


@pytest.fixture
def reader(academy: Academy) -> Viewer:
    academy.give(academy.learner.id, academy.course.id)
    return academy.viewer(academy.learner)


def save(
    academy: Academy, viewer: Viewer, lesson_id: UUID, *, at: datetime, fraction: float = 0.3, **place: Any
) -> learning.LessonState:
    command = learning.SaveProgress(viewer, lesson_id, lesson_id, place or {"scroll": fraction}, fraction, at)
    return academy.write(lambda s: learning.save_progress(s, command, clock=academy.platform.clock))


def news(academy: Academy) -> list[str]:
    kinds = academy.read(lambda s: list(s.scalars(select(OutboxEvent.kind).order_by(OutboxEvent.id))))
    return [kind.removeprefix("learning.") for kind in kinds if kind.startswith("learning.")]


def complete(academy: Academy, viewer: Viewer, lesson_id: UUID) -> learning.LessonState:
    command = learning.CompleteLesson(viewer, lesson_id, lesson_id)
    return academy.write(lambda s: learning.complete_lesson(s, command, clock=academy.platform.clock))


def test_the_newest_place_stays_and_a_late_report_does_not_turn_it_back(
    academy: Academy, reader: Viewer, clock: ManualClock
) -> None:
    now = clock.now()
    save(academy, reader, academy.lesson, at=now - timedelta(seconds=10), fraction=0.8, seconds=80)
    late = save(academy, reader, academy.lesson, at=now - timedelta(seconds=60), fraction=0.2, seconds=20)
    assert (late.position.seconds, late.fraction) == (80, 0.8)
    back = save(academy, reader, academy.lesson, at=now, fraction=0.1, seconds=10)
    assert (back.position.seconds, back.fraction) == (10, 0.8)


def test_a_clock_from_the_future_does_not_hold_the_place_for_ever(
    academy: Academy, reader: Viewer, clock: ManualClock
) -> None:
    save(academy, reader, academy.lesson, at=clock.now() + timedelta(days=900), seconds=99)
    clock.advance(minutes=1)
    assert save(academy, reader, academy.lesson, at=clock.now(), seconds=5).position.seconds == 5


def test_each_step_is_told_once(academy: Academy, reader: Viewer, clock: ManualClock) -> None:
    for fraction in (0.0, 0.3, 0.3, 0.1, 0.9):
        save(academy, reader, academy.lesson, at=clock.now(), fraction=fraction)
    complete(academy, reader, academy.lesson)
    clock.advance(hours=1)
    first = complete(academy, reader, academy.lesson)
    save(academy, reader, academy.lesson, at=clock.now(), fraction=1.0)
    assert news(academy) == ["lesson_started", "lesson_progressed", "lesson_progressed", "lesson_completed"]
    assert first.completed_at == clock.now() - timedelta(hours=1)


def test_a_recording_heard_to_its_end_is_done(academy: Academy, reader: Viewer, clock: ManualClock) -> None:
    heard = academy.add(academy.course.id, "To hear", kind="audio")
    academy.write(lambda s: catalog.publish_lesson(s, heard, clock=clock))
    assert save(academy, reader, heard, at=clock.now(), fraction=0.99).completed_at is None
    assert save(academy, reader, heard, at=clock.now(), fraction=0.996).completed_at == clock.now()
    assert save(academy, reader, academy.lesson, at=clock.now(), fraction=1.0).completed_at is None


def test_strangers_and_those_without_access_save_nothing(academy: Academy, clock: ManualClock) -> None:
    other = academy.viewer(academy.other)
    for viewer in (STRANGER, other):
        with pytest.raises(NotAllowed):
            save(academy, viewer, academy.lesson, at=clock.now())
        with pytest.raises(NotAllowed):
            complete(academy, viewer, academy.lesson)
    with pytest.raises(NotFound):
        save(academy, other, academy.course.id, at=clock.now())
    assert news(academy) == []


def test_progress_is_measured_against_todays_contents(academy: Academy, reader: Viewer) -> None:
    complete(academy, reader, academy.preview)
    complete(academy, reader, academy.lesson)
    ids = [academy.course.id, academy.essay.id]
    found = academy.read(lambda s: learning.product_progress(s, academy.learner.id, ids))
    assert (found[ids[0]].done_count, found[ids[0]].lesson_count) == (2, 3)
    assert (found[ids[1]].done_count, found[ids[1]].lesson_count, found[ids[1]].last_at) == (0, 1, None)
    academy.write(lambda s: catalog.remove_lesson(s, academy.lesson, viewer=SYSTEM, clock=academy.platform.clock))
    found = academy.read(lambda s: learning.product_progress(s, academy.learner.id, ids))
    assert (found[ids[0]].done_count, found[ids[0]].lesson_count) == (1, 2)


def test_the_shelf_in_few_questions_newest_first(academy: Academy, reader: Viewer, clock: ManualClock) -> None:
    others = []
    for number in range(5):
        product = academy.product(f"Book {number}", slug=f"book-{number}")
        academy.add(product.id, "One")
        others.append(academy.publish(product.id))
        clock.advance(minutes=1)
        academy.give(academy.learner.id, product.id)
    clock.advance(minutes=1)
    complete(academy, reader, academy.preview)
    asked: list[str] = []
    engine = academy.platform.database.engine

    def listener(*arguments: Any) -> None:
        if arguments[2] != "BEGIN":
            asked.append(arguments[2])

    academy.read(lambda s: learning.shelf(s, reader, at=clock.now()))
    event.listen(engine, "before_cursor_execute", listener)
    shelf = academy.read(lambda s: learning.shelf(s, reader, at=clock.now()))
    event.remove(engine, "before_cursor_execute", listener)
    assert len(asked) <= 4
    assert [item.slug for item in shelf] == ["reading-numbers", *(f"book-{n}" for n in range(4, -1, -1))]
    assert shelf[0].resume is not None
    assert shelf[0].resume.lesson_slug == "the-paid-part"
    assert not shelf[0].resume.is_start
    assert shelf[1].resume is not None
    assert shelf[1].resume.is_start


def test_what_has_ended_is_not_on_the_shelf(academy: Academy, clock: ManualClock) -> None:
    other = academy.viewer(academy.other)
    assert academy.read(lambda s: learning.shelf(s, other, at=clock.now())) == ()


def submit(academy: Academy, viewer: Viewer, answers: dict[str, object]) -> learning.AttemptView:
    page = quiz(academy)
    command = learning.SubmitAttempt(viewer, academy.quiz, page.version_id, answers)
    platform = academy.platform
    return academy.write(lambda s: learning.submit_attempt(s, command, clock=platform.clock, vault=platform.vault))


def quiz(academy: Academy) -> catalog.LessonPage:
    return academy.read(
        lambda s: catalog.lesson_page(s, SYSTEM, product_slug="reading-numbers", lesson_slug="a-small-quiz")
    )


def test_a_quiz_is_graded_by_the_server_and_every_try_is_kept(
    academy: Academy, reader: Viewer, clock: ManualClock
) -> None:
    start = learning.StartAttempt(reader, academy.quiz)
    begun = academy.write(lambda s: learning.start_attempt(s, start, clock=clock))
    assert academy.write(lambda s: learning.start_attempt(s, start, clock=clock)) == begun
    clock.advance(minutes=3)
    first = submit(academy, reader, {"q1": "b", "q2": " 12 "})
    assert (first.id, first.points, first.max_points) == (begun, 1, 2)
    assert first.submitted_at - first.started_at == timedelta(minutes=3)
    assert [one.is_right for one in first.answers] == [False, True]
    assert first.answers[0].explanation_html
    second = submit(academy, reader, {"q1": "a", "q2": "twelve"})
    assert second.id != first.id
    lines = academy.read(lambda s: learning.attempts(s, reader, academy.quiz))
    assert [line.id for line in lines] == [second.id, first.id]
    states = academy.read(lambda s: learning.lesson_states(s, academy.learner.id, academy.course.id))
    assert states[academy.quiz].completed_at == clock.now()


def test_typed_answers_and_notes_are_sealed(academy: Academy, reader: Viewer) -> None:
    submit(academy, reader, {"q2": "my private twelve"})
    note = learning.WriteNote(
        reader, academy.lesson, academy.lesson, "note", "<p>A secret apricot.</p>", "secret", "my thought"
    )
    platform = academy.platform
    academy.write(lambda s: learning.write_note(s, note, clock=platform.clock, vault=platform.vault))
    answer = academy.read(lambda s: s.scalars(select(QuizAnswer).where(QuizAnswer.question_key == "q2")).one())
    row = academy.read(lambda s: s.scalars(select(Note)).one())
    raw = (answer.text_sealed or b"") + (row.quote_sealed or b"") + (row.text_sealed or b"")
    assert b"twelve" not in raw
    assert b"thought" not in raw
    assert b"secret" not in raw
    academy.write(lambda s: platform.vault.destroy_key(s, academy.learner.id, at=platform.clock.now()))
    with pytest.raises(NotFound):
        academy.read(lambda s: learning.all_notes(s, reader, vault=platform.vault))


def test_a_try_against_another_version_is_refused(academy: Academy, reader: Viewer, clock: ManualClock) -> None:
    page = quiz(academy)
    command = learning.SubmitAttempt(reader, academy.quiz, academy.lesson, {"q1": "a"})
    with pytest.raises(Conflict):
        academy.write(lambda s: learning.submit_attempt(s, command, clock=clock, vault=academy.platform.vault))
    assert page.version_id != academy.lesson
    assert academy.read(lambda s: learning.attempts(s, reader, academy.quiz)) == ()


def test_item_statistics_count_first_tries_and_are_for_teachers(academy: Academy, reader: Viewer) -> None:
    academy.give(academy.other.id, academy.course.id)
    submit(academy, reader, {"q1": "b", "q2": "1"})
    submit(academy, reader, {"q1": "a", "q2": "12"})
    submit(academy, academy.viewer(academy.other), {"q1": "a", "q2": "12"})
    first, second = academy.read(lambda s: learning.item_statistics(s, SYSTEM, quiz(academy)))
    assert (first.attempts, first.p_value, first.discrimination) == (2, 0.5, 1.0)
    assert dict(first.choice_counts) == {"a": 1, "b": 1}
    assert second.p_value == 0.5
    with pytest.raises(NotAllowed):
        academy.read(lambda s: learning.item_statistics(s, reader, quiz(academy)))


def test_a_person_takes_her_learning_along(academy: Academy, reader: Viewer, clock: ManualClock) -> None:
    complete(academy, reader, academy.lesson)
    submit(academy, reader, {"q1": "a", "q2": "12"})
    taken = academy.read(
        lambda s: learning.export_learning(s, academy.learner.id, clock=clock, vault=academy.platform.vault)
    )
    assert len(taken["progress"]) == 2
    assert {one["text"] for one in taken["answers"]} == {"", "12"}
    nobody = academy.read(
        lambda s: learning.export_learning(s, academy.other.id, clock=clock, vault=academy.platform.vault)
    )
    assert nobody == {"progress": [], "notes": [], "answers": []}
