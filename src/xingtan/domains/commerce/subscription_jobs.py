"""The jobs of subscriptions and tiers, and who hears what."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.renewing import RUN_SUBSCRIPTIONS, run_subscriptions
from xingtan.domains.commerce.subscription_letters import MAIL_SUBSCRIPTION, mail_subscription
from xingtan.domains.commerce.subscriptions.rights import open_to_members
from xingtan.domains.commerce.subscriptions.rows import policy_of
from xingtan.domains.commerce.subscriptions.tiers import opened
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
    last: UUID | None = None
    while True:
        last = platform.database.write(partial(_open_next, product_id=product_id, after=last, platform=platform))
        if last is None:
            return


def _open_next(session: Session, *, product_id: UUID, after: UUID | None, platform: Platform) -> UUID | None:
    policy = policy_of(session)
    return open_to_members(session, product_id, policy, after=after, limit=_AT_ONCE, clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {FORGET_ORDER: _forget_order}
"""Jobs whose effect is rows."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    RUN_SUBSCRIPTIONS: run_subscriptions,
    OPEN_PRODUCT: _open_product,
    OPEN_TIER: _open_tier,
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
