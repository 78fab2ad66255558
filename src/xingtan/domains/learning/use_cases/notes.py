"""Highlights, notes and bookmarks: a learner's own, sealed for her."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.viewer import Viewer
from xingtan.domains.learning.events import NoteWritten
from xingtan.domains.learning.lessons import open_lesson
from xingtan.domains.learning.models import Note
from xingtan.domains.learning.queries.notes import note_view
from xingtan.domains.learning.rules.anchors import LONGEST_QUOTE, anchored, flattened, text_of
from xingtan.domains.learning.sealing import QUOTE, TEXT
from xingtan.domains.learning.views import NOTE_KINDS, NoteView
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault

LONGEST_NOTE = 10_000


@dataclass(frozen=True, slots=True)
class WriteNote:
    """What a reader keeps. `html` is the lesson's text that she has before her; `near` where in it her quote began."""

    viewer: Viewer
    lesson_id: UUID
    version_id: UUID
    kind: str
    html: str
    quote: str = ""
    text: str = ""
    near: int = 0


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """New words for a note; a highlight with words becomes a note, a note without them a highlight."""

    viewer: Viewer
    note_id: UUID
    text: str


def write_note(session: Session, command: WriteNote, *, clock: Clock, vault: Vault) -> NoteView:
    """Keep a note of one's own in a lesson that is open; `Invalid` when there is nothing to keep or it is too long."""
    now, person_id = clock.now(), command.viewer.require_person()
    quote, text = flattened(command.quote), command.text.strip()
    _check(command.kind, quote, text)
    met = open_lesson(session, command.viewer, command.lesson_id, at=now)
    anchor = anchored(text_of(command.html), quote, near=command.near)
    row = Note(
        id=new_id(),
        person_id=person_id,
        lesson_id=command.lesson_id,
        product_id=met.product.id,
        version_id=command.version_id,
        kind=command.kind,
        anchor={} if anchor is None else {"start": anchor.start, "end": anchor.end, "prefix_hash": anchor.prefix_hash},
        quote_sealed=vault.seal(session, person_id, QUOTE, quote) if quote else None,
        text_sealed=vault.seal(session, person_id, TEXT, text) if text else None,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    emit(session, NoteWritten(person_id, met.product.id, row.lesson_id, row.id, row.kind), at=now)
    session.flush()
    return note_view(session, row, vault=vault)


def change_note(session: Session, command: ChangeNote, *, clock: Clock, vault: Vault) -> NoteView:
    """Give one's own note other words."""
    row = _own(session, command.viewer, command.note_id)
    text = command.text.strip()
    if row.kind != "bookmark":
        row.kind = "note" if text else "highlight"
    _check(row.kind, "quoted" if row.quote_sealed else "", text)
    row.text_sealed = vault.seal(session, row.person_id, TEXT, text) if text else None
    row.updated_at = clock.now()
    session.flush()
    return note_view(session, row, vault=vault)


def delete_note(session: Session, viewer: Viewer, *, note_id: UUID) -> None:
    """Take one's own note away for good."""
    session.delete(_own(session, viewer, note_id))


def _own(session: Session, viewer: Viewer, note_id: UUID) -> Note:
    row = session.get(Note, note_id, with_for_update=True)
    if row is None or row.person_id != viewer.require_person():
        raise NotFound(say("There is no such note."))
    return row


def _check(kind: str, quote: str, text: str) -> None:
    if kind not in NOTE_KINDS:
        raise Invalid.of("kind", say("This is neither a highlight, a note nor a bookmark."))
    if len(quote) > LONGEST_QUOTE:
        raise Invalid.of(
            "quote", say("Please mark a shorter passage: at most %(limit)s characters.", limit=LONGEST_QUOTE)
        )
    if len(text) > LONGEST_NOTE:
        raise Invalid.of("text", say("A note can have at most %(limit)s characters.", limit=LONGEST_NOTE))
    if kind == "highlight" and not quote:
        raise Invalid.of("quote", say("Mark some words first."))
    if kind == "note" and not text:
        raise Invalid.of("text", say("Write something first."))
