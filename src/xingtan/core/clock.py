"""The only place that asks the machine for the time.

Everything else takes a `Clock`, so that a test can live through two years in a second.
All instants are aware and in UTC; days and months are decided in the academy's own zone by the caller.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that can say what time it is."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the machine's current instant in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            msg = "a clock needs an aware instant"
            raise ValueError(msg)
        self._now = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant at which this clock stands, in UTC."""
        return self._now

    def set(self, at: datetime) -> None:
        """Move to `at`, forwards or backwards."""
        self._now = at.astimezone(UTC)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move by the given span and return the new instant."""
        self._now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._now
