"""Every form of the academy, found by walking through it, and what a page must never become."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urljoin, urlsplit

from lxml import html

from tests.fixtures.web import Browser

HERE = "http://testserver"
WRITTEN = {"text", "search", "email", "url", "tel", "password", "number", "date", "datetime-local", "time", "textarea"}
_NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[a-z]{3}_[0-9a-z]{26}|\b\d+\b")
_SLUGS = re.compile(r"(/learn/[^/]+/|/(?:products|learn|lessons|works|checkout)/)(?!new$)[^/]+")
_LONGEST_QUERY = 60_000
_NO_PAGES = re.compile(r"/(static|media|assets|api|sign-out|metrics)\b|\.(zip|epub|xml|ics|md|txt|webp)$")


@dataclass(frozen=True)
class Form:
    """A form as a browser would send it: where to, and (name, kind, value) of its controls."""

    page: str
    action: str
    method: str
    controls: tuple[tuple[str, str, str], ...]

    @property
    def written(self) -> list[str]:
        """Return the names of the fields in which somebody writes."""
        return [name for name, kind, _ in self.controls if kind in WRITTEN]

    @property
    def others(self) -> list[str]:
        """Return the names of what is chosen, or hidden, and not meant to be written in."""
        return [name for name, kind, _ in self.controls if kind not in WRITTEN and name != "csrf_token"]

    @property
    def key(self) -> tuple[str, ...]:
        """Say which forms are one and the same."""
        action = _SLUGS.sub(r"\1*", _NAMES.sub("*", urlsplit(self.action).path))
        return (self.method, action, *sorted({name for name, *_ in self.controls}))


def walk(browser: Browser, start: Sequence[str], *, most: int = 400) -> dict[str, str]:
    """Return the pages that are reached from `start` by links, by path: one of each query, in one language."""
    pages: dict[str, str] = {}
    waiting, seen = list(start), {urlsplit(path).path for path in start}
    while waiting:
        path = waiting.pop(0)
        answer = browser.get(path)
        must_be_harmless(answer, path)
        if not answer.headers.get("content-type", "").startswith("text/html") or answer.status_code >= 400:
            continue
        pages[path] = answer.text
        assert len(pages) < most, "the walk has no end"
        for link in html.fromstring(answer.text).xpath("//a/@href"):
            target = urlsplit(urljoin(f"{HERE}{path}", link))
            bare = re.sub(r"^/(zh|en)(?=/|$)", "", target.path) or "/"
            if f"{target.scheme}://{target.netloc}" != HERE or bare in seen or _NO_PAGES.search(bare):
                continue
            seen.add(bare)
            waiting.append(f"{bare}?{target.query}" if target.query else bare)
    return pages


def forms_on(path: str, text: str) -> Iterator[Form]:
    """Yield the forms of a page."""
    for form in html.fromstring(text).forms:
        controls = [_control(control) for control in form.inputs if control.get("name")]
        button = form.xpath(".//button[@name]")
        controls += [(each.get("name"), "button", each.get("value") or "") for each in button[:1]]
        found = tuple(control for control in controls if control is not None)
        yield Form(path, urljoin(path, form.get("action") or path), (form.get("method") or "get").lower(), found)


def _control(control: Any) -> tuple[str, str, str] | None:
    kind = control.tag if control.tag != "input" else (control.get("type") or "text")
    if kind == "file" or (kind in {"checkbox", "radio"} and control.get("checked") is None):
        return None
    value = control.value if kind in {"textarea", "select"} else control.get("value")
    return control.get("name"), kind, str(value or "")


def all_forms(pages: dict[str, str]) -> list[Form]:
    """Return each form once."""
    found: dict[tuple[str, ...], Form] = {}
    for path, text in pages.items():
        for form in forms_on(path, text):
            found.setdefault(form.key, form)
    return list(found.values())


def loaded_again(browser: Browser, form: Form) -> Form | None:
    """Return the form as its page has it now; None when the page has none any more."""
    answer = browser.get(form.page)
    must_be_harmless(answer, form.page)
    own = (
        each for each in forms_on(form.page, answer.text) if (each.method, each.action) == (form.method, form.action)
    )
    return next((each for each in own if set(form.written) <= set(each.written)), None)


def fill(form: Form, names: Iterable[str], text: str) -> bytes:
    """Return the form's body with `text` in the fields of `names`, whatever letters it has."""
    changed = set(names)
    pairs = [(name, text if name in changed else value) for name, _, value in form.controls]
    return "&".join(f"{quote_plus(name)}={_quoted(value)}" for name, value in pairs).encode()


def _quoted(value: str) -> str:
    return quote_plus(value.encode("utf-8", "surrogatepass"))


def send(browser: Browser, form: Form, body: bytes) -> Any:
    """Send a form as a browser does."""
    path = urlsplit(form.action).path
    if form.method == "get":
        return browser.get(f"{path}?{body.decode()[:_LONGEST_QUERY]}")
    return browser.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})


def must_be_harmless(answer: Any, where: str) -> None:
    """Fail when a page acts on what somebody wrote, or when the server broke."""
    assert answer.status_code < 500, f"{where}: {answer.status_code}\n{answer.text[:2000]}"
    assert "evil" not in answer.headers, where
    if answer.headers.get("content-type", "").startswith("text/html"):
        must_be_quiet(answer.text, where)


def must_be_quiet(text: str, where: str) -> None:
    """Fail when a page, or a letter, holds anything that acts."""
    assert "\x00" not in text, where
    for element in html.fromstring(text).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag == "script":
            _must_be_data(element, where)
        for name, value in element.items():
            assert not name.startswith("on"), f"{where}: {name}={value[:80]}"
            if name in {"href", "src", "action", "formaction"}:
                assert not value.strip().lower().startswith(("javascript:", "data:text", "vbscript:")), (
                    f"{where}: {value}"
                )
                assert value != "x", f"{where}: a picture that somebody wrote"


def _must_be_data(script: Any, where: str) -> None:
    """A script is a file of ours; what stands in the page itself is data."""
    if script.get("src"):
        assert script.get("src").startswith("/static/"), where
        return
    assert script.get("type") in {"application/ld+json", "application/json", "importmap", "speculationrules"}, where
    json.loads(script.text)
