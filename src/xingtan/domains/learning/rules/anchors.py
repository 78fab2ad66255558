"""Quotes that stay with their words: a text position, checked and mended by the quote itself.

Follows the W3C Web Annotation selectors: TextPositionSelector (`start`, `end`, in characters of the lesson's plain
text) and TextQuoteSelector (the quote, and a hash of the characters in front of it instead of the characters).
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser

from xingtan.domains.learning.views import Anchor

PREFIX_LETTERS = 32
LONGEST_QUOTE = 2_000


def flattened(text: str) -> str:
    """Return `text` as quotes are matched: NFC, and every run of white space is one space."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def prefix_hash(text: str, start: int) -> str:
    """Return 16 hex letters that stand for the characters in front of `start` in flattened `text`."""
    prefix = text[max(0, start - PREFIX_LETTERS) : start]
    return hashlib.sha256(prefix.encode()).hexdigest()[:16]


def anchored(text: str, quote: str, *, near: int = 0) -> Anchor | None:
    """Return where `quote` stands in flattened `text`, the occurrence nearest to `near`; None when it does not."""
    places = list(_places(text, quote))
    if not places:
        return None
    start = min(places, key=lambda place: (abs(place - near), place))
    return Anchor(start, start + len(quote), prefix_hash(text, start))


def reanchored(text: str, quote: str, anchor: Anchor) -> Anchor | None:
    """Return where a kept quote stands in the text of today; None when its words are gone.

    First where it stood; else among its occurrences the one with the same words in front; else the nearest one.
    """
    if text[anchor.start : anchor.end] == quote and prefix_hash(text, anchor.start) == anchor.prefix_hash:
        return anchor
    for start in _places(text, quote):
        if prefix_hash(text, start) == anchor.prefix_hash:
            return Anchor(start, start + len(quote), anchor.prefix_hash)
    return anchored(text, quote, near=anchor.start)


def _places(text: str, quote: str) -> Iterator[int]:
    place = text.find(quote) if quote else -1
    while place >= 0:
        yield place
        place = text.find(quote, place + 1)


class _TextOf(HTMLParser):
    """Gathers the text nodes of sanitised HTML in document order, as `textContent` does in a browser."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        """Take a text node."""
        self.parts.append(data)


def text_of(html: str) -> str:
    """Return the flattened text of a lesson's HTML: what quotes are matched against, here and in the browser."""
    parser = _TextOf()
    parser.feed(html)
    parser.close()
    return flattened("".join(parser.parts))
