"""In which language a page speaks: the URL's prefix, else the reader's cookie, else the browser, else the academy.

``/zh/…`` and ``/en/…`` name a language for good, for links and for search engines; a URL without a prefix follows the
reader. The prefix is taken off before routing, so that routes know nothing of it.
"""

from collections.abc import Sequence
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
COOKIE = "xt_language"
HTML_LANG = {"zh": "zh-Hans", "en": "en"}


def split_prefix(path: str) -> tuple[Language | None, str]:
    """Return the language that the path's prefix names, if any, and the path without it."""
    for language in LANGUAGES:
        if path == f"/{language}":
            return language, "/"
        if path.startswith(f"/{language}/"):
            return language, path[len(language) + 1 :]
    return None, path


def negotiate(accept_language: str, *, fallback: Language) -> Language:
    """Return the language that an Accept-Language header (RFC 9110 §12.5.4) likes best among ours."""
    weighed: list[tuple[float, int, Language]] = []
    for place, item in enumerate(accept_language.split(",")[:20]):
        tag, _, parameters = item.strip().partition(";")
        language = as_language(tag.split("-")[0].lower())
        if language is not None:
            weighed.append((-_quality(parameters), place, language))
    liked = [entry for entry in weighed if entry[0] < 0]
    return min(liked)[2] if liked else fallback


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def as_language(text: str | None) -> Language | None:
    """Return `text` as one of our languages, or None."""
    return next((language for language in LANGUAGES if language == text), None)


def choose(prefix: Language | None, cookie: str | None, accept_language: str, *, fallback: Language) -> Language:
    """Return the language in which to answer."""
    return prefix or as_language(cookie) or negotiate(accept_language, fallback=fallback)


def others(language: Language) -> Sequence[Language]:
    """Return the languages other than `language`."""
    return [other for other in LANGUAGES if other != language]
