"""The door of the audit domain: note an act, read the list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.models import AuditEntry
from xingtan.infra.db import new_id

__all__ = ["Action", "EntryView", "entries", "note_action"]

_MOST = 200


@dataclass(frozen=True, slots=True)
class Action:
    """An act to note. `action` is a stable word such as ``role.granted``; `details` hold no personal data."""

    action: str
    subject_kind: str
    subject_id: UUID | None = None
    actor_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryView:
    """One line of the audit list."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    action: str
    subject_kind: str
    subject_id: UUID | None
    details: Mapping[str, Any]


def note_action(session: Session, action: Action, *, clock: Clock) -> UUID:
    """Write the act into the list, in the transaction of the act itself, and return the entry's id."""
    entry = AuditEntry(
        id=new_id(), at=clock.now(), actor_id=action.actor_id, action=action.action,
        subject_kind=action.subject_kind, subject_id=action.subject_id, details=dict(action.details),
    )  # fmt: skip
    session.add(entry)
    return entry.id


def entries(
    session: Session, viewer: Viewer, *, limit: int = 50, before: UUID | None = None, subject_id: UUID | None = None
) -> list[EntryView]:
    """Return the newest acts first, those before the entry `before`; needs the right to operate the academy."""
    viewer.require(Permission.OPERATE)
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(min(limit, _MOST))
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    if subject_id is not None:
        wanted = wanted.where(AuditEntry.subject_id == subject_id)
    return [
        EntryView(row.id, row.at, row.actor_id, row.action, row.subject_kind, row.subject_id, row.details)
        for row in session.scalars(wanted)
    ]
