"""The figures of the studio's first page, each from its own rows."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from xingtan.core.money import Money, zero
from xingtan.core.period import Period, day_of
from xingtan.core.viewer import Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.learning import api as learning
from xingtan.web.insight.pages import Learners, LessonLine, Sales, Seller, SpanSales, Spark

MONTH_DAYS, WEEK_DAYS = 30, 7
_WIDTH, _HEIGHT = 1000, 120
_SELLERS, _LESSONS = 6, 6


def days_until(today: date, days: int, *, zone: ZoneInfo) -> Period:
    """Return the `days` calendar days of `zone` that end with `today`."""
    first, last = day_of(today - timedelta(days=days - 1), zone), day_of(today, zone)
    return Period(first.starts_at, last.ends_at)


def sales(session: Session, viewer: Viewer, *, today: date, zone: ZoneInfo, currency: str) -> Sales:
    """Return what came in, in the academy's currency; other currencies are named, never added."""
    by_day = commerce.sales_by_day(session, viewer, days_until(today, MONTH_DAYS, zone=zone), zone=zone)
    own = {one.day: one for one in by_day if one.net.currency == currency}
    calendar = [today - timedelta(days=back) for back in range(MONTH_DAYS - 1, -1, -1)]
    nets = [own[day].net if day in own else zero(currency) for day in calendar]
    others: dict[str, Money] = {}
    for one in by_day:
        if one.net.currency != currency:
            others[one.net.currency] = others.get(one.net.currency, zero(one.net.currency)) + one.net
    return Sales(
        today=_span(session, viewer, days_until(today, 1, zone=zone), currency=currency),
        week=_span(session, viewer, days_until(today, WEEK_DAYS, zone=zone), currency=currency),
        month=_span(session, viewer, days_until(today, MONTH_DAYS, zone=zone), currency=currency),
        spark=spark(calendar, nets),
        others=tuple(others[name] for name in sorted(others)),
    )


def _span(session: Session, viewer: Viewer, period: Period, *, currency: str) -> SpanSales:
    summary = {one.currency: one for one in commerce.sales_summary(session, viewer, period)}.get(currency)
    if summary is None:
        return SpanSales(zero(currency), 0, 0)
    return SpanSales(summary.net, summary.orders, summary.free_orders)


def spark(days: Sequence[date], nets: Sequence[Money]) -> Spark:
    """Return the days as a line from left to right; zero is the floor unless a day lost money."""
    minors = [one.minor for one in nets]
    low, high = min(0, *minors), max(1, *minors)
    step = _WIDTH / max(1, len(minors) - 1)
    points = [
        f"{place * step:.1f},{_HEIGHT - (minor - low) * _HEIGHT / (high - low):.1f}"
        for place, minor in enumerate(minors)
    ]
    floor = f"{_HEIGHT - (0 - low) * _HEIGHT / (high - low):.1f}"
    area = " ".join([f"0,{floor}", *points, f"{_WIDTH},{floor}"])
    top = Money(max(0, *minors), nets[0].currency)
    return Spark(" ".join(points), area, top, days[0], days[-1], has_any=any(minors))


def learners(session: Session, viewer: Viewer, *, today: date, zone: ZoneInfo) -> Learners:
    """Return how many people began to learn and how many learnt, today and in thirty days."""
    day, month = days_until(today, 1, zone=zone), days_until(today, MONTH_DAYS, zone=zone)
    return Learners(
        new_today=learning.new_learners(session, viewer, period=day),
        new_month=learning.new_learners(session, viewer, period=month),
        active_today=learning.learner_count(session, viewer, since=day.starts_at),
        active_month=learning.learner_count(session, viewer, since=month.starts_at),
    )


def sellers(session: Session, viewer: Viewer) -> tuple[Seller, ...]:
    """Return the products with most orders paid and kept."""
    cards = catalog.cards(session, viewer, limit=100).cards
    sold = commerce.sold_count(session, [card.id for card in cards])
    best = sorted((card for card in cards if sold[card.id]), key=lambda card: (-sold[card.id], card.title))[:_SELLERS]
    most = max((sold[card.id] for card in best), default=1)
    return tuple(Seller(card.title, f"/works/{card.slug}", sold[card.id], sold[card.id] * 100 // most) for card in best)


def lessons(session: Session, viewer: Viewer, *, since: datetime) -> tuple[LessonLine, ...]:
    """Return the lessons in which most people are, not done yet."""
    found = learning.lessons_in_progress(session, viewer, since=since, limit=_LESSONS)
    places = catalog.find_lessons(session, [lesson_id for _, lesson_id, _, _ in found])
    return tuple(
        LessonLine(
            places[lesson_id][1].title,
            places[lesson_id][0].title,
            f"/learn/{places[lesson_id][0].slug}/{places[lesson_id][1].slug}",
            people,
            done,
        )
        for _, lesson_id, people, done in found
        if lesson_id in places
    )
