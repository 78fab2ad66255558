"""The outbox: news written in the same transaction as what it speaks of.

1. An event is stored if and only if the change that it tells of is stored.
2. Every event becomes one job per handler that hears it, exactly once (`fan_out`); jobs do the retrying.
3. What is moved in from the past is no news: after `tell_nobody` the events of a session are kept as told.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from xingtan.core.event import Event
from xingtan.infra.db import Base, new_id
from xingtan.infra.db.session import after_commit
from xingtan.infra.jobs import enqueue, wake

_BATCH = 200
_TOLD = "told"
_adapters: dict[type[Event], TypeAdapter[Event]] = {}
_listeners: list[Callable[[str], None]] = []


class OutboxEvent(Base):
    """A fact, waiting to be told (`fanned_out_at` is null) or told."""

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index("ix_outbox_event_waiting", "fanned_out_at", "id"),
        Index("ix_outbox_event_kind", "kind", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    fanned_out_at: Mapped[datetime | None]


def _adapter(kind: type[Event]) -> TypeAdapter[Event]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def tell_nobody(session: Session) -> None:
    """Keep the events of this session as told already: for history, whose letters are not to be written again."""
    session.info[_TOLD] = True


def emit(session: Session, event: Event, *, at: datetime) -> UUID:
    """Write `event` beside the rows that it tells of and return its id; the worker is woken after the commit."""
    is_told = session.info.get(_TOLD, False)
    row = OutboxEvent(
        id=new_id(),
        kind=event.kind,
        payload=_adapter(type(event)).dump_python(event, mode="json"),
        occurred_at=at,
        fanned_out_at=at if is_told else None,
    )
    session.add(row)
    if is_told:
        return row.id
    after_commit(session, "wake worker", wake)
    after_commit(session, f"tell listeners of {event.kind}", lambda: _tell(event.kind))
    return row.id


def listen(listener: Callable[[str], None]) -> None:
    """Call `listener(event kind)` in this process after each commit that emitted; for caches."""
    _listeners.append(listener)


def stop_listening(listener: Callable[[str], None]) -> None:
    """Take a listener back."""
    _listeners.remove(listener)


def _tell(kind: str) -> None:
    for listener in tuple(_listeners):
        listener(kind)


def newest_event(session: Session, kinds: Sequence[str]) -> UUID | None:
    """Return the id of the newest event of one of `kinds`, so that another process can see that something changed."""
    return session.scalar(
        select(OutboxEvent.id).where(OutboxEvent.kind.in_(kinds)).order_by(OutboxEvent.id.desc()).limit(1)
    )


def read_event(kind: type[Event], payload: Mapping[str, Any]) -> Event:
    """Return the event of class `kind` that `payload` was written from."""
    return _adapter(kind).validate_python(payload)


def fan_out(session: Session, handlers: Mapping[str, Sequence[str]], *, at: datetime) -> int:
    """Turn waiting events into jobs, one for each handler name in ``handlers[event kind]``; return how many events."""
    waiting = select(OutboxEvent).where(OutboxEvent.fanned_out_at.is_(None)).order_by(OutboxEvent.id).limit(_BATCH)
    rows = session.scalars(waiting.with_for_update(skip_locked=True)).all()
    for row in rows:
        for handler in handlers.get(row.kind, ()):
            args = {"event": row.payload, "kind": row.kind, "occurred_at": row.occurred_at.isoformat()}
            enqueue(session, handler, args, key=f"{row.id}:{handler}", at=at)
        row.fanned_out_at = at
    return len(rows)


def has_waiting(session: Session) -> bool:
    """Say whether there is news that has not been told."""
    return session.scalar(select(OutboxEvent.id).where(OutboxEvent.fanned_out_at.is_(None)).limit(1)) is not None
