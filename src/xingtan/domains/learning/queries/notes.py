"""A learner's own notes; nobody else has a query for them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning.models import Note
from xingtan.domains.learning.rules.anchors import reanchored, text_of
from xingtan.domains.learning.sealing import QUOTE, TEXT
from xingtan.domains.learning.views import Anchor, NoteOfLesson, NoteView
from xingtan.infra.vault import Vault

_notes = Note.__table__.c
_IN_LESSON = (
    select(*_notes)
    .where(_notes.person_id == bindparam("person", type_=Uuid()), _notes.lesson_id == bindparam("lesson", type_=Uuid()))
    .order_by(_notes.id)
)


def note_view(session: Session, row: Note | Row[Any], *, vault: Vault, html: str | None = None) -> NoteView:
    """Return a note opened. With the lesson's `html` of today, its quote is looked for there again."""
    quote = vault.open(session, row.person_id, QUOTE, row.quote_sealed) if row.quote_sealed else ""
    anchor = Anchor(**row.anchor) if row.anchor else None
    if quote and html is not None:
        anchor = reanchored(text_of(html), quote, anchor or Anchor(0, 0))
    return NoteView(
        id=row.id,
        lesson_id=row.lesson_id,
        product_id=row.product_id,
        kind=row.kind,
        quote=quote,
        text=vault.open(session, row.person_id, TEXT, row.text_sealed) if row.text_sealed else "",
        anchor=anchor,
        is_orphan=bool(quote) and anchor is None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def lesson_notes(
    session: Session, viewer: Viewer, lesson_id: UUID, *, version_id: UUID, html: str, vault: Vault
) -> tuple[NoteView, ...]:
    """Return the viewer's notes in one lesson, in the order of its text; quotes whose words are gone come last.

    `version_id` and `html` are the lesson's text of today: notes made on another version find their words in it anew.
    """
    if viewer.person_id is None:
        return ()
    notes = [
        note_view(session, row, vault=vault, html=None if row.version_id == version_id else html)
        for row in session.execute(_IN_LESSON, {"person": viewer.person_id, "lesson": lesson_id})
    ]
    return tuple(sorted(notes, key=lambda note: note.anchor.start if note.anchor else 1 << 40))


def one_note(session: Session, viewer: Viewer, note_id: UUID, *, vault: Vault) -> NoteOfLesson:
    """Return one note of the viewer's own; `NotFound` for any other."""
    row = session.get(Note, note_id)
    if row is None or row.person_id != viewer.require_person():
        raise NotFound(say("There is no such note."))
    product, lesson = catalog.find_lessons(session, [row.lesson_id])[row.lesson_id]
    return NoteOfLesson(
        note_view(session, row, vault=vault), product.slug, product.title, lesson.slug, lesson.title
    )  # fmt: skip


def all_notes(
    session: Session, viewer: Viewer, *, vault: Vault, product_id: UUID | None = None
) -> tuple[NoteOfLesson, ...]:
    """Return every note of the viewer's own and where it was written, product by product. Three queries."""
    wanted = (
        select(Note).where(Note.person_id == viewer.require_person()).order_by(Note.product_id, Note.lesson_id, Note.id)
    )
    if product_id is not None:
        wanted = wanted.where(Note.product_id == product_id)
    rows = session.scalars(wanted).all()
    places = catalog.find_lessons(session, list({row.lesson_id for row in rows}))
    found = []
    for row in rows:
        product, lesson = places[row.lesson_id]
        view = note_view(session, row, vault=vault)
        found.append(NoteOfLesson(view, product.slug, product.title, lesson.slug, lesson.title))
    return tuple(found)
