"""The behaviour log: batches nobody waits for, files that a crash cannot hurt."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from xingtan.infra.analytics import (
    Behaviour,
    BehaviourBuffer,
    BehaviourEvent,
    archive,
    archive_key,
    archived_days,
    behaviour_row,
    behaviour_rows,
    insert_behaviour,
    read_archive,
)
from xingtan.infra.db import Database
from xingtan.infra.files import FileStore, open_store

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR = "a" * 32


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(database_url or f"sqlite:///{tmp_path / 'log.sqlite3'}")
    BehaviourEvent.__table__.create(database.engine, checkfirst=True)
    yield database
    database.close()


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return open_store(folder=tmp_path / "files")


def deed(number: int = 0, *, at: datetime = NOON, actor: str = ACTOR) -> Behaviour:
    return Behaviour(
        at=at,
        actor=actor,
        verb="viewed",
        object_kind="product",
        object_id=f"prd_{number}",
        product_id=UUID(int=number + 1),
        context={"language": "zh", "number": number},
    )


def rows_in(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(BehaviourEvent)) or 0


def write(database: Database, *deeds: Behaviour) -> list[str]:
    rows = [behaviour_row(one) for one in deeds]
    database.write(lambda session: insert_behaviour(session, rows))
    return sorted(str(row["id"]) for row in rows)


def buffer(log: Database, *, capacity: int = 20_000, batch: int = 500, interval_s: float = 600) -> BehaviourBuffer:
    return BehaviourBuffer(log, capacity=capacity, batch=batch, interval_s=interval_s)


def test_what_was_added_is_written_upon_close(log: Database) -> None:
    waiting = buffer(log)
    assert all(waiting.add(deed(number)) for number in range(7))
    assert rows_in(log) == 0
    waiting.close()
    assert rows_in(log) == 7


def test_a_full_batch_is_written_without_waiting_for_the_interval(log: Database) -> None:
    waiting = buffer(log, batch=5)
    for number in range(5):
        waiting.add(deed(number))
    deadline = threading.Event()
    for _ in range(100):
        if rows_in(log) == 5:
            break
        deadline.wait(0.05)
    assert rows_in(log) == 5
    waiting.close()


def test_a_few_rows_are_written_after_the_interval(log: Database) -> None:
    waiting = buffer(log, interval_s=0.05)
    waiting.add(deed())
    pause = threading.Event()
    for _ in range(100):
        if rows_in(log):
            break
        pause.wait(0.05)
    assert rows_in(log) == 1
    waiting.close()


def test_more_than_the_buffer_holds_is_dropped_and_counted(log: Database) -> None:
    waiting = buffer(log, capacity=3)
    taken = [waiting.add(deed(number)) for number in range(5)]
    assert taken == [True, True, True, False, False]
    assert waiting.dropped == 2
    waiting.close()
    assert rows_in(log) == 3


def test_nothing_is_taken_after_closing(log: Database) -> None:
    waiting = buffer(log)
    waiting.close()
    assert not waiting.add(deed())
    assert waiting.dropped == 1


def test_threads_lose_nothing_and_double_nothing(log: Database) -> None:
    waiting = buffer(log, batch=50, interval_s=0.01)

    def add(worker: int) -> None:
        for number in range(200):
            waiting.add(deed(worker * 1000 + number))

    threads = [threading.Thread(target=add, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waiting.close()
    with log.reading() as session:
        names = session.scalars(select(BehaviourEvent.object_id)).all()
    assert len(names) == len(set(names)) == 1600


def test_rows_wait_while_the_database_fails_and_are_written_once(
    log: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, real = buffer(log), log.write
    waiting.add(deed())

    def commits_and_then_reports_failure(work: Callable[..., object]) -> object:
        real(work)
        raise OperationalError("INSERT", {}, Exception("connection lost"))

    monkeypatch.setattr(log, "write", commits_and_then_reports_failure)
    with pytest.raises(OperationalError):
        waiting.flush()
    monkeypatch.undo()
    assert waiting.flush() == 1
    assert rows_in(log) == 1
    waiting.close()


def test_the_day_is_the_day_in_utc() -> None:
    late = datetime.fromisoformat("2026-03-02T07:30:00+08:00")
    assert behaviour_row(deed(at=late))["day"] == "2026-03-01"


def test_archiving_moves_whole_days_and_leaves_today(log: Database, files: FileStore) -> None:
    ids = write(log, deed(1), deed(2, actor="b" * 32), deed(3, at=NOON + timedelta(days=1)))
    write(log, deed(4, at=NOON + timedelta(days=2)))
    moved = archive(log, files, before_day=DAY + timedelta(days=2))
    assert moved == {DAY: 2, DAY + timedelta(days=1): 1}
    assert rows_in(log) == 1
    assert archived_days(files) == [DAY, DAY + timedelta(days=1)]
    table = read_archive(files)
    assert sorted(table["id"].to_pylist()) == ids
    row = next(one for one in behaviour_rows(table) if one["object_id"] == "prd_1")
    assert row["at"] == NOON
    assert row["product_id"] == str(UUID(int=2))
    assert row["context"] == {"language": "zh", "number": 1}


def test_the_archive_is_sorted_typed_and_small(log: Database, files: FileStore) -> None:
    write(log, *(deed(n, actor=f"{9 - n % 10}" * 32, at=NOON + timedelta(seconds=500 - n)) for n in range(500)))
    archive(log, files, before_day=DAY + timedelta(days=1))
    table = read_archive(files, days=[DAY])
    keys = list(zip(table["actor"].to_pylist(), table["at"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert str(table.schema.field("at").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("day").type) == "date32[day]"
    assert files.size(archive_key(DAY)) < 500 * 60


def test_rows_that_come_late_join_their_day(log: Database, files: FileStore) -> None:
    first = write(log, deed(1))
    archive(log, files, before_day=DAY + timedelta(days=1))
    second = write(log, deed(2))
    archive(log, files, before_day=DAY + timedelta(days=1))
    assert sorted(read_archive(files)["id"].to_pylist()) == sorted(first + second)
    assert rows_in(log) == 0


def test_an_empty_log_and_an_empty_archive(log: Database, files: FileStore) -> None:
    assert archive(log, files, before_day=DAY) == {}
    assert read_archive(files).num_rows == 0
    assert archived_days(files) == []


_VICTIM = """
import os, signal, sys
from datetime import date
from pathlib import Path
from xingtan.infra import analytics
from xingtan.infra.db import Database
from xingtan.infra.files import FileStore, open_store

