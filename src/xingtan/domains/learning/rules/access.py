"""Who may open a lesson: decided here and nowhere else."""

from datetime import datetime, timedelta

from xingtan.domains.learning.views import Access


def access(
    *, is_preview: bool, released_after_days: int, held_since: datetime | None, is_staff: bool, at: datetime
) -> Access:
    """Return whether a lesson is open, and why.

    A preview is open to all; staff who may use content see everything; a holder sees a lesson from
    `released_after_days` days after the start of her holding (a lesson of a drip opens at that hour, not at midnight).
    """
    if is_preview:
        return Access("preview")
    if is_staff:
        return Access("staff")
    if held_since is None:
        return Access("none")
    opens_at = held_since + timedelta(days=released_after_days)
    return Access("held") if at >= opens_at else Access("later", opens_at)
