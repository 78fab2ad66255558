"""Putting addresses in place: content names its pictures and lessons, the page knows where they are.

In stored HTML a picture is ``asset:ID`` (or ``asset:ID@WIDTH``) and a lesson ``lesson:SLUG#anchor``; both stand only in
attributes of `img` and `a`, which the sanitiser wrote, quoted.
"""

import re
from collections.abc import Callable, Iterable
from html import escape, unescape
from uuid import UUID

from xingtan.domains.catalog.rules.sanitise import ID_PREFIX

AssetUrl = Callable[[UUID, int | None], str]
"""From a file's id and a width in pixels (None: the original) to its address."""
LessonUrl = Callable[[str], str]
"""From a lesson's slug to its address."""

_TAG = re.compile(r'<(?:img|a)(?: [a-z-]+(?:="[^"]*")?)+ ?/?>')
_ASSET = re.compile(r"asset:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:@([0-9]{1,5}))?")
_LESSON = re.compile(r'="lesson:([^"#]*)(?:#([^"]*))?"')


def place(html: str, *, asset_url: AssetUrl, lesson_url: LessonUrl) -> str:
    """Return `html` with the addresses of its pictures, files and lessons in place."""

    def asset(match: re.Match[str]) -> str:
        return escape(asset_url(UUID(match[1]), int(match[2]) if match[2] else None))

    def lesson(match: re.Match[str]) -> str:
        anchor = f"#{ID_PREFIX}{match[2]}" if match[2] else ""
        return f'="{escape(lesson_url(unescape(match[1])))}{anchor}"'

    def tag(match: re.Match[str]) -> str:
        return _LESSON.sub(lesson, _ASSET.sub(asset, match[0]))

    return _TAG.sub(tag, html) if "asset:" in html or "lesson:" in html else html


def assets_in(text: str) -> frozenset[UUID]:
    """Return the ids of all files that `text` (Markdown or HTML) names."""
    return frozenset(UUID(match[1]) for match in _ASSET.finditer(text))


def assets_in_all(texts: Iterable[str]) -> frozenset[UUID]:
    """Return the ids of all files that any of `texts` names."""
    return frozenset().union(*(assets_in(text) for text in texts))