url, folder, point = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
database, files = Database(url), open_store(folder=folder)
put, delete, write = FileStore.put, analytics._delete, Database.write

def dying_put(self, key, data):
    if point == "before the file":
        die()
    stored = put(self, key, data)
    if point == "after the file":
        die()
    return stored

def dying_delete(session, ids):
    delete(session, ids)
    session.flush()
    if point == "before the commit":
        die()

def dying_write(self, work):
    result = write(self, work)
    if point == "after the commit":
        die()
    return result

FileStore.put, analytics._delete, Database.write = dying_put, dying_delete, dying_write
analytics.archive(database, files, before_day=date(2026, 3, 2))
"""


@pytest.mark.faults
@pytest.mark.parametrize("point", ["before the file", "after the file", "before the commit", "after the commit"])
def test_killed_while_archiving_nothing_is_lost_or_doubled(
    point: str, log: Database, files: FileStore, tmp_path: Path
) -> None:
    ids = write(log, *(deed(number, actor=uuid4().hex) for number in range(300)))
    url = log.url.render_as_string(hide_password=False)
    victim = [sys.executable, "-c", _VICTIM, url, str(tmp_path / "files"), point]
    ended = subprocess.run(victim, check=False, env=dict(os.environ), timeout=60)
    assert ended.returncode == -signal.SIGKILL
    late = write(log, deed(999))
    archive(log, files, before_day=DAY + timedelta(days=1))
    assert sorted(read_archive(files)["id"].to_pylist()) == sorted(ids + late)
    assert rows_in(log) == 0
