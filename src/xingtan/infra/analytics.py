"""The behaviour log: rows that nobody waits for, written in batches, archived to one Parquet file for each day.

1. `BehaviourBuffer.add` never blocks and never raises: it takes a row, or counts it as dropped when the buffer is full.
2. A row is stored once, however often a flush is tried: its id is made when it is taken, and a known id is left alone.
3. A day's file is durable before its rows are deleted, and it is always the union by id of what it held and what the
   table holds: a crash at any moment loses nothing, doubles nothing, and is mended by the next run.
4. `actor` and `session_key` are pseudonyms; there is no name, address or IP in a row.
"""

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Index, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from xingtan.core.errors import NotFound, Unavailable
from xingtan.infra.db import Base, Database, new_id
from xingtan.infra.files import FileStore

if TYPE_CHECKING:
    import pyarrow as pa

ARCHIVE = "behaviour"
ACTOR_LETTERS = 32
_CAPACITY = 20_000
_BATCH = 500
_INTERVAL_S = 1.0
_DELETE_AT_ONCE = 500

_log = structlog.get_logger(__name__)
_dropped = Counter("xingtan_behaviour_dropped", "Behaviour rows that were not kept because the buffer was full.")
_written = Counter("xingtan_behaviour_written", "Behaviour rows written to the database.")
_waiting = Gauge("xingtan_behaviour_waiting", "Behaviour rows that wait in memory.")


class BehaviourEvent(Base):
    """One deed: who (a pseudonym), what (a verb), to what, when. `day` is the day in UTC, ``2026-11-22``."""

    __tablename__ = "behaviour_event"
    __table_args__ = (
        Index("ix_behaviour_event_day", "day", "verb"),
        Index("ix_behaviour_event_actor", "actor", "at"),
        Index("ix_behaviour_event_product", "product_id", "day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(ACTOR_LETTERS))
    session_key: Mapped[str | None] = mapped_column(String(ACTOR_LETTERS))
    verb: Mapped[str] = mapped_column(String(24))
    object_kind: Mapped[str] = mapped_column(String(24))
    object_id: Mapped[str] = mapped_column(String(64))
    product_id: Mapped[UUID | None]
    context: Mapped[dict[str, Any]]
    day: Mapped[str] = mapped_column(String(10))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A deed to be kept. `context` is small and holds nothing personal."""

    at: datetime
    actor: str
    verb: str
    object_kind: str
    object_id: str
    product_id: UUID | None
    context: Mapping[str, Any]
    session_key: str | None = None


def behaviour_row(deed: Behaviour, *, row_id: UUID | None = None) -> dict[str, Any]:
    """Return the row of `deed` as a mapping, with an id of its own unless one is given."""
    return {
        "id": row_id or new_id(),
        "at": deed.at,
        "actor": deed.actor,
        "session_key": deed.session_key,
        "verb": deed.verb,
        "object_kind": deed.object_kind,
        "object_id": deed.object_id,
        "product_id": deed.product_id,
        "context": dict(deed.context),
        "day": deed.at.astimezone(UTC).date().isoformat(),
    }


def insert_behaviour(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows made by `behaviour_row`; a row whose id is there already is left as it is."""
    batch = [dict(row) for row in rows]
    if not batch:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(postgresql.insert(BehaviourEvent).on_conflict_do_nothing(), batch)
    else:
        session.execute(sqlite.insert(BehaviourEvent).on_conflict_do_nothing(), batch)


class BehaviourBuffer:
    """Rows on their way to the database: bounded, shared by threads, written by a thread of its own.

    `close` writes what is left. What a killed process held in memory, at most `interval_s` seconds of it, is lost:
    the log is for counting, and no money and no lesson depends on it.
    """

    def __init__(
        self, database: Database, *, capacity: int = _CAPACITY, batch: int = _BATCH, interval_s: float = _INTERVAL_S
    ) -> None:
        self._database = database
        self._capacity, self._batch, self._interval_s = capacity, batch, interval_s
        self._rows: deque[dict[str, Any]] = deque()
        self._guard = threading.Lock()
        self._flushing = threading.Lock()
        self._full_batch = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._dropped_since = 0
        self.dropped = 0

    def add(self, deed: Behaviour) -> bool:
        """Take `deed` and return True, or count it as dropped and return False when the buffer is full or closed."""
        row = behaviour_row(deed)
        with self._guard:
            if self._closed.is_set() or len(self._rows) >= self._capacity:
                self.dropped += 1
                self._dropped_since += 1
                _dropped.inc()
                return False
            self._rows.append(row)
            is_full_batch = len(self._rows) >= self._batch
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="behaviour", daemon=True)
                self._thread.start()
        if is_full_batch:
            self._full_batch.set()
        return True

    def flush(self) -> int:
        """Write what waits and return how many rows; raises what the database raises, and then keeps the rows."""
        written = 0
        with self._flushing:
            self._report_drops()
            while batch := self._take():
                try:
                    self._database.write(partial(insert_behaviour, rows=batch))
                except BaseException:
                    self._give_back(batch)
                    raise
                written += len(batch)
                _written.inc(len(batch))
        return written

    def close(self) -> None:
        """Write what is left and stop; rows that come later are counted as dropped."""
        self._closed.set()
        self._full_batch.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._flush_or_log()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._full_batch.wait(self._interval_s)
            self._full_batch.clear()
            if not self._flush_or_log():
                self._closed.wait(self._interval_s)  # the database has a problem: do not press it

    def _flush_or_log(self) -> bool:
        try:
            self.flush()
        except (DBAPIError, Unavailable) as error:
            _log.warning("behaviour rows wait: the database does not take them", error=type(error).__name__)
            return False
        return True

    def _take(self) -> list[dict[str, Any]]:
        with self._guard:
            batch = [self._rows.popleft() for _ in range(min(self._batch, len(self._rows)))]
            _waiting.set(len(self._rows))
        return batch

    def _give_back(self, batch: list[dict[str, Any]]) -> None:
        with self._guard:
            self._rows.extendleft(reversed(batch))
            while len(self._rows) > self._capacity:
                self._rows.pop()
                self.dropped += 1
                self._dropped_since += 1
                _dropped.inc()

    def _report_drops(self) -> None:
        with self._guard:
            count, self._dropped_since = self._dropped_since, 0
        if count:
            _log.warning("behaviour rows were dropped: the buffer was full", rows=count)


def archive_key(day: date) -> str:
    """Return the key of a day's file in the file store."""
    return f"{ARCHIVE}/{day:%Y}/{day.isoformat()}.parquet"


def archived_days(files: FileStore) -> list[date]:
    """Return the days that have a file, oldest first."""
    names = (key.rpartition("/")[2] for key in files.keys(ARCHIVE))
    return sorted(date.fromisoformat(name.removesuffix(".parquet")) for name in names if name.endswith(".parquet"))


def archive(database: Database, files: FileStore, *, before_day: date) -> dict[date, int]:
    """Move the rows of every day before `before_day` (excluded) into that day's file; return day → rows moved.

    Run again after a crash, it ends where it would have ended. Rows that come late for an archived day join its file.
    """
    with database.reading() as session:
        wanted = select(BehaviourEvent.day).where(BehaviourEvent.day < before_day.isoformat()).distinct()
        days = sorted(date.fromisoformat(day) for day in session.scalars(wanted))
    return {day: _archive_day(database, files, day) for day in days}


def _archive_day(database: Database, files: FileStore, day: date) -> int:
    with database.reading() as session:
        columns = BehaviourEvent.__table__.columns
        found = session.execute(select(*columns).where(BehaviourEvent.day == day.isoformat()))
        rows = [dict(row) for row in found.mappings()]
    table = _union(_read_day(files, day), _table(rows))
    files.put(archive_key(day), _parquet(table))  # synced when it returns
    ids = [row["id"] for row in rows]
    database.write(lambda session: _delete(session, ids))
    return len(ids)


def _delete(session: Session, ids: list[UUID]) -> None:
    for start in range(0, len(ids), _DELETE_AT_ONCE):
        session.execute(delete(BehaviourEvent).where(BehaviourEvent.id.in_(ids[start : start + _DELETE_AT_ONCE])))


def read_archive(files: FileStore, *, days: Iterable[date] | None = None) -> "pa.Table":
    """Return the archived rows of `days` (default: all) as one Arrow table, ordered by actor and time."""
    import pyarrow as pa  # noqa: PLC0415 - 160 MiB that a web process never needs

    tables = [_read_day(files, day) for day in (archived_days(files) if days is None else days)]
    return _sorted(pa.concat_tables([_table([]), *tables]))


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 - as above

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
            pa.field("day", pa.date32(), nullable=False),
            pa.field("actor", pa.string(), nullable=False),
            pa.field("session_key", pa.string()),
            pa.field("verb", pa.string(), nullable=False),
            pa.field("object_kind", pa.string(), nullable=False),
            pa.field("object_id", pa.string(), nullable=False),
            pa.field("product_id", pa.string()),
            pa.field("context", pa.string(), nullable=False),
        ]
    )


