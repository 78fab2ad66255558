"""Movements, rates and cohorts against an oracle that looks at every span on every day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Invalid
from xingtan.core.money import Money
from xingtan.core.period import Period, day_of
from xingtan.domains.commerce.numbers.rules.calendar import month_bounds, months, slices, wanted
from xingtan.domains.commerce.numbers.rules.cohorts import cohorts
from xingtan.domains.commerce.numbers.rules.curves import Span, curves, of_currency, per_months, standing
from xingtan.domains.commerce.numbers.rules.movements import KINDS, bridge, movements
from xingtan.domains.commerce.numbers.rules.rates import MONTH_US, ratio_bp, retention, worth
from xingtan.domains.commerce.rules.intervals import Interval
from xingtan.domains.commerce.rules.plans import Plan

DAYS = 40
EVERY = (Interval(months=1), Interval(months=12), Interval(days=7), Interval(months=3, days=1))
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


@st.composite
def a_span(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, DAYS - 2))
    end = draw(st.none() | st.integers(start + 1, DAYS))
    person = draw(st.integers(1, 4))
    return Span(
        UUID(int=person * 10 + draw(st.integers(0, 1))), UUID(int=person), UUID(int=7), "tea",
        Money(draw(st.integers(0, 10_000)), draw(st.sampled_from(("CNY", "USD")))), draw(st.sampled_from(EVERY)),
        day(start), None if end is None else day(end),
    )  # fmt: skip


some_spans = st.lists(a_span(), max_size=12)
two_days = st.tuples(st.integers(0, DAYS + 1), st.integers(0, DAYS + 1)).map(sorted)


def paid(spans: Sequence[Span], person: UUID, currency: str, *, number: int) -> int:
    """Return what a person pays a month in the course of day `number`, by looking at everything."""
    return sum(
        one.monthly.minor for one in spans
        if one.person_id == person and one.price.currency == currency and one.starts_at <= day(number)
        and (one.ends_at is None or day(number) < one.ends_at)
    )  # fmt: skip


def people(spans: Sequence[Span]) -> set[UUID]:
    return {one.person_id for one in spans}


@given(some_spans, two_days)
def test_movements_are_what_every_day_shows_and_add_up(spans: list[Span], days: list[int]) -> None:
    first, last = days
    found = curves(spans)
    moves = movements(found, Period(day(first), day(last)))
    expected = []
    for currency in ("CNY", "USD"):
        for person in people(spans):
            for number in range(first, last):
                before = paid(spans, person, currency, number=number - 1) if number else 0
                after = paid(spans, person, currency, number=number)
                ever = any(paid(spans, person, currency, number=one) for one in range(number))
                kind = (
                    "churned" if not after else "expansion" if before and after > before
                    else "contraction" if before else "reactivated" if ever else "new"
                )  # fmt: skip
                if before != after:
                    expected.append((kind, day(number), person, before, after, currency))
    seen = [(one.kind, one.at, one.person_id, one.before.minor, one.after.minor, one.before.currency) for one in moves]
    assert sorted(seen, key=str) == sorted(expected, key=str)
    for currency in ("CNY", "USD"):
        opening, closing = (
            sum(paid(spans, one, currency, number=number - 1) for one in people(spans)) for number in days
        )
        told = bridge(moves, Money(opening, currency))
        assert (told.opening.minor, told.closing.minor) == (opening, closing)
        assert opening + sum(amount.minor for _, amount in told.sums) == closing
        assert [kind for kind, _ in told.sums] == list(KINDS)


@given(some_spans, st.lists(st.integers(0, DAYS), min_size=2, max_size=6, unique=True).map(sorted))
def test_movements_of_parts_are_those_of_the_whole(spans: list[Span], days: list[int]) -> None:
    found = curves(spans)
    whole = movements(found, Period(day(days[0]), day(days[-1])))
    parts = [one for a, b in pairwise(days) for one in movements(found, Period(day(a), day(b)))]
    assert tuple(parts) == whole


@given(some_spans, st.integers(0, DAYS + 1))
def test_what_stands_is_the_sum_of_its_rows(spans: list[Span], number: int) -> None:
    at = day(number)
    rows = standing(spans, before=at)
    for currency in ("CNY", "USD"):
        total = sum(one.before(at) for one in of_currency(curves(spans), currency))
        assert total == sum(one.monthly.minor for one in rows if one.price.currency == currency)


@given(some_spans, two_days)
def test_rates_are_those_of_people_counted_one_by_one(spans: list[Span], days: list[int]) -> None:
    first, last = days
    mine = of_currency(curves(spans), "CNY")
    pairs = {
        one: tuple(paid(spans, one, "CNY", number=number - 1) for number in days) for one in people(spans)
    }  # fmt: skip
    held = {one: pair for one, pair in pairs.items() if pair[0]}
    kept = retention(mine, day(first), day(last))
    assert (kept.people, kept.left) == (len(held), sum(1 for _, after in held.values() if not after))
    assert kept.closing_minor == sum(after for _, after in held.values())
    lost = sum(max(before - after, 0) for before, after in held.values())
    assert kept.opening_minor - kept.held_minor == lost
    for rate in (kept.churn_bp, kept.revenue_churn_bp):
        assert (rate is None) == (not held)
        assert rate is None or 0 <= rate <= 10_000
    paying_days = sum(
        1 for one in people(spans) for number in range(first, last) if paid(spans, one, "CNY", number=number)
    )
    mrr = Money(sum(after for _, after in pairs.values()), "CNY")
    churns = sum(1 for one in movements(mine, Period(day(first), day(last))) if one.kind == "churned")
    told = worth(mine, day(first), day(last), mrr=mrr, churns=churns)
    assert told.paying_us == paying_days * 86_400_000_000
    assert told.people == sum(1 for _, after in pairs.values() if after)
    if told.lifetime_value is None:
        assert not churns or not told.people
    else:
        exact = Fraction(mrr.minor * told.paying_us, told.people * churns * MONTH_US)
        assert abs(told.lifetime_value.minor - exact) <= Fraction(1, 2)


@given(some_spans, st.lists(st.integers(0, DAYS + 1), min_size=2, max_size=6, unique=True).map(sorted))
def test_the_columns_of_the_triangle_are_the_whole(spans: list[Span], days: list[int]) -> None:
    bounds = [day(number) for number in days]
    mine = of_currency(curves(spans), "CNY")
    rows = cohorts(mine, bounds, "CNY")
    assert [len(row.cells) for row in rows] == [len(days) - 1, *range(len(days) - 1, 0, -1)]
    for place, end in enumerate(bounds[1:]):
        column = [row.cells[place - max(number - 1, 0)] for number, row in enumerate(rows[: place + 2])]
        assert sum(one.mrr.minor for one in column) == sum(one.before(end) for one in mine)
        assert sum(one.people for one in column) == sum(1 for one in mine if one.before(end))
    assert sum(row.people for row in rows) == sum(1 for one in mine if one.steps[0].at < bounds[-1])
    assert all(cell.people <= row.people for row in rows for cell in row.cells)


@given(st.integers(0, 10**9), st.sampled_from(EVERY))
def test_a_month_of_a_price(minor: int, every: Interval) -> None:
    price = Money(minor, "CNY")
    days = every.months * Fraction(487, 16) + every.days
    for count in (1, 12):
        exact = minor * Fraction(487, 16) * count / days
        assert abs(per_months(price, every, months=count).minor - exact) <= Fraction(1, 2)
    assert not minor or per_months(price, every, months=1) == Plan(price, every).monthly


def test_what_a_month_is_in_plain_numbers() -> None:
    yuan = Money(36_000, "CNY")
    assert per_months(yuan, Interval(months=12), months=1).minor == 3_000
    assert per_months(yuan, Interval(months=12), months=12).minor == 36_000
    assert per_months(yuan, Interval(months=1), months=12).minor == 432_000
    assert per_months(Money(700, "CNY"), Interval(days=7), months=1).minor == 3_044  # 100 a day, 30.4375 days
    assert per_months(Money(1_000, "CNY"), Interval(months=12), months=12).minor == 1_000  # not 12 × 83
    assert ratio_bp(1, 3) == 3_333
    assert ratio_bp(1, 0) is None


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 800),
    st.sampled_from(("UTC", "Asia/Shanghai", "America/New_York")),
)  # fmt: skip
def test_slices_tile_the_period(first: date, days: int, name: str) -> None:
    zone, last = ZoneInfo(name), first + timedelta(days=days)
    bounds = slices(first, last, zone)
    assert (bounds[0], bounds[-1]) == (day_of(first, zone).starts_at, day_of(last, zone).ends_at)
    assert all(a < b for a, b in pairwise(bounds))
    assert len(bounds) == (days + 2 if days < 62 else len(months(first, last)) + 1)
    by_month = month_bounds(first, last, zone)
    assert all(one.astimezone(zone).day == 1 for one in by_month[:-1])
    assert all(a < b for a, b in pairwise(by_month))
    for now in (bounds[0], bounds[0] + timedelta(days=days / 2), bounds[-1] + timedelta(days=9)):
        found = wanted(first, last, zone=zone, now=now)
        assert found.ends_at == min(bounds[-1], now + timedelta(microseconds=1))
        assert (found.slices[0], found.slices[-1]) == (found.starts_at, found.ends_at)
        assert found.months[-1] == found.ends_at
        assert all(a < b for one in (found.slices, found.months) for a, b in pairwise(one))


def test_days_that_make_no_sense_are_refused() -> None:
    zone, now = ZoneInfo("UTC"), day(100)
    for first, last, field in (
        (date(2026, 2, 2), date(2026, 2, 1), "last"),
        (date(2000, 1, 1), date(2026, 1, 1), "last"),
        (date(2027, 1, 1), date(2027, 1, 2), "first"),
    ):
        with pytest.raises(Invalid) as refused:
            wanted(first, last, zone=zone, now=now)
        assert list(refused.value.fields) == [field]
