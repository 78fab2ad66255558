"""The inbox: what others tell us, kept as it came before anything is believed.

1. A message is stored once per (source, external id): a duplicate is absorbed.
2. The raw bytes are kept; what to do with them is a job that re-reads the truth from its source.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from xingtan.infra.db import Base, new_id
from xingtan.infra.jobs import enqueue


class InboxMessage(Base):
    """One verified message from outside."""

    __tablename__ = "inbox_message"
    __table_args__ = (UniqueConstraint("source", "external_id", name="uq_inbox_message_source_external_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(200))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


def receive(
    session: Session, source: str, external_id: str, *, body: bytes, job: str, args: dict[str, Any], at: datetime
) -> bool:
    """Keep a verified message and enqueue `job` for it; return False, and do nothing, when it is known already."""
    known = select(InboxMessage.id).where(InboxMessage.source == source, InboxMessage.external_id == external_id)
    if session.scalar(known) is not None:
        return False
    message = InboxMessage(
        id=new_id(), source=source, external_id=external_id, body=body, received_at=at, handled_at=None
    )
    session.add(message)
    session.flush()
    enqueue(session, job, {**args, "message_id": str(message.id)}, key=f"inbox:{message.id}", at=at)
    return True


def mark_handled(session: Session, message_id: UUID, *, at: datetime) -> None:
    """Note that the message's job has done its work."""
    message = session.get(InboxMessage, message_id)
    if message is not None and message.handled_at is None:
        message.handled_at = at
