"""Forms whose field names are not known beforehand, and ids that come from outside."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import FormData

from xingtan.core.errors import Invalid, say
from xingtan.core.ids import private_id


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0)


FormDep = Annotated[FormData, Depends(_form)]
"""The fields of a posted form; files are refused."""


def words(form: FormData, name: str) -> str:
    """Return the text of one field; empty when it is missing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def whole_number(form: FormData, name: str) -> int:
    """Return the number in one field; 0 when it holds none."""
    text = words(form, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - fits in 32 bits


def version_of(form: FormData) -> UUID:
    """Return the version of the text that the form was made for; `Invalid` when it says none."""
    text = words(form, "version")
    if not text:
        raise Invalid.of("version", say("The page did not say which text it shows."))
    return private_id("version", text)
