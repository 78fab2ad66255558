"""Words in addresses: from titles in Chinese or English to plain ASCII; and anchors, as GitHub makes them."""

import re
import unicodedata
from collections.abc import Callable

_LONGEST = 80
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NOT_ANCHOR = re.compile(r"[^\w\- ]", re.UNICODE)


def slug_of(title: str, *, fallback: str = "untitled") -> str:
    """Return `title` as lower-case ASCII words joined by hyphens; Chinese is spelt in pinyin: 数据 → ``shu-ju``."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its dictionaries take 55 MB, and only a creator spells titles

    plain = unicodedata.normalize("NFKC", title)
    spelt = " ".join(lazy_pinyin(plain[:200], errors=lambda other: f" {other} "))
    ascii_only = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode().lower()
    slug = _NOT_WORD.sub("-", ascii_only.replace("'", "")).strip("-")
    if len(slug) > _LONGEST:
        slug = slug[:_LONGEST].rsplit("-", 1)[0]
    return slug or fallback


def is_slug(text: str) -> bool:
    """Say whether `text` may stand in an address as it is."""
    return len(text) <= _LONGEST and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) is not None


def free_slug(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3` … that is not taken."""
    slug, number = wanted, 1
    while is_taken(slug):
        number += 1
        slug = f"{wanted}-{number}"
    return slug


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading: lower case, no punctuation, hyphens for spaces."""
    return _NOT_ANCHOR.sub("", heading.strip().lower()).replace(" ", "-") or "section"


class Anchors:
    """Anchors of one page: the second `setup` is `setup-1`, as on GitHub."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def take(self, heading: str) -> str:
        """Return the next free anchor for `heading`."""
        anchor = anchor_of(heading)
        count = self._seen.get(anchor, 0)
        self._seen[anchor] = count + 1
        if count == 0:
            return anchor
        numbered = f"{anchor}-{count}"
        self._seen.setdefault(numbered, 1)
        return numbered
