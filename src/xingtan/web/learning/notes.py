"""Highlights, notes and bookmarks: written beside the text, gathered on a page, taken along as Markdown."""

from collections.abc import Iterable
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.responses import JSONResponse, RedirectResponse, Response

from xingtan.core.errors import Invalid
from xingtan.core.ids import private_id, public_id
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.learning.addresses import lesson_path
from xingtan.web.learning.forms import FormDep, version_of, whole_number, words
from xingtan.web.learning.lesson_memory import known_lesson
from xingtan.web.learning.pages import NotePage, NotesOfLesson, NotesOfProduct, NotesPage
from xingtan.web.learning.rooms import note_line, text_in_place
from xingtan.web.render import render
from xingtan.web.translations import in_words, speaker
from xingtan.web.wing import Wing

router = Wing()


@router.get("/notes")
def notes(here: EdgeDep) -> Response:
    """Every note of the reader's own, product by product."""
    here.require_person()
    found = here.read(lambda session: learning.all_notes(session, here.viewer, vault=here.platform.vault))
    products = [
        NotesOfProduct(title, here.url(f"/learn/{slug}"), _lessons(here, slug, of_product))
        for (slug, title), of_product in groupby(found, key=lambda one: (one.product_slug, one.product_title))
    ]
    return render(here, NotesPage(tuple(products), len(found)))


def _lessons(here: Edge, product: str, found: Iterable[learning.NoteOfLesson]) -> tuple[NotesOfLesson, ...]:
    lessons = []
    for (slug, title), of_lesson in groupby(found, key=lambda one: (one.lesson_slug, one.lesson_title)):
        href = here.url(lesson_path(product, slug))
        lessons.append(NotesOfLesson(title, tuple(note_line(here, one.note, lesson_href=href) for one in of_lesson)))
    return tuple(lessons)


@router.get("/notes.md")
def notes_as_markdown(here: EdgeDep) -> Response:
    """The same as a Markdown file."""
    here.require_person()
    found = here.read(lambda session: learning.all_notes(session, here.viewer, vault=here.platform.vault))
    text = learning.notes_markdown(found, title=speaker(here.language).gettext("My notes"))
    headers = {"Content-Disposition": 'attachment; filename="notes.md"', "Cache-Control": "private, no-store"}
    return Response(text, media_type="text/markdown", headers=headers)


@router.post("/learn/{product}/{lesson}/notes")
def write(here: EdgeDep, product: str, lesson: str, form: FormDep) -> Response:
    """Keep a highlight, a note or a bookmark in a lesson; a script gets JSON, a form goes back to its lesson."""
    here.require_person()
    known = known_lesson(here, product, lesson)
    command = learning.WriteNote(
        viewer=here.viewer,
        lesson_id=known.page.id,
        version_id=version_of(form),
        kind=words(form, "kind"),
        html=text_in_place(here, known),
        quote=words(form, "quote"),
        text=words(form, "text"),
        near=whole_number(form, "near"),
    )
    platform = here.platform
    note = here.write(lambda session: learning.write_note(session, command, clock=platform.clock, vault=platform.vault))
    if "application/json" in here.request.headers.get("accept", ""):
        return JSONResponse(_as_json(note), status_code=201, headers={"Cache-Control": "no-store"})
    return RedirectResponse(f"{here.url(lesson_path(product, lesson))}#notes", status_code=303)


def _as_json(note: learning.NoteView) -> dict[str, object]:
    anchor = {"start": note.anchor.start, "end": note.anchor.end} if note.anchor else None
    return {
        "id": public_id("note", note.id),
        "kind": note.kind,
        "quote": note.quote,
        "text": note.text,
        "anchor": anchor,
    }


@router.get("/notes/{note}")
def one(here: EdgeDep, note: str) -> Response:
    """One note of the reader's own, to change or to take away."""
    here.require_person()
    return render(here, _page(here, private_id("note", note)))


def _page(here: Edge, note_id: UUID, errors: dict[str, str] | None = None) -> NotePage:
    found = here.read(lambda session: learning.one_note(session, here.viewer, note_id, vault=here.platform.vault))
    back = f"{here.url(lesson_path(found.product_slug, found.lesson_slug))}#notes"
    return NotePage(found, public_id("note", note_id), errors or {}, back)


@router.post("/notes/{note}")
def change(here: EdgeDep, note: str, text: Annotated[str, Form(max_length=20_000)] = "") -> Response:
    """Give a note other words and go back to its lesson."""
    here.require_person()
    note_id, platform = private_id("note", note), here.platform
    command = learning.ChangeNote(here.viewer, note_id, text)
    try:
        here.write(lambda session: learning.change_note(session, command, clock=platform.clock, vault=platform.vault))
    except Invalid as error:
        fields = {name: in_words(sentence, here.language) for name, sentence in error.fields.items()}
        return render(here, _page(here, note_id, fields), status=422)
    return RedirectResponse(_page(here, note_id).back, status_code=303)


@router.post("/notes/{note}/delete")
def delete(here: EdgeDep, note: str) -> Response:
    """Take a note away and go back to where it was."""
    here.require_person()
    note_id = private_id("note", note)
    back = _page(here, note_id).back
    here.write(lambda session: learning.delete_note(session, here.viewer, note_id=note_id))
    return RedirectResponse(back, status_code=303)
