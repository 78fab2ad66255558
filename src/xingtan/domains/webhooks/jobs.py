"""The webhooks' jobs and what they hear, for the composition root to connect."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.webhooks.delivery import deliver_due
from xingtan.domains.webhooks.events import EndpointTurnedOff
from xingtan.domains.webhooks.letters import mail_owners
from xingtan.domains.webhooks.rules.vocabulary import BY_KIND
from xingtan.domains.webhooks.use_cases.messages import forget_old, spread, wake_stranded
from xingtan.domains.webhooks.waking import DELIVER
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

SPREAD, MAIL_OWNERS, TIDY, SWEEP = "webhooks.spread", "webhooks.mail_owners", "webhooks.tidy", "webhooks.sweep"


def _spread(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    spread(
        session, args["kind"], args["event"], event_id=UUID(args["event_id"]),
        occurred_at=datetime.fromisoformat(args["occurred_at"]), clock=platform.clock,
    )  # fmt: skip


def _tidy(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    forget_old(session, clock=platform.clock)


def _sweep(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    wake_stranded(session, clock=platform.clock)


def _deliver(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    deliver_due(platform, UUID(args["endpoint_id"]))


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    SPREAD: _spread,
    TIDY: _tidy,
    SWEEP: _sweep,
}
"""Jobs whose effect is rows: ``(session, platform, args)``."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {DELIVER: _deliver, MAIL_OWNERS: mail_owners}
"""Jobs that talk to others: ``(platform, args, report)``; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (Periodic(TIDY, timedelta(days=1)), Periodic(SWEEP, timedelta(minutes=10)))

HANDLERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(BY_KIND, (SPREAD,)),
    EndpointTurnedOff.kind: (MAIL_OWNERS,),
}
"""Event kind → the jobs of the webhooks that hear it: every public event is spread."""
