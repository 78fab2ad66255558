"""Insight's jobs and what they hear, for the composition root to connect."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from xingtan.domains.insight.handlers import HEARD, write_down
from xingtan.infra.analytics import archive
from xingtan.infra.jobs import Periodic
from xingtan.infra.outbox import read_event
from xingtan.infra.platform import Platform

WRITE_DOWN, ARCHIVE = "insight.write_down", "insight.archive"
KEPT_IN_DATABASE = timedelta(days=90)
"""Days younger than this stay in the database, where the studio counts them."""

_KINDS = {event.kind: event for event in HEARD}


def _write_down(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    event = read_event(_KINDS[args["kind"]], args["event"])
    occurred_at = datetime.fromisoformat(args["occurred_at"])
    write_down(session, event, vault=platform.vault, occurred_at=occurred_at)


def _archive(platform: Platform, _args: Mapping[str, Any], _report: object) -> None:
    before_day = (platform.clock.now() - KEPT_IN_DATABASE).astimezone(UTC).date()
    archive(platform.database, platform.files, before_day=before_day)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {WRITE_DOWN: _write_down}
"""Jobs whose effect is rows: ``(session, platform, args)``."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {ARCHIVE: _archive}
"""Jobs that work on files: ``(platform, args, report)``; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (Periodic(ARCHIVE, timedelta(days=1)),)

HANDLERS: Mapping[str, tuple[str, ...]] = dict.fromkeys(_KINDS, (WRITE_DOWN,))
"""Event kind → the jobs of insight that hear it."""
