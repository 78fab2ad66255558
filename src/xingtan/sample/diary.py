"""How far the writing of the sample academy is: entries in the outbox, each in the transaction that it speaks of.

Killed at any moment, the next start reads the last entry and goes on behind it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.event import Event
from xingtan.infra.outbox import OutboxEvent, emit, read_event, tell_nobody


@dataclass(frozen=True, slots=True)
class SampleBegun(Event):
    """The writing of a sample academy began: from which seed, with how many learners, and what counts as now."""

    kind: ClassVar[str] = "sample.begun"
    seed: int
    learners: int
    now: datetime


@dataclass(frozen=True, slots=True)
class ChapterWritten(Event):
    """A stretch of the history is complete; chapters count from 0."""

    kind: ClassVar[str] = "sample.chapter_written"
    number: int


def begun(session: Session) -> SampleBegun | None:
    """Return how the sample began, or None where there is none."""
    payload = session.scalar(select(OutboxEvent.payload).where(OutboxEvent.kind == SampleBegun.kind).limit(1))
    found = None if payload is None else read_event(SampleBegun, payload)
    return found if isinstance(found, SampleBegun) else None


def chapters_written(session: Session) -> int:
    """Return how many chapters are complete."""
    numbers = session.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == ChapterWritten.kind))
    return max((int(payload["number"]) + 1 for payload in numbers), default=0)


def enter(session: Session, entry: SampleBegun | ChapterWritten, *, at: datetime) -> None:
    """Write an entry; nobody hears it, nor anything else of this transaction."""
    tell_nobody(session)
    emit(session, entry, at=at)
