"""What must hold of what people write about products, topics, sections and lessons: field → sentence."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.domains.catalog.kinds import DIFFICULTIES
from xingtan.domains.catalog.views import ProductContent

LONGEST_TITLE, LONGEST_SUBTITLE, LONGEST_SUMMARY = 200, 300, 2000
_LONGEST_AUTHOR, _LONGEST_LINE, _MOST_LINES = 120, 500, 30
_LONGEST_STAY_DAYS = 3650
_MOST_MINUTES = 100_000
_LINK = re.compile(r"https?://[^\s<>\"']+")


def tidy(text: str) -> str:
    """Return one line without control characters and without space around it."""
    kept = "".join(" " if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} else letter for letter in text)
    return " ".join(kept.split())


def tidy_text(text: str) -> str:
    """Return many lines, with plain newlines, without what no database stores."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in plain if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs"})


def tidy_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that say something, tidied."""
    return tuple(line for line in map(tidy, lines) if line)


def checked_title(title: str, *, field: str = "title") -> str:
    """Return the tidied title; `Invalid` when it is empty or too long."""
    title = tidy(title)
    if not title:
        raise Invalid.of(field, say("Give it a title."))
    if len(title) > LONGEST_TITLE:
        raise Invalid.of(field, say("At most %(limit)s characters, please.", limit=LONGEST_TITLE))
    return title


def checked_content(content: ProductContent, *, kind: str) -> ProductContent:
    """Return the content tidied; `Invalid` with every field that needs another look."""
    tidied = replace(
        content,
        title=tidy(content.title),
        subtitle=tidy(content.subtitle),
        summary=tidy(content.summary),
        description_md=tidy_text(content.description_md),
        audience=tidy_lines(content.audience),
        outcomes=tidy_lines(content.outcomes),
        author=tidy(content.author),
        live=content.live if kind == "live" else None,
        consulting=content.consulting if kind == "consulting" else None,
    )
    errors = dict(_errors(tidied, kind))
    if errors:
        raise Invalid(errors)
    return tidied


def _errors(content: ProductContent, kind: str) -> Iterable[tuple[str, Sentence]]:
    if not content.title:
        yield "title", say("Give it a title.")
    for name, limit in (
        ("title", LONGEST_TITLE),
        ("subtitle", LONGEST_SUBTITLE),
        ("summary", LONGEST_SUMMARY),
        ("author", _LONGEST_AUTHOR),
    ):
        if len(getattr(content, name)) > limit:
            yield name, say("At most %(limit)s characters, please.", limit=limit)
    for name in ("audience", "outcomes"):
        lines = getattr(content, name)
        if len(lines) > _MOST_LINES or any(len(line) > _LONGEST_LINE for line in lines):
            yield name, say("At most %(lines)s lines of %(limit)s characters.", lines=_MOST_LINES, limit=_LONGEST_LINE)
    if content.difficulty not in DIFFICULTIES:
        yield "difficulty", say("This difficulty is not known.")
    yield from _date_errors(content, kind)


def _date_errors(content: ProductContent, kind: str) -> Iterable[tuple[str, Sentence]]:
    if kind == "live":
        if content.live is None:
            yield "starts_at", say("Say when the lecture starts.")
        elif not 1 <= content.live.minutes <= _MOST_MINUTES:
            yield "live_minutes", say("Say how many minutes it takes.")
        elif content.live.link and _LINK.fullmatch(content.live.link) is None:
            yield "link", say("A link starts with https:// or http://.")
    if kind == "consulting" and (content.consulting is None or not 1 <= content.consulting.minutes <= _MOST_MINUTES):
        yield "consulting_minutes", say("Say how many minutes it takes.")


def checked_days(days: int) -> int:
    """Return after how many days a lesson opens; `Invalid` unless it is between 0 and ten years."""
    if not 0 <= days <= _LONGEST_STAY_DAYS:
        raise Invalid.of("released_after_days", say("Between 0 and %(limit)s days.", limit=_LONGEST_STAY_DAYS))
    return days


def checked_minutes(minutes: int) -> int:
    """Return how long a lesson takes; `Invalid` unless it is between 0 and `_MOST_MINUTES`."""
    if not 0 <= minutes <= _MOST_MINUTES:
        raise Invalid.of("minutes", say("Say how many minutes it takes."))
    return minutes


def checked_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return a topic's names by language; `Invalid` when there is none."""
    kept = {language: tidy(name)[:LONGEST_TITLE] for language, name in names.items() if tidy(name)}
    if not kept:
        raise Invalid.of("names", say("Give it a title."))
    return kept
