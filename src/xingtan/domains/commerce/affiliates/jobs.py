"""Who hears what for affiliates."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.affiliates.accruing import accrue, reverse
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

HANDLERS: Mapping[str, tuple[str, ...]] = {
    "commerce.order_paid": (ACCRUE,),
    "commerce.line_refunded": (REVERSE,),
}
"""Event kind → the jobs that hear it."""
