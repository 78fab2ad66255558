"""Durable jobs in the same database as the business (see docs/decisions/0003-jobs.md).

1. A job enqueued in a transaction exists if and only if that transaction committed; `key` makes it exist once.
2. A *transactional* job's effect and its «done» commit together: the effect happens exactly once.
   A *long* job manages its own transactions and is run again after a crash: it must be idempotent.
3. A job is leased while it runs. A process that dies leaves the lease to expire, and another takes the job up; who
   was only slow and lost the lease can neither finish the job, nor fail it, nor keep it.
4. A failure is retried with exponential backoff; a `Refused` is never retried; after the last try the job is dead,
   kept, shown in the studio, and can be revived.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from xingtan.core.errors import Conflict, NotFound, say
from xingtan.core.machine import Machine
from xingtan.infra.db import Base, new_id
from xingtan.infra.db.session import after_commit

MAX_ATTEMPTS = 12
LEASE = timedelta(minutes=5)
_FIRST_DELAY_S = 5
_LONGEST_DELAY_S = 6 * 3600

JOB = Machine(
    "job",
    "queued",
    {
        ("queued", "leased"): "running",
        ("running", "finished"): "done",
        ("running", "failed"): "queued",
        ("running", "given up"): "dead",
        ("running", "lease lost"): "queued",
        ("dead", "revived"): "queued",
    },
)

_wake = threading.Event()


class Job(Base):
    """A piece of work: `kind` names its function, `args` are plain data and never personal."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("key", name="uq_job_key"),
        Index("ix_job_due", "state", "run_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(200))
    args: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    run_at: Mapped[datetime]
    leased_by: Mapped[str | None] = mapped_column(String(80))
    leased_until: Mapped[datetime | None]
    progress: Mapped[dict[str, Any]]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Schedule(Base):
    """When a periodic job is due next."""

    __tablename__ = "job_schedule"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    next_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job of `kind` every `every`, on the grid of the epoch (UTC)."""

    kind: str
    every: timedelta


def wake() -> None:
    """Tell this process's worker that there is something to do."""
    _wake.set()


def wait_for_work(timeout_s: float) -> None:
    """Sleep until `wake` is called or `timeout_s` seconds have passed."""
    _wake.wait(timeout_s)
    _wake.clear()


def enqueue(session: Session, kind: str, args: Mapping[str, Any], *, key: str, at: datetime) -> UUID:
    """Add a job that is due at `at`, once per `key`, and return its id (that of the first one, when it exists)."""
    known = session.scalar(select(Job.id).where(Job.key == key))
    if known is not None:
        return known
    job = Job(
        id=new_id(), kind=kind, key=key, args=dict(args), state=JOB.initial, attempts=0, run_at=at, leased_by=None,
        leased_until=None, progress={}, error=None, created_at=at, finished_at=None,
    )  # fmt: skip
    session.add(job)
    session.flush()
    after_commit(session, "wake worker", wake)
    return job.id


def claim(session: Session, worker: str, *, at: datetime) -> Job | None:
    """Lease the job that has been due longest and return it; None when nothing is due."""
    free_leases(session, at=at)
    due = select(Job).where(Job.state == "queued", Job.run_at <= at).order_by(Job.run_at, Job.id).limit(1)
    job = session.scalars(due.with_for_update(skip_locked=True)).first()
    if job is None:
        return None
    job.state = JOB.after(job.state, "leased")
    job.attempts += 1
    job.leased_by, job.leased_until = worker, at + LEASE
    return job


def free_leases(session: Session, *, at: datetime) -> None:
    """Queue again what a dead worker left running."""
    lost = select(Job).where(Job.state == "running", Job.leased_until < at)
    for job in session.scalars(lost.with_for_update(skip_locked=True)):
        job.state = JOB.after(job.state, "lease lost")
        job.leased_by, job.leased_until = None, None


def finish(session: Session, job_id: UUID, worker: str, *, at: datetime) -> None:
    """Mark the job done, in the transaction of its effect. `Conflict` when another worker holds it by now."""
    job = session.get(Job, job_id, with_for_update=True)
    if job is None or job.leased_by != worker:
        raise Conflict(say("Another worker has taken this job over."))
    job.state = JOB.after(job.state, "finished")
    job.finished_at, job.leased_by, job.leased_until, job.error = at, None, None, None


def fail(session: Session, job_id: UUID, worker: str, error: str, *, is_final: bool, at: datetime) -> None:
    """Note `error` and queue the job again later, or bury it when `is_final` or when its tries are used up.

    Nothing happens when another worker holds the job by now: the failure of one who lost it is no longer its own.
    """
    job = session.get(Job, job_id, with_for_update=True)
    if job is None or job.leased_by != worker:
        return
    gives_up = is_final or job.attempts >= MAX_ATTEMPTS
    job.state = JOB.after(job.state, "given up" if gives_up else "failed")
    job.error, job.leased_by, job.leased_until = error[:4000], None, None
    job.run_at = at + backoff(job.attempts)
    job.finished_at = at if gives_up else None


def backoff(attempts: int) -> timedelta:
    """Return the pause after `attempts` failed tries: 5 s, 10 s, 20 s … at most six hours."""
    return timedelta(seconds=min(_FIRST_DELAY_S * 2 ** (attempts - 1), _LONGEST_DELAY_S))


def report_progress(session: Session, job_id: UUID, worker: str, progress: Mapping[str, Any], *, at: datetime) -> None:
    """Store how far a long job is, and keep its lease. `Conflict` when another worker holds it by now: stop at once."""
    own = update(Job).where(Job.id == job_id, Job.leased_by == worker)
    told = session.scalar(own.values(progress=dict(progress), leased_until=at + LEASE).returning(Job.id))
    if told is None:
        raise Conflict(say("Another worker has taken this job over."))


def revive(session: Session, job_id: UUID, *, at: datetime) -> None:
    """Give a dead job another set of tries."""
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound(say("There is no such job."))
    job.state = JOB.after(job.state, "revived")
    job.attempts, job.run_at, job.finished_at = 0, at, None
    after_commit(session, "wake worker", wake)


def enqueue_periodic(session: Session, periodic: Periodic, *, at: datetime) -> None:
    """Enqueue the periodic job if its time has come; missed turns count as one."""
    schedule = session.get(Schedule, periodic.kind, with_for_update=True)
    if schedule is not None and schedule.next_at > at:
        return
    seconds = int(periodic.every.total_seconds())
    turn = int(at.timestamp()) // seconds
    enqueue(session, periodic.kind, {}, key=f"{periodic.kind}@{turn}", at=at)
    next_at = at + timedelta(seconds=(turn + 1) * seconds - at.timestamp())
    if schedule is None:
        session.add(Schedule(name=periodic.kind, next_at=next_at))
    else:
        schedule.next_at = next_at


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as the studio shows it."""

    id: UUID
    kind: str
    state: str
    attempts: int
    run_at: datetime
    progress: Mapping[str, Any]
    error: str | None
    finished_at: datetime | None


def job_view(session: Session, job_id: UUID) -> JobView:
    """Return one job; `NotFound` when there is none."""
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound(say("There is no such job."))
    return _view(job)


def newest_jobs(session: Session, *, state: str | None = None, limit: int = 50) -> list[JobView]:
    """Return the newest jobs, of one state or of all."""
    wanted = select(Job).order_by(Job.id.desc()).limit(limit)
    return [_view(job) for job in session.scalars(wanted.where(Job.state == state) if state else wanted)]


def counts(session: Session) -> dict[str, int]:
    """Return how many jobs are in each state."""
    found: dict[str, int] = dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
    return {state: found.get(state, 0) for state in sorted(JOB.states)}


def _view(job: Job) -> JobView:
    return JobView(
        job.id, job.kind, job.state, job.attempts, job.run_at, job.progress, job.error, job.finished_at
    )  # fmt: skip


def has_due(session: Session, periodic: Sequence[Periodic], *, at: datetime) -> bool:
    """Say whether a job is due or abandoned, or the schedule wants one; a cheap read, so that idling writes nothing."""
    due = select(Job.id).where(Job.state == "queued", Job.run_at <= at).limit(1)
    lost = select(Job.id).where(Job.state == "running", Job.leased_until < at).limit(1)
    if session.scalar(due) is not None or session.scalar(lost) is not None:
        return True
    next_at = {schedule.name: schedule.next_at for schedule in session.scalars(select(Schedule))}
    return any(it.kind not in next_at or next_at[it.kind] <= at for it in periodic)
