"""Days and months of a zone as instants: bounds of periods, of their slices, of the months of cohorts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from xingtan.core.errors import Invalid, say
from xingtan.core.period import Period, day_of

DAYS_BY_DAY = 62
"""A period up to this long is sliced by days, a longer one by months."""

COHORTS = 12
"""How many months of cohorts are told: those that end with the period."""

DAYS_AT_MOST = 3_660

_MONTHS = 12
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which numbers: of a period that ends, with these bounds of its slices, and these of the cohorts' months."""

    starts_at: datetime
    ends_at: datetime
    slices: Sequence[datetime]
    months: Sequence[datetime]

    @property
    def period(self) -> Period:
        """Return the period."""
        return Period(self.starts_at, self.ends_at)


def wanted(first: date, last: date, *, zone: ZoneInfo, now: datetime) -> Wanted:
    """Return what the days from `first` to `last`, both included, come to, as far as they have come; else `Invalid`."""
    if last < first:
        raise Invalid.of("last", say("The last day is not before the first."))
    if (last - first).days >= DAYS_AT_MOST:
        raise Invalid.of("last", say("At most ten years at once, please."))
    if now < day_of(first, zone).starts_at:
        raise Invalid.of("first", say("These days have not come yet."))
    cut = now + _TICK
    bounds, by_month = slices(first, last, zone), month_bounds(_cohort_month(first, last), last, zone)
    ends_at = min(bounds[-1], cut)
    return Wanted(bounds[0], ends_at, _until(bounds, ends_at), _until(by_month, ends_at))


def _until(bounds: Sequence[datetime], end: datetime) -> Sequence[datetime]:
    return [*(one for one in bounds if one < end), end]


def _cohort_month(first: date, last: date) -> date:
    year, month = divmod(last.year * _MONTHS + last.month - COHORTS, _MONTHS)
    return min(first, date(year, month + 1, 1))


def slices(first: date, last: date, zone: ZoneInfo) -> Sequence[datetime]:
    """Return the bounds of each day, or of each month where these are many; the first and last are the period's."""
    if (last - first).days < DAYS_BY_DAY:
        marks = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    else:
        marks = [first, *(one for one in months(first, last) if first < one)]
    return [day_of(mark, zone).starts_at for mark in [*marks, last + timedelta(days=1)]]


def month_bounds(first: date, last: date, zone: ZoneInfo) -> Sequence[datetime]:
    """Return the beginning of every month from that of `first`, and the end of `last`."""
    marks = [*months(first, last), last + timedelta(days=1)]
    return [day_of(mark, zone).starts_at for mark in marks]


def months(first: date, last: date) -> list[date]:
    """Return the first day of every month from that of `first` to that of `last`."""
    count = (last.year - first.year) * _MONTHS + last.month - first.month + 1
    found = [divmod(first.year * _MONTHS + first.month - 1 + number, _MONTHS) for number in range(count)]
    return [date(year, month + 1, 1) for year, month in found]
