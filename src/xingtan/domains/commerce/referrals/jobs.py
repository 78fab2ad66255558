"""Who hears what for referrals."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.referrals.rewarding import REWARD, note_referral, reward, reward_due
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

NOTE, REWARD_DUE = "commerce.note_referral", "commerce.reward_referrals"


def _note(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    note_referral(session, UUID(args["event"]["order_id"]), clock=platform.clock)


def _reward_due(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    reward_due(session, clock=platform.clock)


def _reward(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    reward(session, UUID(args["referral_id"]), clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    NOTE: _note,
    REWARD_DUE: _reward_due,
    REWARD: _reward,
}
"""Jobs whose effect is rows."""

PERIODIC: tuple[Periodic, ...] = (Periodic(REWARD_DUE, timedelta(hours=1)),)

HANDLERS: Mapping[str, tuple[str, ...]] = {"commerce.order_paid": (NOTE,)}
"""Event kind → the jobs that hear it."""
