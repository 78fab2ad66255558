"""Outbox, jobs, schedule and inbox: written with the change, told once, retried, never lost."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.errors import Conflict, NotFound
from xingtan.core.event import Event
from xingtan.core.money import Money
from xingtan.infra import inbox, jobs, outbox
from xingtan.infra.db import Database
from xingtan.infra.inbox import InboxMessage
from xingtan.infra.jobs import JOB, Job, Periodic


@dataclass(frozen=True, slots=True)
class TeaPoured(Event):
    kind: ClassVar[str] = "test.tea_poured"
    cup: UUID
    price: Money
    at: datetime


def states(database: Database) -> list[str]:
    return database.read(lambda session: list(session.scalars(select(Job.state).order_by(Job.id))))


def enqueue(database: Database, clock: ManualClock, key: str = "k", delay_s: float = 0) -> UUID:
    at = clock.now() + timedelta(seconds=delay_s)
    return database.write(lambda session: jobs.enqueue(session, "test.job", {"n": 1}, key=key, at=at))


def claim(database: Database, clock: ManualClock, worker: str = "w") -> Job | None:
    return database.write(lambda session: jobs.claim(session, worker, at=clock.now()))


def test_an_event_reads_back_and_becomes_one_job_per_handler(database: Database, clock: ManualClock) -> None:
    event = TeaPoured(cup=UUID(int=7), price=Money(500, "CNY"), at=clock.now())
    database.write(lambda session: outbox.emit(session, event, at=clock.now()))
    handlers = {TeaPoured.kind: ["test.a", "test.b"]}
    assert database.write(lambda session: outbox.fan_out(session, handlers, at=clock.now())) == 1
    assert database.write(lambda session: outbox.fan_out(session, handlers, at=clock.now())) == 0
    rows = database.read(lambda session: session.scalars(select(Job).order_by(Job.kind)).all())
    assert [row.kind for row in rows] == ["test.a", "test.b"]
    assert outbox.read_event(TeaPoured, rows[0].args["event"]) == event


def test_listeners_hear_only_what_was_committed(database: Database, clock: ManualClock) -> None:
    heard: list[str] = []
    outbox.listen(heard.append)
    try:

        def fails(session: Session) -> None:
            outbox.emit(session, TeaPoured(UUID(int=1), Money(1, "CNY"), clock.now()), at=clock.now())
            message = "spilt"
            raise RuntimeError(message)

        with pytest.raises(RuntimeError):
            database.write(fails)
        assert heard == []
        database.write(lambda s: outbox.emit(s, TeaPoured(UUID(int=1), Money(1, "CNY"), clock.now()), at=clock.now()))
        assert heard == [TeaPoured.kind]
    finally:
        outbox.stop_listening(heard.append)


def test_a_key_enqueues_once(database: Database, clock: ManualClock) -> None:
    assert enqueue(database, clock) == enqueue(database, clock)
    assert states(database) == ["queued"]


def test_a_job_is_claimed_when_due_and_by_one_worker(database: Database, clock: ManualClock) -> None:
    enqueue(database, clock, delay_s=60)
    assert claim(database, clock) is None
    clock.advance(seconds=60)
    job = claim(database, clock)
    assert job is not None
    assert claim(database, clock, "other") is None
    with pytest.raises(Conflict):
        database.write(lambda session: jobs.finish(session, job.id, "other", at=clock.now()))
    database.write(lambda session: jobs.finish(session, job.id, "w", at=clock.now()))
    assert states(database) == ["done"]


def test_a_dead_workers_job_is_taken_up_after_its_lease(database: Database, clock: ManualClock) -> None:
    enqueue(database, clock)
    assert claim(database, clock, "dies") is not None
    clock.advance(seconds=jobs.LEASE.total_seconds() - 1)
    assert claim(database, clock, "heir") is None
    clock.advance(seconds=2)
    job = claim(database, clock, "heir")
    assert job is not None
    assert job.attempts == 2
    with pytest.raises(Conflict):  # the first worker was only slow: it may not finish what is no longer its own
        database.write(lambda session: jobs.finish(session, job.id, "dies", at=clock.now()))


def test_failures_back_off_then_rest_and_can_be_revived(database: Database, clock: ManualClock) -> None:
    job_id = enqueue(database, clock)
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        job = claim(database, clock)
        assert job is not None
        database.write(lambda session: jobs.fail(session, job_id, "w", "no", is_final=False, at=clock.now()))
        assert claim(database, clock) is None
        clock.advance(seconds=jobs.backoff(attempt).total_seconds())
    view = database.read(lambda session: jobs.job_view(session, job_id))
    assert (view.state, view.error) == ("dead", "no")
    database.write(lambda session: jobs.revive(session, job_id, at=clock.now()))
    assert claim(database, clock) is not None


def test_a_refusal_is_final(database: Database, clock: ManualClock) -> None:
    job_id = enqueue(database, clock)
    claim(database, clock)
    database.write(lambda session: jobs.fail(session, job_id, "w", "refused", is_final=True, at=clock.now()))
    assert states(database) == ["dead"]
    assert database.read(jobs.counts)["dead"] == 1


def test_unknown_jobs_are_not_found(database: Database, clock: ManualClock) -> None:
    with pytest.raises(NotFound):
        database.read(lambda session: jobs.job_view(session, UUID(int=1)))
    with pytest.raises(NotFound):
        database.write(lambda session: jobs.revive(session, UUID(int=1), at=clock.now()))


def test_the_jobs_lifecycle_is_its_table() -> None:
    for state in JOB.states:
        for event in JOB.events:
            assert JOB.may(state, event) == ((state, event) in JOB.table)
    assert JOB.final == {"done"}


def test_periodic_jobs_come_once_a_turn_and_missed_turns_count_as_one(database: Database, clock: ManualClock) -> None:
    hourly = Periodic("test.hourly", timedelta(hours=1))

    def tick() -> int:
        database.write(lambda session: jobs.enqueue_periodic(session, hourly, at=clock.now()))
        return database.read(lambda session: session.scalar(select(func.count()).select_from(Job)) or 0)

    assert tick() == 1
    assert tick() == 1
    clock.advance(minutes=59)
    assert tick() == 1
    clock.advance(minutes=1)
    assert tick() == 2
    clock.advance(days=3)
    assert tick() == 3


def test_a_message_from_outside_is_kept_once(database: Database, clock: ManualClock) -> None:
    def receive(session: Session) -> bool:
        return inbox.receive(session, "peer", "evt_1", body=b"{}", job="test.job", args={}, at=clock.now())

    assert database.write(receive) is True
    assert database.write(receive) is False
    message = database.read(lambda session: session.scalars(select(InboxMessage)).one())
    database.write(lambda session: inbox.mark_handled(session, message.id, at=clock.now()))
    assert database.read(lambda session: session.get(InboxMessage, message.id).handled_at) == clock.now()  # type: ignore[union-attr]


def test_idle_is_idle(database: Database, clock: ManualClock) -> None:
    daily = [Periodic("test.daily", timedelta(days=1))]
    due = lambda: database.read(lambda session: jobs.has_due(session, daily, at=clock.now()))  # noqa: E731 - asked thrice
    assert due()
    database.write(lambda session: jobs.enqueue_periodic(session, daily[0], at=clock.now()))
    job = claim(database, clock)
    assert job is not None
    database.write(lambda session: jobs.finish(session, job.id, "w", at=clock.now()))
    assert not due()
    assert datetime.now(UTC) > clock.now()
