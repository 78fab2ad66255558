"""Transactions as functions.

1. A use case never commits; `Database.write(work)` commits once, at the edge, or not at all.
2. `work` may run more than once: a serialization failure, a deadlock or a busy file rolls back and runs it again,
   so `work` touches nothing but its session.
3. On SQLite a writing transaction begins IMMEDIATE, and one writer at a time waits in the process, not on the file.
   On PostgreSQL it is SERIALIZABLE.
4. A reading session cannot write: a flush in it is `Broken`.
5. What must happen only after the commit (waking the worker, dropping cached pages) is registered with
   `after_commit` and runs once, after the transaction that stuck.
"""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from xingtan.core.errors import Broken, Unavailable, say

T = TypeVar("T")

_TRIES = 8
_RETRYABLE_SQLSTATES = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_AFTER_COMMIT = "after_commit"
_READING = "reading"
_BUSY_MS = 15_000
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    f"PRAGMA busy_timeout={_BUSY_MS}",
    "PRAGMA cache_size=-4096",
    "PRAGMA temp_store=MEMORY",
)


def after_commit(session: Session, key: str, action: Callable[[], None]) -> None:
    """Run `action` once after this session's commit; the last action registered under `key` counts."""
    session.info.setdefault(_AFTER_COMMIT, {})[key] = action


class Database:
    """One engine and the two ways to use it: `reading()` and `write(work)`."""

    def __init__(self, url: str | URL, *, pool_size: int = 8) -> None:
        self.url = make_url(url)
        self.engine = _engine(self.url, pool_size=pool_size)
        self.dialect = self.engine.dialect.name
        self._writing_engine = self.engine.execution_options(writing=True) if self.is_sqlite else self.engine
        if not self.is_sqlite:
            self._writing_engine = self.engine.execution_options(isolation_level="SERIALIZABLE")
        self._writer = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Say whether this is the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one consistent state and cannot write."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            session.info[_READING] = True
            yield session

    def read(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns in a reading session."""
        with self.reading() as session:
            return work(session)

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction and commit; run it again when the database asks for that.

        Raises `Unavailable` when it keeps losing against others, and whatever `work` raises after a roll-back.
        """
        for attempt in range(_TRIES):
            try:
                return self._write_once(work)
            except DBAPIError as error:
                if not _is_retryable(error):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter, not a secret
        raise Unavailable(say("The academy is very busy right now. Please try again in a moment."))

    def _write_once(self, work: Callable[[Session], T]) -> T:
        with self._one_writer(), Session(self._writing_engine, expire_on_commit=False) as session:
            result = work(session)
            session.commit()
        for action in session.info.pop(_AFTER_COMMIT, {}).values():
            action()
        return result

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        with self._writer:
            yield

    def ping(self) -> None:
        """Raise `Unavailable` when the database does not answer."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            raise Unavailable(say("The database does not answer.")) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(url: URL, *, pool_size: int) -> Engine:
    # hide_parameters: what a failed statement carried stands in no traceback, so in no log
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=pool_size * 2, hide_parameters=True,
        connect_args={"check_same_thread": False},
    )  # fmt: skip
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "checkin", _end_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma).close()


def _end_sqlite(connection: sqlite3.Connection | None, _entry: ConnectionPoolEntry) -> None:
    # A COMMIT that a deferred foreign key refuses leaves the transaction open, and SQLAlchemy believes it over.
    if connection is not None and connection.in_transaction:
        connection.rollback()


def _begin_sqlite(connection: Any) -> None:
    is_writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _is_retryable(error: DBAPIError) -> bool:
    original = error.orig
    if getattr(original, "sqlstate", None) in _RETRYABLE_SQLSTATES:
        return True
    return (
        isinstance(error, OperationalError)
        and isinstance(original, sqlite3.OperationalError)
        and ("locked" in str(original) or "busy" in str(original))
    )


@event.listens_for(Session, "before_flush")
def _refuse_writes_while_reading(session: Session, _context: Any, _instances: Any) -> None:
    if session.info.get(_READING) and (session.new or session.dirty or session.deleted):
        msg = "a reading session was asked to write"
        raise Broken(msg)
