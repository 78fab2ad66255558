"""E8: periods tile time, in every zone, over clock changes and leap days."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Invalid
from xingtan.domains.commerce.rules.intervals import Interval, instant, parse_interval, period

ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe")]
intervals = st.one_of(
    st.sampled_from(["P1W", "P1M", "P3M", "P1Y", "P1D", "P1M10D", "P14D", "P6M"]).map(parse_interval),
    st.builds(Interval, months=st.integers(1, 60), days=st.integers(0, 60)),
    st.builds(Interval, days=st.integers(1, 400)),
)
anchors = st.datetimes(datetime(2023, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(anchors, intervals, st.sampled_from(ZONES))
def test_periods_tile_time_without_gap_or_overlap(anchor: datetime, interval: Interval, zone: ZoneInfo) -> None:
    periods = [period(anchor, interval, number, zone=zone) for number in range(26)]
    assert periods[0].starts_at == anchor
    for before, after in pairwise(periods):
        assert before.ends_at == after.starts_at
        assert before.starts_at < after.starts_at


@given(anchors, st.integers(1, 60), st.sampled_from(ZONES), st.integers(1, 24))
def test_months_keep_the_day_and_the_hour_of_the_anchor(
    anchor: datetime, months: int, zone: ZoneInfo, times: int
) -> None:
    first = anchor.astimezone(zone)
    later = instant(anchor, Interval(months=months), times, zone=zone).astimezone(zone)
    last_day = ((later.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    assert later.day == min(first.day, last_day)
    wanted = later.replace(hour=first.hour, minute=first.minute, fold=first.fold)
    assert abs(later - wanted) <= timedelta(hours=1)  # only an hour that the clocks leave out is another
    assert (later.year - first.year) * 12 + later.month - first.month == months * times


@pytest.mark.parametrize(
    ("anchor", "every", "zone", "dates"),
    [
        ("2026-01-31T09:00", "P1M", "Asia/Shanghai", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2028-02-29T09:00", "P1Y", "UTC", ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("2026-10-31T09:00", "P3M", "America/New_York", ["2027-01-31", "2027-04-30", "2027-07-31", "2027-10-31"]),
        ("2026-03-01T02:30", "P1W", "America/New_York", ["2026-03-08", "2026-03-15", "2026-03-22", "2026-03-29"]),
    ],
)
def test_well_known_days(anchor: str, every: str, zone: str, dates: list[str]) -> None:
    found_zone = ZoneInfo(zone)
    start = datetime.fromisoformat(anchor).replace(tzinfo=found_zone)
    found = [
        instant(start, parse_interval(every), number, zone=found_zone).astimezone(found_zone) for number in (1, 2, 3, 4)
    ]
    assert [one.date().isoformat() for one in found] == dates


def test_the_hour_stays_when_the_clocks_change() -> None:
    zone = ZoneInfo("America/New_York")
    start = datetime(2026, 3, 1, 9, tzinfo=zone)
    later = instant(start, parse_interval("P1M"), 1, zone=zone).astimezone(zone)
    assert (later.hour, later.utcoffset()) == (9, timedelta(hours=-4))
    assert later - start == timedelta(days=31)  # by the clock on the wall
    assert later.astimezone(UTC) - start.astimezone(UTC) == timedelta(days=31, hours=-1)


@given(intervals)
def test_an_interval_is_written_as_it_is_read(interval: Interval) -> None:
    assert parse_interval(str(interval)) == interval


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "1M",
        "P0D",
        "P0M",
        "P-1M",
        "P1.5M",
        "PT1H",
        "P1M1H",
        "p1m",
        "P６M",
        "P61M",
        "P1000Y",
        "P9999D",
        "P1M ;",
        "monthly",
    ],
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_interval(text)
