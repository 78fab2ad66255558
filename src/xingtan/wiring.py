"""The composition root: which handler hears which event, which function runs which job, what runs on a schedule.

Nothing here decides anything; it is the list of who is connected to whom.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from xingtan.domains.books import api as books
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.domains.insight import api as insight
from xingtan.domains.learning import api as learning
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


_PUBLIC_EVENTS = frozenset(
    {
        "identity.academy_changed",
        "catalog.product_published",
        "catalog.product_retired",
        "catalog.product_changed",
        "catalog.product_indexed",  # what is found
        "catalog.lesson_published",
        "catalog.lesson_removed",
        "commerce.offer_made",
        "commerce.offer_retired",
        "commerce.order_paid",  # «N bought»
        "commerce.order_refunded",
    }
)

EXPORT_PARTS: tuple[identity.ExportPart, ...] = (
    identity.export_part,
    entitlements.export_part,
    commerce.export_part,
    learning.export_learning,
    insight.export_insight,
)
"""Who answers when a person asks for all that the academy keeps of her."""


def wire() -> Wiring:
    """Return the wiring of the whole house."""
    handlers: dict[str, list[str]] = {}
    for domain in (identity, catalog, commerce, insight):
        for event, jobs in domain.HANDLERS.items():
            handlers.setdefault(event, []).extend(jobs)
    return Wiring(
        handlers=handlers,
        transactional={
            **identity.TRANSACTIONAL,
            **catalog.TRANSACTIONAL,
            **commerce.TRANSACTIONAL,
            **insight.TRANSACTIONAL,
        },
        long={**identity.LONG, **catalog.LONG, **commerce.LONG, **insight.LONG},
        periodic=(*identity.PERIODIC, *catalog.PERIODIC, *commerce.PERIODIC, *insight.PERIODIC),
        public_events=_PUBLIC_EVENTS,
    )


def broken_promises(session: Session, *, at: datetime) -> list[str]:
    """Return what does not hold, in plain words: books against postings, orders against books and entitlements."""
    return [*books.check(session), *commerce.check(session, at=at)]
