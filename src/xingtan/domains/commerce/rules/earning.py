"""How much of what was paid for a time has been earned at an instant."""

from datetime import datetime, timedelta

from xingtan.core.period import Period

_TICK = timedelta(microseconds=1)


def earned_by(total_minor: int, over: Period, at: datetime) -> int:
    """Return how many minor units are earned at `at`: in proportion to the time gone by, rounded down."""
    if over.ends_at is None or at <= over.starts_at:
        return 0
    if at >= over.ends_at:
        return total_minor
    gone, whole = at - over.starts_at, over.ends_at - over.starts_at
    return total_minor * (gone // _TICK) // (whole // _TICK)
