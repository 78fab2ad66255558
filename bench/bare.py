"""The floor of a checkout: what one writes at least, in bare SQL through the bare driver, one transaction each.

A row for the one-time key, one entry and its three postings, a right, an event. Nothing is read, priced or checked.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg

_TABLES = (
    "CREATE TABLE bare_key (id TEXT PRIMARY KEY, answer TEXT NOT NULL)",
    "CREATE TABLE bare_entry (id TEXT PRIMARY KEY, fact TEXT NOT NULL UNIQUE)",
    "CREATE TABLE bare_posting (id TEXT PRIMARY KEY, entry_id TEXT NOT NULL, account TEXT NOT NULL, minor BIGINT)",
    "CREATE TABLE bare_right (id TEXT PRIMARY KEY, person_id TEXT NOT NULL, product_id TEXT NOT NULL)",
    "CREATE TABLE bare_event (id TEXT PRIMARY KEY, payload TEXT NOT NULL)",
)
_POSTINGS = (("assets:provider:sandbox", 19_900), ("income:sales", -18_774), ("liability:tax", -1_126))
Run = Callable[[str, tuple[object, ...]], object]


def floor(home: Path, url: str, *, clients: int, seconds: float) -> float:
    """Return bare checkouts per second with `clients` connections, at `url` (empty: SQLite in `home`)."""
    one = _sqlite(home / "bare.sqlite3", clients) if not url else _postgres(url, clients)
    done, until = [0] * clients, time.perf_counter() + seconds

    def client(number: int) -> None:
        checkout = one(number)
        while time.perf_counter() < until:
            checkout()
            done[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - began)


def _sqlite(path: Path, clients: int) -> Callable[[int], Callable[[], None]]:
    lock = threading.Lock()
    connections = [sqlite3.connect(path, isolation_level=None, check_same_thread=False) for _ in range(clients)]
    for connection in connections:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")
    _make(lambda statement, _: connections[0].execute(statement))

    def client(number: int) -> Callable[[], None]:
        connection = connections[number]

        def checkout() -> None:
            with lock:
                connection.execute("BEGIN IMMEDIATE")
                _write(connection.execute, "?")
                connection.execute("COMMIT")

        return checkout

    return client


def _postgres(url: str, clients: int) -> Callable[[int], Callable[[], None]]:
    address = url.replace("postgresql+psycopg", "postgresql")
    connections = [psycopg.connect(address) for _ in range(clients)]
    with connections[0].transaction():
        _make(lambda statement, _: connections[0].execute(statement))

    def client(number: int) -> Callable[[], None]:
        connection = connections[number]

        def checkout() -> None:
            with connection.transaction():
                _write(connection.execute, "%s")

        return checkout

    return client


def _make(run: Run) -> None:
    for statement in _TABLES:
        run(f"DROP TABLE IF EXISTS {statement.split()[2]}", ())
        run(statement, ())


def _write(run: Run, mark: str) -> None:
    key, entry = str(uuid4()), str(uuid4())
    run(f"INSERT INTO bare_key VALUES ({mark}, {mark})", (key, entry))  # noqa: S608 - names of our own
    for account, minor in _POSTINGS:
        values = ", ".join([mark] * 4)
        run(f"INSERT INTO bare_posting VALUES ({values})", (str(uuid4()), entry, account, minor))  # noqa: S608
    run(f"INSERT INTO bare_entry VALUES ({mark}, {mark})", (entry, key))  # noqa: S608
    run(f"INSERT INTO bare_right VALUES ({mark}, {mark}, {mark})", (str(uuid4()), key, entry))  # noqa: S608
    run(f"INSERT INTO bare_event VALUES ({mark}, {mark})", (str(uuid4()), key * 6))  # noqa: S608
