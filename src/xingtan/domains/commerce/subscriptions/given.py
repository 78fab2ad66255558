"""Memberships that nobody pays again: the days of a tier that redeem codes give.

1. Days add up: what a later code gives begins when the days of the one before end. So each code's days follow from the
instants of redeeming, and are kept nowhere else. 2. While they run they open what the tier opens, as a paid membership
does: one right for each product, from the source `code`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.period import Period
from xingtan.domains.commerce.models import CodeBatch, RedeemCode
from xingtan.domains.entitlements import api as entitlements


@dataclass(frozen=True, slots=True)
class RedeemedDays:
    """A code for so many days of a tier, and when somebody redeemed it."""

    code_id: UUID
    person_id: UUID
    tier_id: UUID
    days: int
    at: datetime


@dataclass(frozen=True, slots=True)
class GivenDays:
    """The days of a tier that one code gives to a person: from `starts_at` until `ends_at` (exclusive)."""

    code_id: UUID
    person_id: UUID
    tier_id: UUID
    starts_at: datetime
    ends_at: datetime


def in_turn(found: Iterable[RedeemedDays]) -> Iterator[GivenDays]:
    """Yield the days that each code gives, one after the other for each person and tier."""
    ends: dict[tuple[UUID, UUID], datetime] = {}
    for one in sorted(found, key=lambda it: (it.at, it.code_id)):
        key = (one.person_id, one.tier_id)
        starts_at = max(one.at, ends.get(key, one.at))
        ends[key] = starts_at + timedelta(days=one.days)
        yield GivenDays(one.code_id, one.person_id, one.tier_id, starts_at, ends[key])


def given_days(
    session: Session, people: Collection[UUID], *, at: datetime, tier_ids: Collection[UUID] | None = None
) -> tuple[GivenDays, ...]:
    """Return the days that these people's codes give and that are not over at `at`; `tier_ids` None: of any tier."""
    wanted = (
        select(RedeemCode.id, RedeemCode.person_id, CodeBatch.tier_id, CodeBatch.days, RedeemCode.redeemed_at)
        .join(CodeBatch, CodeBatch.id == RedeemCode.batch_id)
        .where(RedeemCode.person_id.in_(people), CodeBatch.tier_id.is_not(None))
    )
    if tier_ids is not None:
        wanted = wanted.where(CodeBatch.tier_id.in_(tier_ids))
    found = (
        RedeemedDays(code_id, person_id, tier_id, days, redeemed_at)
        for code_id, person_id, tier_id, days, redeemed_at in session.execute(wanted)
        if person_id is not None and tier_id is not None and days is not None and redeemed_at is not None
    )
    return tuple(one for one in in_turn(found) if one.ends_at > at)


def open_to_given(
    session: Session, product_id: UUID, tier_ids: Collection[UUID], *, after: UUID | None, limit: int, clock: Clock
) -> UUID | None:
    """Give a product to the next people with codes of these tiers; return the last one's id, None when all have it."""
    wanted = (
        select(RedeemCode.person_id)
        .join(CodeBatch, CodeBatch.id == RedeemCode.batch_id)
        .where(CodeBatch.tier_id.in_(tier_ids), RedeemCode.person_id.is_not(None))
        .distinct()
    )
    if after is not None:
        wanted = wanted.where(RedeemCode.person_id > after)
    people = [one for one in session.scalars(wanted.order_by(RedeemCode.person_id).limit(limit)) if one is not None]
    for one in given_days(session, people, at=clock.now(), tier_ids=tier_ids):
        period = Period(max(one.starts_at, clock.now()), one.ends_at)
        given = entitlements.Grant(one.person_id, (product_id,), "code", one.code_id, period)
        entitlements.grant(session, given, clock=clock)
    return people[-1] if len(people) == limit else None
