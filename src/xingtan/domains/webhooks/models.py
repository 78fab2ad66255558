"""Rows of the webhooks.

1. A message belongs to one event and one endpoint, once (`uq_webhook_message_event`); its id is the ``webhook-id``.
2. The body is kept as it was first written: every attempt sends and signs the same bytes.
3. Secrets are sealed under a key of the endpoint's own, which goes when the endpoint goes.
4. At most one process speaks to an endpoint at a time (`held_by`, `held_until`); one job waits for its next message
   (`wakes_at`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.webhooks.machines import ENDPOINT, MESSAGE
from xingtan.infra.db import Base

OFF_REASONS = ("failing", "gone")


def _one_of(column: str, words: tuple[str, ...] | frozenset[str]) -> str:
    return f"({column} IN ({', '.join(repr(word) for word in sorted(words))}))"


class Endpoint(Base):
    """An address that hears chosen events. `failing_since`: nothing has got through since; `misses`: in a row."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint(_one_of("state", ENDPOINT.states), name="state"),
        CheckConstraint("(state = 'off') = (off_reason IS NOT NULL)", name="off"),
        CheckConstraint(f"off_reason IS NULL OR {_one_of('off_reason', OFF_REASONS)}", name="off_reason"),
        CheckConstraint("(old_secret_sealed IS NULL) = (old_secret_until IS NULL)", name="old_secret"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
    description: Mapped[str] = mapped_column(String(200))
    events: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(16))
    off_reason: Mapped[str | None] = mapped_column(String(16))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    old_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    misses: Mapped[int]
    rests_until: Mapped[datetime | None]
    held_by: Mapped[UUID | None]
    held_until: Mapped[datetime | None]
    wakes_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class Message(Base):
    """One event for one endpoint. `tries` counts attempts since it was last replayed; `next_at`: when to try."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id", name="uq_webhook_message_event"),
        CheckConstraint(_one_of("state", MESSAGE.states), name="state"),
        CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="next_at"),
        Index("ix_webhook_message_due", "endpoint_id", "state", "next_at"),
        Index("ix_webhook_message_newest", "endpoint_id", "id"),
        Index("ix_webhook_message_created", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    tries: Mapped[int]
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Attempt(Base):
    """One try to send a message: the answer's status, or why there was none; how long it took; how it began."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        UniqueConstraint("message_id", "number"),
        CheckConstraint("(status IS NULL) <> (failure IS NULL)", name="outcome"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_message.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    took_ms: Mapped[int]
    status: Mapped[int | None]
    failure: Mapped[str | None] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(Text)
