"""The jobs of groups."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.groups.deciding import RETURN_PLACE, end_groups, return_place
from xingtan.domains.commerce.groups.letters import MAIL_COMPLETE, MAIL_FAILED, mail_complete, mail_failed
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

END_GROUPS = "commerce.end_groups"


def _end(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    end_groups(session, clock=platform.clock)


def _return(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    return_place(session, UUID(args["order_id"]), clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    END_GROUPS: _end,
    RETURN_PLACE: _return,
}
"""Jobs whose effect is rows."""

PERIODIC: tuple[Periodic, ...] = (Periodic(END_GROUPS, timedelta(minutes=1)),)

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    MAIL_COMPLETE: mail_complete,
    MAIL_FAILED: mail_failed,
}
"""Jobs that talk to others; each may run twice."""

HANDLERS: Mapping[str, tuple[str, ...]] = {
    "commerce.group_completed": (MAIL_COMPLETE,),
    "commerce.group_failed": (MAIL_FAILED,),
}
"""Event kind → the jobs that hear it."""
