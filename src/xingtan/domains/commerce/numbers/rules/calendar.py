"""Days and months of a zone as instants: bounds of periods, of their slices, of the months of cohorts."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from xingtan.core.period import Period, day_of

DAYS_BY_DAY = 62
"""A period up to this long is sliced by days, a longer one by months."""

_MONTHS = 12


def days_between(first: date, last: date, zone: ZoneInfo) -> Period:
    """Return the days from `first` to `last`, both included, as one period."""
    return Period(day_of(first, zone).starts_at, day_of(max(first, last), zone).ends_at)


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
