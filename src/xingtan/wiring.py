"""The composition root: which handler hears which event, which function runs which job, what runs on a schedule.

Nothing here decides anything; it is the list of who is connected to whom.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

Transactional = Callable[[Session, Platform, Mapping[str, Any]], None]
"""A job whose effect is rows in our database: ``(session, platform, args)``; its end is part of the same commit."""


class ReportsProgress(Protocol):
    """How a long job says how far it is."""

    def __call__(self, **progress: object) -> None:
        """Store the progress."""


Long = Callable[[Platform, Mapping[str, Any], ReportsProgress], None]
"""A job that manages its own transactions or talks to the outside: ``(platform, args, report)``; idempotent."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """Who is connected to whom."""

    handlers: Mapping[str, Sequence[str]]
    """Event kind → the job kinds that hear it, called with ``{"event": …, "kind": …, "occurred_at": …}``."""
    transactional: Mapping[str, Transactional]
    long: Mapping[str, Long]
    periodic: Sequence[Periodic]
    public_events: frozenset[str]
    """The events upon which pages kept for strangers are dropped."""
