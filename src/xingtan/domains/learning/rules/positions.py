"""Where a reader is and how far she got: what is believed of what a browser says, and how two reports are merged."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xingtan.core.errors import Invalid, say
from xingtan.domains.learning.views import Position

DONE = 0.995
"""From this fraction on a recording counts as heard to its end: players stop a moment early."""

_LONGEST_S = 48 * 3600
_MOST_BLOCKS = 100_000
_ANCHOR = re.compile(r"[^\s\x00-\x1f]{1,120}")


def position_of(given: Mapping[str, Any]) -> Position:
    """Return the place that a browser names; `Invalid` for anything that is no place in a lesson."""
    unknown = set(given) - set(Position.__dataclass_fields__)
    if unknown:
        raise _unclear()
    anchor, block = given.get("anchor"), _number(given, "block", most=_MOST_BLOCKS)
    if anchor is not None and not (isinstance(anchor, str) and _ANCHOR.fullmatch(anchor)):
        raise _unclear()
    return Position(
        seconds=_number(given, "seconds", most=_LONGEST_S),
        block=None if block is None else int(block),
        within=_number(given, "within", most=1),
        anchor=anchor,
        scroll=_number(given, "scroll", most=1),
    )


def fraction_of(given: object) -> float:
    """Return the part of the lesson, 0 to 1, that a browser says has been gone through; `Invalid` otherwise."""
    number = _number({"fraction": given}, "fraction", most=1)
    if number is None:
        raise _unclear()
    return number


def quarters(fraction: float) -> int:
    """Return how many whole quarters of a lesson, at most 3, are behind a reader who is not done yet."""
    return min(int(fraction * 4), 3)


def stored(position: Position) -> dict[str, Any]:
    """Return `position` as it is kept: only what is known."""
    named = {name: getattr(position, name) for name in Position.__dataclass_fields__}
    return {name: value for name, value in named.items() if value is not None}


def _number(given: Mapping[str, Any], name: str, *, most: float) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not 0 <= value <= most
    ):
        raise _unclear()
    return float(value)


def _unclear() -> Invalid:
    return Invalid.of("position", say("This is not a place in a lesson."))


@dataclass(frozen=True, slots=True)
class Progress:
    """What is kept of a reader's way through a lesson."""

    position: Position
    position_at: datetime
    fraction: float
    completed_at: datetime | None


def merged(known: Progress, report: Progress) -> Progress:
    """Return what holds after `report`.

    The newer place wins, by the reader's own clock; the furthest fraction stays; what was completed stays completed, at
    the moment at which it first was. Merging is idempotent, and for reports of different moments order does not matter.
    """
    newer = report if report.position_at >= known.position_at else known
    finished = [at for at in (known.completed_at, report.completed_at) if at is not None]
    return Progress(
        position=newer.position,
        position_at=newer.position_at,
        fraction=max(known.fraction, report.fraction),
        completed_at=min(finished, default=None),
    )
