"""What people did, in sums. Only those who allow analytics are in the log, so every figure is a lower bound."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from xingtan.core.period import Period, day_of
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.insight.rules.verbs import Verb
from xingtan.domains.insight.views import DayActivity, FruitlessSearch, FunnelStep, ProductActivity
from xingtan.infra.analytics import BehaviourEvent as Row

DEFAULT_FUNNEL = (Verb.VIEWED, Verb.STARTED, Verb.PURCHASED)


def _within(period: Period) -> ColumnElement[bool]:
    """Narrow by the indexed UTC day first, then by the instant."""
    bounds = [Row.day >= period.starts_at.astimezone(UTC).date().isoformat(), Row.at >= period.starts_at]
    if period.ends_at is not None:
        bounds += [Row.day <= period.ends_at.astimezone(UTC).date().isoformat(), Row.at < period.ends_at]
    return and_(*bounds)


def _times(verb: Verb) -> ColumnElement[int]:
    return func.count(case((Row.verb == verb, 1)))


def _people(verb: Verb) -> ColumnElement[int]:
    return func.count(case((Row.verb == verb, Row.actor)).distinct())


def daily_activity(
    session: Session, viewer: Viewer, *, first: date, days: int, zone: ZoneInfo
) -> tuple[DayActivity, ...]:
    """Return `days` days from `first` on, each a calendar day of `zone`, quiet days included. One query."""
    viewer.require(Permission.NUMBERS_READ)
    calendar = [first + timedelta(days=number) for number in range(days)]
    periods = [day_of(day, zone) for day in calendar]
    # A day's bounds are spelt out, so that both databases count days of 23 and 25 hours alike.
    number = case(*((Row.at < period.ends_at, place) for place, period in enumerate(periods)), else_=days)
    whole = Period(periods[0].starts_at, periods[-1].ends_at)
    verbs = (Verb.VIEWED, Verb.STARTED, Verb.COMPLETED, Verb.PURCHASED)
    counted = (
        select(number, func.count(Row.actor.distinct()), *map(_times, verbs)).where(_within(whole)).group_by(number)
    )
    found = {place: counts for place, *counts in session.execute(counted)}
    return tuple(DayActivity(day, *found.get(place, [0] * 5)) for place, day in enumerate(calendar))


def active_learners(session: Session, viewer: Viewer, *, period: Period) -> int:
    """Return how many different pseudonyms started, went on with, finished, answered or noted something."""
    viewer.require(Permission.NUMBERS_READ)
    deeds = (Verb.STARTED, Verb.PROGRESSED, Verb.COMPLETED, Verb.ANSWERED, Verb.NOTED)
    wanted = select(func.count(Row.actor.distinct())).where(_within(period), Row.verb.in_(deeds))
    return session.scalar(wanted) or 0


def top_products(session: Session, viewer: Viewer, *, period: Period, limit: int = 10) -> tuple[ProductActivity, ...]:
    """Return the products with the most buyers, then starters, then viewers in `period`. One query."""
    viewer.require(Permission.NUMBERS_READ)
    viewers, starters, buyers = _people(Verb.VIEWED), _people(Verb.STARTED), _people(Verb.PURCHASED)
    wanted = (
        select(Row.product_id, viewers, starters, buyers)
        .where(_within(period), Row.product_id.is_not(None))
        .group_by(Row.product_id)
        .order_by(buyers.desc(), starters.desc(), viewers.desc(), Row.product_id)
        .limit(limit)
    )
    return tuple(
        ProductActivity(product_id, viewers_of, starters_of, buyers_of)
        for product_id, viewers_of, starters_of, buyers_of in session.execute(wanted)
        if product_id is not None
    )


def searches_without_results(
    session: Session, viewer: Viewer, *, period: Period, limit: int = 20
) -> tuple[FruitlessSearch, ...]:
    """Return what was searched and not found, the most frequent first. One query."""
    viewer.require(Permission.NUMBERS_READ)
    query = Row.context["query"].as_string()
    times = func.count()
    wanted = (
        select(query, times, func.count(Row.actor.distinct()))
        .where(_within(period), Row.verb == Verb.SEARCHED, Row.context["results"].as_integer() == 0, query != "")
        .group_by(query)
        .order_by(times.desc(), query)
        .limit(limit)
    )
    return tuple(FruitlessSearch(*row) for row in session.execute(wanted))


def funnel(
    session: Session,
    viewer: Viewer,
    *,
    period: Period,
    product_id: UUID | None = None,
    steps: Sequence[Verb] = DEFAULT_FUNNEL,
) -> tuple[FunnelStep, ...]:
    """Return how many pseudonyms took the first step, then (at the same moment or later) the second, and so on.

    A person counts at a step only if she took every step before it, in this order, within the period. One query each.
    """
    viewer.require(Permission.NUMBERS_READ)
    found: list[FunnelStep] = []
    earlier: Any = None
    for step in steps:
        wanted = select(Row.actor, func.min(Row.at).label("at")).where(_within(period), Row.verb == step)
        if product_id is not None:
            wanted = wanted.where(Row.product_id == product_id)
        if earlier is not None:
            wanted = wanted.join(earlier, and_(earlier.c.actor == Row.actor, Row.at >= earlier.c.at))
        earlier = wanted.group_by(Row.actor).cte(f"step_{len(found)}")
        found.append(FunnelStep(step, session.scalar(select(func.count()).select_from(earlier)) or 0))
    return tuple(found)


def row_count(session: Session, actor: str) -> int:
    """Return how many rows of the log carry this pseudonym: what a person sees of herself on her data page."""
    return session.scalar(select(func.count()).where(Row.actor == actor)) or 0