def _table(rows: list[dict[str, Any]]) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 - as above

    return pa.Table.from_pylist([_plain(row) for row in rows], schema=_schema())


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    product_id = row["product_id"]
    return {
        **row,
        "id": str(row["id"]),
        "day": date.fromisoformat(row["day"]),
        "product_id": None if product_id is None else str(product_id),
        "context": json.dumps(row["context"], ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    }


def _read_day(files: FileStore, day: date) -> "pa.Table":
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    try:
        return pq.read_table(BytesIO(files.read_bytes(archive_key(day))), schema=_schema())
    except NotFound:
        return _table([])


def _union(old: "pa.Table", new: "pa.Table") -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 - as above
    import pyarrow.compute as pc  # noqa: PLC0415 - as above

    unknown = new.filter(pc.invert(pc.is_in(new["id"], value_set=old["id"].combine_chunks())))
    return _sorted(pa.concat_tables([old, unknown]))


def _sorted(table: "pa.Table") -> "pa.Table":
    return table.sort_by([("actor", "ascending"), ("at", "ascending"), ("id", "ascending")])


def _parquet(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    target = BytesIO()
    pq.write_table(table, target, compression="zstd", version="2.6", write_statistics=True)
    return target.getvalue()


def behaviour_rows(table: "pa.Table") -> Iterator[dict[str, Any]]:
    """Yield the rows of an archive table as mappings, `context` parsed."""
    for row in table.to_pylist():
        yield {**row, "context": json.loads(row["context"])}
