"""The text with personal data covered: its length, its separators and its own person's memory stay."""

import re
from collections.abc import Callable

from xingtan.intelligence.privacy.pii.finder import Finding, Kind, find

_COVER = "*"
_CHINA = re.compile(r"[(（]?(?:\+|＋|00)?86\D{0,3}(?=1)")


def _ends(first: int, last: int) -> Callable[[str], str]:
    """Return a mask that leaves so many letters or digits at the beginning and at the end."""

    def cover(text: str) -> str:
        places = [place for place, char in enumerate(text) if char.isalnum()]
        hidden = set(places[first : len(places) - last] if len(places) > first + last else places)
        return "".join(_COVER if place in hidden else char for place, char in enumerate(text))

    return cover


def _email(text: str) -> str:
    local = re.match(r"[^@＠\[(（ ]{1,64}", text)
    return text if local is None else _ends(1, 0)(local[0]) + text[local.end() :]


def _words(text: str) -> str:
    return re.sub(r"\w+", lambda word: _ends(1, 0)(word[0]), text)


def _phone(text: str) -> str:
    code = _CHINA.match(text)
    return text[: code.end()] + _ends(3, 4)(text[code.end() :]) if code else _ends(3, 4)(text)


_MASKS: dict[Kind, Callable[[str], str]] = {
    Kind.RESIDENT_ID: _ends(1, 1),
    Kind.BANK_CARD: _ends(0, 4),
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.IP: _ends(2, 0),
    Kind.ADDRESS: _ends(2, 0),
    Kind.ACCOUNT: _ends(1, 0),
    Kind.NAME: _words,
}


def mask(text: str, findings: list[Finding] | None = None) -> str:
    """Return the text with the findings (its own, unless given) covered, character for character.

    >>> mask("我叫张三丰，手机138 0013 8000。")
    '我叫张**，手机138 **** 8000。'
    """
    pieces, end = [], 0
    for finding in sorted(find(text) if findings is None else findings):
        pieces += [text[end : finding.start], _MASKS[finding.kind](text[finding.start : finding.end])]
        end = finding.end
    return "".join([*pieces, text[end:]])
