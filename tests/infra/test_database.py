"""Transactions as functions: committed once, rolled back whole, run again when the database asks for it."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from xingtan.core.errors import Broken, Unavailable
from xingtan.infra.db import Database, new_id
from xingtan.infra.db.migrate import current, newest
from xingtan.infra.db.session import after_commit
from xingtan.infra.jobs import Schedule
from xingtan.infra.platform import Platform

AT = datetime(2026, 3, 1, tzinfo=UTC)


def count(database: Database) -> int:
    return database.read(lambda session: session.scalar(select(func.count()).select_from(Schedule)) or 0)


def add(database: Database, name: str) -> None:
    database.write(lambda session: session.add(Schedule(name=name, next_at=AT)))


def test_what_is_written_is_there_and_instants_are_utc(database: Database) -> None:
    add(database, "a")
    assert database.read(lambda session: session.scalars(select(Schedule.next_at)).one()) == AT


def test_a_failure_leaves_nothing_and_calls_nobody(database: Database) -> None:
    called: list[str] = []

    def work(session: Session) -> None:
        session.add(Schedule(name="a", next_at=AT))
        session.flush()
        after_commit(session, "tell", lambda: called.append("told"))
        message = "no"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        database.write(work)
    assert count(database) == 0
    assert called == []


def test_after_commit_runs_once_per_key(database: Database) -> None:
    called: list[str] = []

    def work(session: Session) -> None:
        after_commit(session, "tell", lambda: called.append("first"))
        after_commit(session, "tell", lambda: called.append("second"))

    database.write(work)
    assert called == ["second"]


def test_a_reading_session_cannot_write(database: Database) -> None:
    with database.reading() as session:
        session.add(Schedule(name="a", next_at=AT))
        with pytest.raises(Broken):
            session.flush()
    assert count(database) == 0


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="aware"):
        database.write(lambda session: session.add(Schedule(name="a", next_at=datetime(2026, 1, 1))))  # noqa: DTZ001 - the mistake under test


def test_writers_wait_for_one_another_and_lose_nothing(database: Database) -> None:
    add(database, "counter")

    def bump(session: Session) -> None:
        row = session.get(Schedule, "counter", with_for_update=True)
        row.next_at = row.next_at.replace(microsecond=row.next_at.microsecond + 1)

    threads = [threading.Thread(target=lambda: [database.write(bump) for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.read(lambda session: session.get(Schedule, "counter").next_at.microsecond) == 80  # type: ignore[union-attr]


def test_the_history_of_the_schema_is_at_its_end(database: Database) -> None:
    assert current(database) == newest() is not None


def test_a_database_that_is_gone_is_unavailable(platform: Platform, tmp_path: Path) -> None:
    platform.database.ping()
    with pytest.raises(Unavailable):
        Database(f"sqlite:///{tmp_path}/no/such/folder/file.sqlite3").ping()


def test_new_ids_sort_by_their_making() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert all(isinstance(it, UUID) and it.version == 7 for it in ids)


def test_sqlite_is_durable_and_keeps_foreign_keys(database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_a_refused_commit_leaves_a_usable_database(database: Database) -> None:
    def orphan(session: Session) -> None:
        row = "INSERT INTO posting (id, entry_id, account, amount_minor, currency) VALUES (:id, :entry, 'a', 1, 'CNY')"
        session.execute(text(row), {"id": new_id().hex, "entry": new_id().hex})

    for _ in range(12):  # more often than the pool has connections
        with pytest.raises(DBAPIError):
            database.write(orphan)
    add(database, "after")
    assert count(database) == 1
