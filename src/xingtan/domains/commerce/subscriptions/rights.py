"""The rights that a subscription gives: to a product and its parts, or to all that a tier opens.

1. Each stretch of access (from the first money until a pause or the end) is a source of its own, `access_id`: an ended
right never comes back, and the next stretch gives new ones.
2. A right holds until the end of what is paid for, and for the grace in which payment is asked for; not a minute longer
when it was cancelled or is to be paused, and only as long as a charge takes when nothing was ever paid.
3. What instalments have paid in full is given for ever.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.period import Period
from xingtan.domains.commerce.goods import part_ids
from xingtan.domains.commerce.models import Subscription
from xingtan.domains.commerce.rules.dunning import CHARGE_TAKES, Policy
from xingtan.domains.commerce.rules.plans import GIVING
from xingtan.domains.commerce.subscriptions.tiers import opened, opening
from xingtan.domains.entitlements import api as entitlements

_MEMO = "products that tiers open"


def holds_until(sub: Subscription, policy: Policy) -> datetime | None:
    """Return until when the subscription's rights hold; None: for ever."""
    if sub.state == "completed":
        return None
    until = sub.due_since or sub.period_ends_at
    if sub.state == "cancelled" or sub.pause_until is not None:
        return until
    return until + (policy.grace if sub.payments else CHARGE_TAKES)


def give(session: Session, sub: Subscription, policy: Policy, *, clock: Clock) -> None:
    """Give what the subscription opens today, and let what was given hold as long as it is due.

    A payment that comes when all that it pays for has passed opens nothing.
    """
    ids, until = products_of(session, sub), holds_until(sub, policy)
    if until is not None and until <= clock.now():
        return
    kind = source_kind(sub)
    given = entitlements.Grant(sub.person_id, ids, kind, sub.access_id, Period(clock.now(), until))
    entitlements.grant(session, given, clock=clock)
    entitlements.extend(session, kind, sub.access_id, until=until, clock=clock, product_ids=ids)


def shorten(session: Session, sub: Subscription, policy: Policy, *, clock: Clock) -> None:
    """Let the rights end as soon as they are due to: it was cancelled, or a pause is coming."""
    until = holds_until(sub, policy)
    if until is not None:
        entitlements.shorten(session, source_kind(sub), sub.access_id, until=until, clock=clock)


def take(session: Session, sub: Subscription, *, reason: str, clock: Clock) -> None:
    """End this stretch of access."""
    entitlements.end(session, (source_kind(sub),), sub.access_id, reason=reason, clock=clock)


def source_kind(sub: Subscription) -> entitlements.SourceKind:
    """Return by what kind of right the subscription gives access."""
    if sub.tier_id is not None:
        return "tier"
    return "instalment" if sub.kind == "instalments" else "subscription"


def products_of(session: Session, sub: Subscription) -> tuple[UUID, ...]:
    """Return the products that the subscription opens now, in a fixed order."""
    if sub.product_id is not None:
        return (sub.product_id, *part_ids(session, (sub.product_id,)))
    assert sub.tier_id is not None  # noqa: S101 - a constraint: one of the two
    memo: dict[UUID, tuple[UUID, ...]] = session.info.setdefault(_MEMO, {})
    if sub.tier_id not in memo:
        memo[sub.tier_id] = tuple(sorted(opened(session, sub.tier_id)))
    return memo[sub.tier_id]


def open_to_members(
    session: Session, product_id: UUID, policy: Policy, *, after: UUID | None, limit: int, clock: Clock
) -> UUID | None:
    """Give a product to the next members of the tiers that open it; return the last one's id, None when all have it."""
    tier_ids = [one.id for one in opening(session, product_id)]
    if not tier_ids:
        return None
    wanted = select(Subscription).where(Subscription.tier_id.in_(tier_ids), Subscription.state.in_(GIVING))
    if after is not None:
        wanted = wanted.where(Subscription.id > after)
    rows = session.scalars(wanted.order_by(Subscription.id).limit(limit).with_for_update()).all()
    for sub in rows:
        until = holds_until(sub, policy)
        if until is not None and until <= clock.now():
            continue
        given = entitlements.Grant(sub.person_id, (product_id,), "tier", sub.access_id, Period(clock.now(), until))
        entitlements.grant(session, given, clock=clock)
        entitlements.extend(session, "tier", sub.access_id, until=until, clock=clock, product_ids=(product_id,))
    return rows[-1].id if len(rows) == limit else None
