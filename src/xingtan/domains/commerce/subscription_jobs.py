"""The jobs of subscriptions and tiers, and who hears what."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.renewing import RUN_SUBSCRIPTIONS, run_subscriptions
from xingtan.domains.commerce.subscription_letters import MAIL_SUBSCRIPTION, mail_subscription
from xingtan.domains.commerce.subscriptions.given import open_to_given
from xingtan.domains.commerce.subscriptions.rights import open_to_members
from xingtan.domains.commerce.subscriptions.rows import policy_of
from xingtan.domains.commerce.subscriptions.tiers import opened, opening
from xingtan.domains.commerce.use_cases.subscriptions.repricing import TELL_NEW_PRICE, tell_next
from xingtan.domains.commerce.use_cases.subscriptions.steps import forget_order
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

FORGET_ORDER, OPEN_PRODUCT, OPEN_TIER = (
    "commerce.forget_subscription_order", "commerce.open_product_to_members", "commerce.open_tier",
)  # fmt: skip
_AT_ONCE = 200


def _forget_order(session: Session, _platform: Platform, args: Mapping[str, Any]) -> None:
    forget_order(session, UUID(args["event"]["order_id"]))


def _open_product(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Give a product that was published, or is about another topic, to the members whose tier opens it."""
    _open(platform, UUID(args["event"]["product_id"]))


def _open_tier(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Give members what their tier opens anew."""
    tier_id = UUID(args["event"]["tier_id"])
    for product_id in sorted(platform.database.read(lambda session: opened(session, tier_id))):
        _open(platform, product_id)


def _open(platform: Platform, product_id: UUID) -> None:
    for work in (_open_to_next, _open_to_next_given):
        last: UUID | None = None
        while True:
            last = platform.database.write(partial(work, product_id=product_id, after=last, platform=platform))
            if last is None:
                break


def _open_to_next(session: Session, *, product_id: UUID, after: UUID | None, platform: Platform) -> UUID | None:
    policy = policy_of(session)
    return open_to_members(session, product_id, policy, after=after, limit=_AT_ONCE, clock=platform.clock)


def _open_to_next_given(session: Session, *, product_id: UUID, after: UUID | None, platform: Platform) -> UUID | None:
    tier_ids = [one.id for one in opening(session, product_id)]
    return open_to_given(session, product_id, tier_ids, after=after, limit=_AT_ONCE, clock=platform.clock)


def _tell_new_price(platform: Platform, args: Mapping[str, Any], report: Any) -> None:
    """Tell every subscriber of a plan's kind its price, some in each transaction; whoever was told is told no more."""
    offer_id, at = UUID(args["offer_id"]), datetime.fromisoformat(args["at"])
    last: UUID | None = None
    told = 0
    while True:
        work = partial(tell_next, offer_id=offer_id, at=at, after=last, limit=_AT_ONCE, clock=platform.clock)
        count, last = platform.database.write(work)
        told += count
        report(told=told)
        if last is None:
            return


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {FORGET_ORDER: _forget_order}
"""Jobs whose effect is rows."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    RUN_SUBSCRIPTIONS: run_subscriptions,
    OPEN_PRODUCT: _open_product,
    OPEN_TIER: _open_tier,
    TELL_NEW_PRICE: _tell_new_price,
    MAIL_SUBSCRIPTION: mail_subscription,
}
"""Jobs that talk to others, or to many; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (Periodic(RUN_SUBSCRIPTIONS, timedelta(minutes=5)),)

HANDLERS: Mapping[str, tuple[str, ...]] = {
    "commerce.order_expired": (FORGET_ORDER,),
    "commerce.order_cancelled": (FORGET_ORDER,),
    "commerce.tier_changed": (OPEN_TIER,),
    "catalog.product_published": (OPEN_PRODUCT,),
    "catalog.product_changed": (OPEN_PRODUCT,),
    "commerce.subscription_payment_asked": (MAIL_SUBSCRIPTION,),
    "commerce.subscription_reminded": (MAIL_SUBSCRIPTION,),
    "commerce.subscription_moved": (MAIL_SUBSCRIPTION,),
}
"""Event kind → the jobs of subscriptions that hear it."""
