"""What the forms of this room share: any number of fields, sentences at them, dates in the academy's own time."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import FormData, UploadFile

from xingtan.core.errors import Invalid, NotFound, Refused, Sentence, say
from xingtan.core.ids import private_id
from xingtan.web.edge import Edge
from xingtan.web.translations import in_words

Errors = Mapping[str, str]
"""Field name → sentence in the reader's language; the empty name is the form itself."""


def room() -> APIRouter:
    """Return a router that takes long forms.

    A quiz of 200 questions has thousands of fields; a text of two million characters has up to eight megabytes.
    """
    return APIRouter(prefix="/studio", form_limits={"max_fields": 20_000, "max_files": 200, "max_part_size": 8_000_000})


async def _typed(request: Request, csrf_token: Annotated[str, Form()] = "") -> FormData:  # noqa: ARG001 - names a form
    return await request.form()  # parsed already, within the route's own limits, because a field is declared above


Typed = Annotated[FormData, Depends(_typed)]
"""Everything that was typed, whatever the fields are called."""


def text(form: FormData, name: str) -> str:
    """Return what was typed into a field; empty for none."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def texts(form: FormData, name: str) -> tuple[str, ...]:
    """Return every value of a field, e.g. of ticked boxes."""
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


def upload(form: FormData, name: str) -> UploadFile | None:
    """Return the file that was chosen, or None."""
    value = form.get(name)
    return value if isinstance(value, UploadFile) and value.filename else None


def errors_of(here: Edge, error: Refused) -> dict[str, str]:
    """Return a refusal as sentences at the fields that they are about."""
    if not isinstance(error, Invalid):
        return {"": in_words(error.sentence, here.language)}
    return {_field(name): in_words(sentence, here.language) for name, sentence in error.fields.items()}


def _field(name: str) -> str:
    """Return the form's name for a field: ``questions.0.choices.1`` is ``q-0-c-1-text``."""
    parts = name.split(".")
    if parts[0] != "questions" or len(parts) == 1:
        return name
    row = f"q-{parts[1]}"
    return f"{row}-c-{parts[3]}-text" if len(parts) > 3 else f"{row}-{parts[2]}"  # noqa: PLR2004 - a choice's place


def whole(written: str, field: str, faults: dict[str, Sentence], *, default: int = 0) -> int:
    """Return the number that was typed; a fault at `field` for anything else."""
    plain = written.strip()
    if not plain:
        return default
    if plain.isdecimal() and len(plain) <= 9:  # noqa: PLR2004 - more digits than any number of minutes or days
        return int(plain)
    faults[field] = say("Write a whole number.")
    return default


def zone_of(here: Edge) -> ZoneInfo:
    """Return the academy's time zone."""
    return ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)


def instant(written: str, field: str, faults: dict[str, Sentence], *, zone: ZoneInfo) -> datetime | None:
    """Return the instant that was written in the academy's own time; None for nothing, or with a fault."""
    plain = written.strip()
    if not plain:
        return None
    try:
        found = datetime.fromisoformat(plain)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        faults[field] = say("Write a day and a time, such as 2026-11-22T08:00.")
        return None


def local(at: datetime | None, zone: ZoneInfo) -> str:
    """Return the instant as a ``datetime-local`` field takes it, in `zone`."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""


def ids(kind: str, publics: tuple[str, ...]) -> tuple[UUID, ...]:
    """Return the ids behind public ids; what is none of ours is left out."""
    found = []
    for public in publics:
        with suppress(NotFound):
            found.append(private_id(kind, public))
    return tuple(found)
