"""Where a reader goes on."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID


def next_lesson(order: Sequence[UUID], *, done: AbstractSet[UUID], seen: Mapping[UUID, datetime]) -> UUID | None:
    """Return the lesson to go on with, None when there are none.

    The one that she was in last, if it is not done; else the first one after it that is not done; else the first one
    of all that is not done; and when everything is done, the one that she was in last.
    """
    if not order:
        return None
    place = {lesson: number for number, lesson in enumerate(order)}
    last = max((one for one in seen if one in place), key=lambda one: (seen[one], place[one]), default=None)
    if last is None:
        return next((one for one in order if one not in done), order[0])
    around = (*order[place[last] :], *order[: place[last]])
    return next((one for one in around if one not in done), last)
