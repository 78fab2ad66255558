"""Spans of time: half-open, aware, in UTC."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """From `starts_at` (included) until `ends_at` (excluded; None: without end)."""

    starts_at: datetime
    ends_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.ends_at is not None and self.ends_at < self.starts_at:
            msg = "a period cannot end before it starts"
            raise ValueError(msg)

    def __contains__(self, at: datetime) -> bool:
        """Say whether the instant `at` lies inside."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


def day_of(day: date, zone: ZoneInfo) -> Period:
    """Return the calendar day `day` of `zone` as a period in UTC; 23 or 25 hours long when clocks change."""
    midnight = datetime.combine(day, time.min, tzinfo=zone)
    next_midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
    utc = ZoneInfo("UTC")
    return Period(midnight.astimezone(utc), next_midnight.astimezone(utc))
