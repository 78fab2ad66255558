"""The spans of time in which subscriptions bring something, and trials; from their billing periods.

A period counts from its beginning, paid or not yet, until it or its subscription ends; the first one only when it is
paid, so that a trial which comes to nothing never counts. Instalments end by being paid and never count. A whole period
is worth what was agreed for it after all reductions; the rest of one, after a change of plan, the plan's price. Tax
within a price does not count.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session, aliased

from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.commerce.models import BillingPeriod, Offer, OrderLine, SalesOrder, Subscription
from xingtan.domains.commerce.models.subscriptions import OVER
from xingtan.domains.commerce.numbers.rules.curves import Span
from xingtan.domains.commerce.rules.intervals import Interval, parse_interval
from xingtan.domains.commerce.rules.tax import tax_of

_PAID = ("paid", "refunded")


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that is over: when it ended, and whether money came after it."""

    subscription_id: UUID
    person_id: UUID
    title: str
    currency: str
    ended_at: datetime
    is_converted: bool


def spans(session: Session, *, until: datetime) -> tuple[Span, ...]:
    """Return every span that begins before `until`, subscription by subscription; two queries.

    Periods that follow one another under one plan and price are one span.
    """
    offers = session.execute(select(Offer.id, Offer.terms).where(Offer.model == "subscription"))
    every = {offer_id: parse_interval(str(terms["interval"])) for offer_id, terms in offers}
    found: list[Span] = []
    for _, rows in groupby(session.execute(_periods(until)), key=lambda row: row.id):
        found += _joined(_of_subscription(rows, every))
    return tuple(found)


def _joined(parts: Iterable[Span]) -> Iterator[Span]:
    held: Span | None = None
    for one in parts:
        if held is None:
            held = one
        elif held.ends_at == one.starts_at and (held.offer_id, held.price) == (one.offer_id, one.price):
            held = replace(held, ends_at=one.ends_at)
        else:
            yield held
            held = one
    if held is not None:
        yield held


def _of_subscription(rows: Iterable[Row[*tuple[Any, ...]]], every: Mapping[UUID, Interval]) -> Iterator[Span]:
    tax, has_paid = (0, True), False
    for row in rows:
        tax = tax if row.tax_bp is None else (row.tax_bp, row.tax_is_added)
        starts_at = row.starts_at
        if row.kind == "regular" and not has_paid:
            if row.state not in _PAID:
                continue  # a trial that nobody has paid for yet
            starts_at, has_paid = max(row.starts_at, row.paid_at or row.starts_at), True
        ends_at = _end(row)
        if row.kind == "regular" and (ends_at is None or starts_at < ends_at):
            price = _net(row, tax)
            yield Span(row.id, row.person_id, row.offer_id, row.title, price, every[row.offer_id], starts_at, ends_at)


def trials(session: Session, over: Period) -> tuple[Trial, ...]:
    """Return the trials that ended in the period, oldest first; one query."""
    later = aliased(BillingPeriod)
    paid = select(later.id).where(
        later.subscription_id == Subscription.id, later.kind == "regular", later.state.in_(_PAID)
    )  # fmt: skip
    wanted = (
        select(
            Subscription.id, Subscription.person_id, Subscription.title, Subscription.currency, BillingPeriod.ends_at,
            Subscription.ended_at, paid.exists().label("is_converted"),
        )
        .join(BillingPeriod, BillingPeriod.subscription_id == Subscription.id)
        .where(BillingPeriod.kind == "trial", BillingPeriod.starts_at < over.ends_at)
    )  # fmt: skip
    found = (
        Trial(row.id, row.person_id, row.title, row.currency, _earlier(row.ends_at, row.ended_at), row.is_converted)
        for row in session.execute(wanted)
    )
    return tuple(sorted((one for one in found if one.ended_at in over), key=lambda one: one.ended_at))


def _periods(until: datetime) -> Select[*tuple[Any, ...]]:
    line = and_(OrderLine.order_id == BillingPeriod.order_id, OrderLine.subject_id == Subscription.id)
    return (
        select(
            Subscription.id, Subscription.person_id, Subscription.title, Subscription.currency,
            Subscription.state.label("life"), Subscription.ended_at, Subscription.periods,
            BillingPeriod.number, BillingPeriod.kind, BillingPeriod.state,
            BillingPeriod.starts_at, BillingPeriod.ends_at, BillingPeriod.whole_starts_at, BillingPeriod.price_minor,
            BillingPeriod.value_minor, BillingPeriod.offer_id, OrderLine.tax_bp, OrderLine.tax_is_added,
            SalesOrder.paid_at,
        )
        .join(BillingPeriod, BillingPeriod.subscription_id == Subscription.id)
        .outerjoin(OrderLine, line)
        .outerjoin(SalesOrder, SalesOrder.id == BillingPeriod.order_id)
        .where(Subscription.kind == "subscription", BillingPeriod.starts_at < until)
        .order_by(Subscription.id, BillingPeriod.number)
    )  # fmt: skip


def _net(row: Row[*tuple[Any, ...]], tax: tuple[int, bool]) -> Money:
    rate_bp, is_added = tax
    is_part = row.starts_at > row.whole_starts_at
    agreed = Money(row.price_minor if is_part else row.value_minor, row.currency)
    return agreed if is_added else tax_of(agreed, rate_bp, "inclusive").net


def _end(row: Row[*tuple[Any, ...]]) -> datetime | None:
    """Return when the stretch stops to bring something; None while its subscription goes on by itself."""
    if row.number == row.periods and row.life not in (*OVER, "cancelled"):
        return None
    return _earlier(row.ends_at, row.ended_at)


def _earlier(ends_at: datetime, ended_at: datetime | None) -> datetime:
    return ends_at if ended_at is None else min(ends_at, ended_at)
