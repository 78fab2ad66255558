"""What `from_html` does, with the libraries that it does it with."""

import re
from typing import Any

from bs4 import BeautifulSoup, CData, Tag
from bs4.element import PreformattedString
from markdownify import MarkdownConverter

_SPOKEN = re.compile(r"(?<!\\)\b[A-Za-z]{3,} [A-Za-z]{2,}")  # "x squared plus one": words, not TeX
_DROPPED = ("script", "style", "noscript", "template", "head", "iframe", "object", "svg", "nav", "form", "button")


class _Converter(MarkdownConverter):
    """Markdownify, with formulas and film frames kept, and footnotes of EPUB 3 as Markdown's own."""

    def escape(self, text: str, parent_tags: Any) -> str:
        """Return words as Markdown that says the same words, and never markup."""
        escaped = str(super().escape(text, parent_tags))  # type: ignore[misc]
        return escaped.replace("&", "&amp;").replace("<", "&lt;")

    def convert_math(self, el: Tag, text: str, parent_tags: Any) -> str:  # noqa: ARG002 - signature of markdownify
        """Return a formula: its TeX where the book gives it, else the MathML itself."""
        source = el.find("annotation", attrs={"encoding": "application/x-tex"})
        tex = source.get_text() if isinstance(source, Tag) else str(el.get("alttext") or "")
        if tex.strip() and not _SPOKEN.search(tex):
            mark = "$$" if el.get("display") == "block" else "$"
            return f"{mark}{tex.strip()}{mark}"
        return str(el).replace("\n", " ")


def _language_of(pre: Tag) -> str | None:
    code = pre.find("code")
    words = [*(pre.get("class") or []), *((code.get("class") or []) if isinstance(code, Tag) else [])]
    found = (word.removeprefix("language-") for word in words if word.startswith("language-"))
    return next(found, None)


_OPTIONS: dict[str, Any] = {
    "heading_style": "ATX",
    "bullets": "-",
    "code_language_callback": _language_of,
    "escape_misc": False,
    "escape_underscores": True,
    "escape_asterisks": True,
    "newline_style": "backslash",
    "strip_document": "strip",
    "sup_symbol": "",
    "sub_symbol": "",
}


def markdown_of(html: str) -> str:
    """Return `html` as Markdown. `ValueError` when it nests too deeply to be read."""
    try:
        soup = BeautifulSoup(html, "html.parser")
        for aside in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
            if not isinstance(aside, CData):  # a comment, a declaration, an instruction: none of them are words
                aside.extract()
        for frame in soup.find_all("iframe"):
            source = str(frame.get("src") or "")
            frame.replace_with(f"\n\n{source}\n\n" if source.startswith("https://") else "")
        for element in soup.find_all(["img", "a"]):
            for name in ("src", "href"):
                if isinstance(element.get(name), str):
                    element[name] = str(element[name]).strip().replace(" ", "%20")
        for name in _DROPPED:
            for element in soup.find_all(name):
                element.decompose()
        return str(_Converter(**_OPTIONS).convert_soup(soup)).strip()
    except RecursionError:
        msg = "this page nests too deeply"
        raise ValueError(msg) from None
