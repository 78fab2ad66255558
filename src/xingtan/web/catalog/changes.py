"""What changed between two texts, as lines to be marked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_CONTEXT = 3
_LONGEST_LINE = 1500  # characters; longer lines are shown whole
_MOST_LINES = 10_000
_ALIKE = 0.35
_WORDS = re.compile(r"[A-Za-z0-9'’]+|.", re.DOTALL)  # words of letters; of Chinese, one character each

Pieces = tuple[tuple[str, bool], ...]
"""Pieces of a line, and whether each one changed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the comparison: `kind` is same, gone, new, or gap (lines in which nothing changed are left out)."""

    kind: str
    pieces: Pieces = ()


def changes(before: str, after: str) -> tuple[Line, ...]:
    """Return the changed lines with a little of what surrounds them; empty when nothing changed."""
    old, new = before.splitlines()[:_MOST_LINES], after.splitlines()[:_MOST_LINES]
    found: list[Line] = []
    for number, group in enumerate(SequenceMatcher(None, old, new, autojunk=True).get_grouped_opcodes(_CONTEXT)):
        if number:
            found.append(Line("gap"))
        for what, i1, i2, j1, j2 in group:
            found.extend(_lines(what, old[i1:i2], new[j1:j2]))
    return tuple(found)


def _lines(what: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if what == "equal":
        yield from (Line("same", ((line, False),)) for line in old)
    elif what == "replace" and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            gone, come = _pieces(one, other)
            yield Line("gone", gone)
            yield Line("new", come)
    else:
        yield from (Line("gone", ((line, False),)) for line in old)
        yield from (Line("new", ((line, False),)) for line in new)


def _pieces(one: str, other: str) -> tuple[Pieces, Pieces]:
    """Return both lines with what differs marked; unmarked where they have little in common."""
    if max(len(one), len(other)) > _LONGEST_LINE:
        return ((one, False),), ((other, False),)
    old, new = _WORDS.findall(one), _WORDS.findall(other)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.quick_ratio() < _ALIKE:
        return ((one, False),), ((other, False),)
    gone: list[tuple[str, bool]] = []
    come: list[tuple[str, bool]] = []
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        is_changed = what != "equal"
        if i2 > i1:
            gone.append(("".join(old[i1:i2]), is_changed))
        if j2 > j1:
            come.append(("".join(new[j1:j2]), is_changed))
    return tuple(gone), tuple(come)
