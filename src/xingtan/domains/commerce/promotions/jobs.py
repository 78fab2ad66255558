"""Promotion's jobs and who hears what."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.promotions.letters import SEND_GIFT, send_gift
from xingtan.domains.commerce.promotions.use_cases.abandoned import (
    forget_abandoned,
    leave_open_checkouts,
    note_expired_order,
)
from xingtan.domains.commerce.promotions.use_cases.gifts import forget_unpaid_gifts, lapse_gifts
from xingtan.domains.privacy.api import Purpose
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

NOTE_EXPIRED, FORGET_BOUGHT = "commerce.note_expired_order", "commerce.forget_bought"
FORGET_WITHDRAWN, LEAVE_CHECKOUTS = "commerce.forget_withdrawn", "commerce.leave_checkouts"
LAPSE_GIFTS, FORGET_GIFTS = "commerce.lapse_gifts", "commerce.forget_gifts"


def _note_expired(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    note_expired_order(session, UUID(args["event"]["order_id"]), clock=platform.clock)


def _forget_bought(session: Session, _platform: Platform, args: Mapping[str, Any]) -> None:
    event = args["event"]
    forget_abandoned(session, UUID(event["person_id"]), tuple(UUID(one) for one in event["product_ids"]))


def _forget_withdrawn(session: Session, _platform: Platform, args: Mapping[str, Any]) -> None:
    if args["event"]["purpose"] == Purpose.MARKETING_MAIL:
        forget_abandoned(session, UUID(args["event"]["person_id"]))


def _leave_checkouts(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    leave_open_checkouts(session, clock=platform.clock)


def _lapse_gifts(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    lapse_gifts(session, clock=platform.clock)


def _forget_gifts(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    forget_unpaid_gifts(session, clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    NOTE_EXPIRED: _note_expired,
    FORGET_BOUGHT: _forget_bought,
    FORGET_WITHDRAWN: _forget_withdrawn,
    LEAVE_CHECKOUTS: _leave_checkouts,
    LAPSE_GIFTS: _lapse_gifts,
    FORGET_GIFTS: _forget_gifts,
}
"""Jobs whose effect is rows."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {SEND_GIFT: send_gift}
"""Jobs that talk to others; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (
    Periodic(LEAVE_CHECKOUTS, timedelta(minutes=10)),
    Periodic(LAPSE_GIFTS, timedelta(hours=1)),
    Periodic(FORGET_GIFTS, timedelta(days=1)),
)

HANDLERS: Mapping[str, tuple[str, ...]] = {
    "commerce.order_expired": (NOTE_EXPIRED,),
    "commerce.order_paid": (FORGET_BOUGHT,),
    "privacy.consent_withdrawn": (FORGET_WITHDRAWN,),
}
"""Event kind → the jobs of promotion that hear it."""
