"""A text as it is meant to be read: ASCII digits and signs, one dash, one space, nothing invisible."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

_DASHES = "‐‑‒–—―−﹘﹣－ー"
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LAST_PLANE = range(0x1D7CE, 0x1D800)  # mathematical digits


@dataclass(frozen=True, slots=True)
class Reading:
    """The text to search in, and where each of its characters stands in the original."""

    text: str
    places: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text."""
        return (start, end) if self.places is None else (self.places[start], self.places[end - 1] + 1)


@cache
def _meant() -> dict[int, str]:
    """Return what each unusual character stands for; one character for one."""
    table: dict[int, str] = {}
    for code in (*range(0x80, 0x10000), *_LAST_PLANE):
        char = chr(code)
        if (digit := unicodedata.digit(char, None)) is not None:
            table[code] = str(digit)
        elif unicodedata.category(char) == "Zs":
            table[code] = " "
        elif 0xFF01 <= code <= 0xFF5E:  # noqa: PLR2004 the full-width forms of ASCII
            table[code] = chr(code - 0xFEE0)
    return table | {ord(dash): "-" for dash in _DASHES}


def read(text: str) -> Reading:
    """Return the text as it is meant; the same length, but for what is invisible."""
    meant = text.translate(_meant())
    if _INVISIBLE.search(meant) is None:
        return Reading(meant)
    places = tuple(place for place, char in enumerate(meant) if not _INVISIBLE.match(char))
    return Reading("".join(meant[place] for place in places), places)
