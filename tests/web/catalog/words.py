"""Forms as a browser would send them: read off a page, changed, sent back."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from PIL import Image
from sqlalchemy import event

from tests.fixtures.web import Academy

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


class Form(HTMLParser):
    """The successful controls of the form with one id, as a browser submits them without pressing a button."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.wanted = form_id
        self.fields: list[tuple[str, str]] = []
        self._inside = False
        self._area: str | None = None
        self._text = ""
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == self.wanted
        is_ours = given.get("form") == self.wanted or (self._inside and "form" not in given)
        if not is_ours and tag != "option":
            return
        name, kind = given.get("name"), given.get("type")
        if tag == "input" and name and kind != "file" and (kind not in {"checkbox", "radio"} or "checked" in given):
            self.fields.append((name, given.get("value") or ""))
        elif tag == "textarea" and name:
            self._area, self._text = name, ""
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.fields.append((self._select, given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._area is not None:
            self.fields.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._text += data


def form_on(html: str, form_id: str) -> dict[str, Any]:
    """The fields of a form; several values of one name are a list."""
    reader = Form(form_id)
    reader.feed(html)
    fields: dict[str, Any] = {}
    for name, value in reader.fields:
        if name not in fields:
            fields[name] = value
        else:
            before = fields[name]
            fields[name] = [*before, value] if isinstance(before, list) else [before, value]
    return fields


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_in(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every tag that a browser would open, with its attributes."""
    reader = _Tags()
    reader.feed(html)
    return reader.found


def picture(width: int = 1000, height: int = 750, kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#c63").save(out, kind)
    return out.getvalue()


@contextmanager
def counted(academy: Academy) -> Iterator[list[str]]:
    """Collect the SELECTs of what happens inside, without those of the watch, which looks every second."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        is_watching = threading.current_thread().name == "public watch" or "FROM academy" in statement
        if statement.startswith(("SELECT", "WITH")) and not is_watching:
            seen.append(statement)

    engine = academy.platform.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
