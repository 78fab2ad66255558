"""Long texts in both languages: privacy and terms from files, the academy's own words from its settings."""

import re
from functools import cache
from html import unescape
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from xingtan.domains.identity import api as identity
from xingtan.web.edge import Edge

_FOLDER = Path(__file__).parent / "texts"
_INLINE = re.compile(r"</?(?:a|abbr|b|code|em|i|mark|q|s|small|span|strong|sub|sup)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
_PARAGRAPHS = re.compile(r"<p>.*?</p>", re.DOTALL)
_HEADING = re.compile(r"<(/?)h([1-5])>")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def from_markdown(text: str) -> Markup:
    """Return HTML of an owner's Markdown; HTML in it is shown as text, and its headings begin at the second level."""
    html = _parser().render(text)
    if "<h1>" in html:
        html = _HEADING.sub(lambda match: f"<{match[1]}h{int(match[2]) + 1}>", html)
    return Markup(html)  # noqa: S704 - the parser escapes everything that is not Markdown


def opening(html: Markup) -> list[Markup]:
    """Return the paragraphs of `html` before its first heading."""
    return [Markup(one) for one in _PARAGRAPHS.findall(html.partition("<h")[0])]  # noqa: S704 - parts of what was safe


def in_plain(html: Markup) -> str:
    """Return the words of `html` without its tags."""
    return words_of(str(html))


def words_of(html: str) -> str:
    """Return the words of stored HTML without its tags."""
    return " ".join(unescape(_TAG.sub(" ", _INLINE.sub("", html))).split())


def legal_text(here: Edge, name: str, *, academy: identity.AcademyView | None, days: int) -> Markup:
    """Return the text `name` (privacy, terms) in the reader's language, with the academy's own name in it."""
    text = (_FOLDER / here.language / f"{name}.md").read_text(encoding="utf-8")
    own_name = academy.name_in(here.language) if academy else "Xingtan"
    contact = (academy.contact if academy else "") or here.platform.settings.mail_from
    html = from_markdown(text % {
        "academy": own_name,
        "legal_name": (academy.legal_name if academy else "") or own_name,
        "contact": contact,
        "days": days,
    })  # fmt: skip
    return Markup(html.replace('href="/', f'href="{here.prefix}/'))  # noqa: S704 - only our own addresses are changed
