"""The jobs of custom service, and who hears what."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from xingtan.domains.commerce.services.letters import (
    MAIL_MESSAGE,
    MAIL_MOVED,
    MAIL_REMINDER,
    mail_message,
    mail_moved,
    mail_reminder,
)
from xingtan.domains.commerce.services.quoting import lapse_quotes
from xingtan.domains.commerce.services.working import accept_by_silence, remind_of_deliveries
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

LAPSE_QUOTES, ACCEPT_DELIVERIES, REMIND = (
    "commerce.lapse_quotes", "commerce.accept_deliveries", "commerce.remind_of_deliveries",
)  # fmt: skip


def _lapse(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    lapse_quotes(session, clock=platform.clock)


def _accept(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    accept_by_silence(session, clock=platform.clock)


def _remind(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    remind_of_deliveries(session, clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    LAPSE_QUOTES: _lapse,
    ACCEPT_DELIVERIES: _accept,
    REMIND: _remind,
}
"""Jobs whose effect is rows."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    MAIL_MOVED: mail_moved,
    MAIL_MESSAGE: mail_message,
    MAIL_REMINDER: mail_reminder,
}
"""Jobs that talk to others; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (
    Periodic(LAPSE_QUOTES, timedelta(minutes=10)),
    Periodic(ACCEPT_DELIVERIES, timedelta(hours=1)),
    Periodic(REMIND, timedelta(hours=1)),
)

HANDLERS: Mapping[str, tuple[str, ...]] = {
    "commerce.service_moved": (MAIL_MOVED,),
    "commerce.service_message_written": (MAIL_MESSAGE,),
    "commerce.service_reminded": (MAIL_REMINDER,),
}
"""Event kind → the jobs of services that hear it."""
