"""Intervals of ISO 8601, and the instants that they mark from an anchor in a zone.

1. The day of the month is the anchor's, or the month's last where it has no such day: Jan 31 → Feb 28 → Mar 31.
2. The hour is the anchor's on the clocks of the zone, so that a period is an hour longer or shorter when they change.
3. Instants are counted from the anchor, never from one another: no drift, no gap, no overlap.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from xingtan.core.errors import Invalid, say
from xingtan.core.period import Period

MONTHS_AT_MOST = 60
DAYS_AT_MOST = 366 * 5
_MONTHS_IN_YEAR = 12
_FORM = re.compile(
    r"P(?=.)(?:(?P<y>[0-9]{1,2})Y)?(?:(?P<m>[0-9]{1,3})M)?(?:(?P<w>[0-9]{1,3})W)?(?:(?P<d>[0-9]{1,4})D)?"
)


@dataclass(frozen=True, slots=True)
class Interval:
    """Some months and some days; more than nothing together."""

    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.months <= MONTHS_AT_MOST or not 0 <= self.days <= DAYS_AT_MOST or not self:
            msg = "an interval is longer than nothing and shorter than some years"
            raise ValueError(msg)

    def __bool__(self) -> bool:
        """Say whether it is longer than nothing."""
        return self.months + self.days > 0

    def __str__(self) -> str:
        """Return the shortest form: ``P1Y``, ``P3M``, ``P2W``, ``P1M10D``."""
        years, months = divmod(self.months, _MONTHS_IN_YEAR)
        weeks, days = divmod(self.days, 7)
        weeks, days = (weeks, 0) if not days else (0, self.days)
        parts = ((years, "Y"), (months, "M"), (weeks, "W"), (days, "D"))
        return "P" + "".join(f"{number}{unit}" for number, unit in parts if number)

    @property
    def is_yearly(self) -> bool:
        """Say whether it is a year or longer, so that nobody remembers it without a letter."""
        return self.months >= _MONTHS_IN_YEAR or self.days >= 365  # noqa: PLR2004 - days in a year


def parse_interval(text: str, *, field: str = "interval") -> Interval:
    """Return the interval that ``P1W``, ``P1M``, ``P3M``, ``P1Y`` or the like names; `Invalid` for any other text."""
    found = _FORM.fullmatch(text.strip())
    if found is None or not text.isascii():
        raise Invalid.of(field, say("Write an interval such as P1M, P3M or P1Y."))
    years, months, weeks, days = (int(found[unit] or 0) for unit in "ymwd")
    try:
        return Interval(years * _MONTHS_IN_YEAR + months, weeks * 7 + days)
    except ValueError:
        raise Invalid.of(field, say("An interval is at least a day and at most five years.")) from None


def instant(anchor: datetime, interval: Interval, times: int, *, zone: ZoneInfo) -> datetime:
    """Return the instant `times` intervals after `anchor`, in UTC."""
    local = anchor.astimezone(zone)
    months = local.year * _MONTHS_IN_YEAR + local.month - 1 + interval.months * times
    year, month = divmod(months, _MONTHS_IN_YEAR)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    moved = local.replace(year=year, month=month + 1, day=day) + timedelta(days=interval.days * times)
    return moved.replace(fold=local.fold).astimezone(UTC)


def period(anchor: datetime, interval: Interval, number: int, *, zone: ZoneInfo) -> Period:
    """Return the period `number`, from 0, after `anchor`."""
    start, end = (instant(anchor, interval, number + step, zone=zone) for step in (0, 1))
    return Period(start, end)
