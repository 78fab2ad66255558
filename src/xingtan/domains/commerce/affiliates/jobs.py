"""Who hears what for affiliates."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.affiliates.accruing import accrue, reverse
from xingtan.domains.commerce.affiliates.letters import MAIL_DECIDED, MAIL_PAYOUT, mail_decided, mail_payout
from xingtan.infra.platform import Platform

ACCRUE, REVERSE = "commerce.accrue_commission", "commerce.reverse_commission"


def _accrue(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    accrue(session, UUID(args["event"]["order_id"]), clock=platform.clock)


def _reverse(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    reverse(session, UUID(args["event"]["line_id"]), clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    ACCRUE: _accrue,
    REVERSE: _reverse,
}
"""Jobs whose effect is rows."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    MAIL_DECIDED: mail_decided,
    MAIL_PAYOUT: mail_payout,
}
"""Jobs that talk to others; each may run twice."""

HANDLERS: Mapping[str, tuple[str, ...]] = {
    "commerce.order_paid": (ACCRUE,),
    "commerce.line_refunded": (REVERSE,),
    "commerce.affiliate_decided": (MAIL_DECIDED,),
    "commerce.payout_paid": (MAIL_PAYOUT,),
}
"""Event kind → the jobs that hear it."""
