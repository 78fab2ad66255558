"""The reading room: a lesson and what is done in it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import RedirectResponse, Response

from xingtan.core.ids import private_id, public_id
from xingtan.domains.insight import api as insight
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.insight import watching
from xingtan.web.learning import books, live, notes, progress, shelf
from xingtan.web.learning.addresses import lesson_path
from xingtan.web.learning.forms import FormDep, version_of
from xingtan.web.learning.lesson_memory import KnownLesson, known_lesson
from xingtan.web.learning.pages import LessonRoom
from xingtan.web.learning.rooms import door, look, room
from xingtan.web.render import render, render_public
from xingtan.web.wing import Wing

router = Wing()
for _part in (shelf, notes, progress, live, books):
    router.include_router(_part.router)


@router.get("/learn/{product}")
def start(here: EdgeDep, product: str) -> Response:
    """Where the reader goes on in a product; a lecture and an hour of consulting have a page of their own."""
    card = live.visible_product(here, product)
    own_page = live.own_page(here, card)
    if own_page is not None:
        return own_page
    going_on = here.read(lambda session: learning.resume_point(session, here.person_id, card.id))
    if going_on is None:
        return RedirectResponse(here.url("/shelf"), status_code=303)
    return RedirectResponse(here.url(lesson_path(card.slug, going_on.lesson_slug)), status_code=303)


@router.get("/learn/{product}/{lesson}")
def lesson(
    here: EdgeDep, product: str, lesson: str, attempt: Annotated[str | None, Query(max_length=40)] = None
) -> Response:
    """A lesson, if it is open to the reader; else what can be said in front of its door."""
    tried = private_id("attempt", attempt) if attempt else None
    with here.reading() as session:
        known = known_lesson(here, product, lesson)
        page = known.page
        seen = look(session, here, page)
        if not seen.held[page.id].is_open:
            closed = door(session, here, page, seen=seen)
            return render_public(here, closed)
        shown = learning.attempt(session, here.viewer, tried, vault=here.platform.vault) if tried else None
        opened = room(session, here, known, seen=seen, attempt=shown)
    watching.viewed(here, insight.Object.LESSON, opened.lesson_id, product_id=page.product.id)
    return _answer(here, known, opened)


def _answer(here: Edge, known: KnownLesson, opened: LessonRoom) -> Response:
    """Keep a stranger's page only while no address in it can grow old."""
    grows_old = opened.medium is not None or not known.is_lasting
    return render(here, opened) if grows_old else render_public(here, opened)


@router.post("/learn/{product}/{lesson}/done")
def done(here: EdgeDep, product: str, lesson: str, form: FormDep) -> Response:
    """The reader says that she is done; she goes on with the next lesson, or stays at the last."""
    here.require_person()
    page = known_lesson(here, product, lesson).page
    command = learning.CompleteLesson(here.viewer, page.id, version_of(form))
    here.write(lambda session: learning.complete_lesson(session, command, clock=here.platform.clock))
    target = page.next.slug if page.next is not None else page.slug
    return RedirectResponse(here.url(lesson_path(product, target)), status_code=303)


@router.post("/learn/{product}/{lesson}/answers")
def answers(here: EdgeDep, product: str, lesson: str, form: FormDep) -> Response:
    """The reader's answers to the questions of a lesson; the graded try is shown in their place."""
    here.require_person()
    page = known_lesson(here, product, lesson).page
    given = {key: form.getlist(key) for key in form if key.startswith("q")}
    several = {str(question["id"]) for question in page.questions if question["kind"] == "multiple"}
    plain = {key: values if key in several else values[-1] for key, values in given.items()}
    command = learning.SubmitAttempt(here.viewer, page.id, version_of(form), plain)
    graded = here.write(
        lambda session: learning.submit_attempt(session, command, clock=here.platform.clock, vault=here.platform.vault)
    )
    return RedirectResponse(_attempt_url(here, product, lesson, attempt_id=graded.id), status_code=303)


def _attempt_url(here: Edge, product: str, lesson: str, *, attempt_id: UUID) -> str:
    return here.url(f"{lesson_path(product, lesson)}?attempt={public_id('attempt', attempt_id)}#answers")
