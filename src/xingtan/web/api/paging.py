"""Pages of lists: ``{"items": […], "next": cursor or null}``.

A cursor is opaque to programs. It carries no secret and no authority, so it is not signed; what is not one of ours is
refused with 422 before it reaches a database.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query

from xingtan.core.errors import Invalid, say
from xingtan.web.api.fields import Out

T = TypeVar("T")
Row = TypeVar("Row")

_FORM = re.compile(r"[A-Za-z0-9_-]{1,2000}")
_LARGEST = 2**31 - 1
_LONGEST = 2_000

Limit = Annotated[int, Query(ge=1, le=100, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=_LONGEST, description="The `next` of the page before; without it, the first page."),
]


class Page(Out, Generic[T]):
    """A part of a list. `next` continues it; null: this is the end."""

    items: list[T]
    next: str | None = None


def write_cursor(*parts: str | int) -> str:
    """Return a cursor that holds `parts`."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def _refused() -> Invalid:
    return Invalid.of("cursor", say("This cursor is not one of ours."))


def read_cursor(cursor: str, *, kinds: Sequence[type]) -> list[Any]:
    """Return the parts of a cursor that `write_cursor` wrote, of these types; `Invalid` for any other."""
    try:
        parts = json.loads(_bytes_of(cursor))
    except (ValueError, RecursionError):
        raise _refused() from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise _refused()
    for part in parts:
        if (isinstance(part, int) and not 0 <= part <= _LARGEST) or (isinstance(part, str) and "\x00" in part):
            raise _refused()
    return parts


def _bytes_of(cursor: str) -> bytes:
    if _FORM.fullmatch(cursor) is None:
        raise _refused()
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except binascii.Error:
        raise _refused() from None


def read_id_cursor(cursor: str | None) -> UUID | None:
    """Return the id after which the page starts; None for the first page."""
    if cursor is None:
        return None
    (text,) = read_cursor(cursor, kinds=(str,))
    try:
        return UUID(hex=text)
    except ValueError:
        raise _refused() from None


def id_cursor(value: UUID | None) -> str | None:
    """Return the cursor of the page after the item with this id; None for the end."""
    return None if value is None else write_cursor(value.hex)


def read_offset(cursor: str | None) -> int:
    """Return how many items come before the page; 0 for the first page."""
    return 0 if cursor is None else int(read_cursor(cursor, kinds=(int,))[0])


def offset_cursor(offset: int, *, total: int) -> str | None:
    """Return the cursor of the page that starts after `offset` items of `total`; None for the end."""
    return write_cursor(offset) if offset < total else None


def sliced(rows: Sequence[Row], *, cursor: str | None, limit: int, show: Callable[[Row], T]) -> Page[T]:
    """Return a page of a list that is short enough to be read whole."""
    start = read_offset(cursor)
    return Page(
        items=[show(row) for row in rows[start : start + limit]],
        next=offset_cursor(start + limit, total=len(rows)),
    )


def plausible(cursor: str | None) -> str | None:
    """Return a cursor that a domain wrote, once no number or text in it is one that a database would choke on."""
    if cursor is None:
        return None
    plain = _bytes_of(cursor)
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        value = None  # not JSON: an instant and an id, which the domain reads itself
    parts = value if isinstance(value, list) else []
    if b"\x00" in plain or any(isinstance(part, int) and abs(part) > _LARGEST for part in parts):
        raise _refused()
    if any(isinstance(part, str) and ("\x00" in part or not part.isprintable()) for part in parts):
        raise _refused()
    return cursor


@contextmanager
def foreign_cursor() -> Iterator[None]:
    """Turn a domain's complaint about its cursor into one about the field `cursor`."""
    try:
        yield
    except Invalid as error:
        if set(error.fields) <= {"after", "cursor"}:
            raise _refused() from None
        raise
