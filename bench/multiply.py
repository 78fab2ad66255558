"""One person's rows, many times over: whoever has lived through the real thing once stands for a hundred thousand.

Every id that is among the rows' own keys is made anew in each copy; what else must be unique gets the copy's number.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert, select

from xingtan.infra.db import Base, Database, new_id

_LEFT_OUT = ("outbox_event", "job", "job_schedule", "idempotency_key", "audit_event", "sandbox_notice")
_NUMBERED = ("person.email_index", "sales_order.number")
_AT_ONCE = 500
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Rows = dict[Table, list[dict[str, Any]]]


def snapshot(database: Database) -> Rows:
    """Return every row of the tables that are worth copying."""
    with database.engine.connect() as connection:
        return {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
            if table.name not in _LEFT_OUT
        }


def added(before: Rows, after: Rows) -> Rows:
    """Return the rows that are new."""
    found = {}
    for table, rows in after.items():
        known = {_key(table, row) for row in before.get(table, ())}
        found[table] = [row for row in rows if _key(table, row) not in known]
    return {table: rows for table, rows in found.items() if rows}


def _key(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column.key] for column in table.primary_key)


def multiply(database: Database, rows: Rows, count: int) -> None:
    """Write `rows` `count` times more."""
    tables = sorted(rows, key=_place)
    for start in range(0, count, _AT_ONCE):
        copies = [_copy(rows, number) for number in range(start, min(count, start + _AT_ONCE))]
        with database.engine.execution_options(writing=True).begin() as connection:
            for table in tables:
                connection.execute(insert(table), [row for copy in copies for row in copy[table]])


def _place(table: Table) -> tuple[int, int]:
    """Return the table's place: parents first, and postings before the entry that closes them."""
    order = [one.name for one in Base.metadata.sorted_tables]
    return (1 if table.name == "journal_entry" else 0, order.index(table.name))


def _copy(rows: Rows, number: int) -> Rows:
    ids = {str(one): new_id() for one in _ids(rows)}
    return {table: [_row(table, row, ids, number) for row in of_table] for table, of_table in rows.items()}


def _ids(rows: Rows) -> Iterator[UUID]:
    for table, of_table in rows.items():
        for row in of_table:
            yield from (row[column.key] for column in table.primary_key if isinstance(row[column.key], UUID))
            if "access_id" in row:
                yield row["access_id"]


def _row(table: Table, row: Mapping[str, Any], ids: Mapping[str, UUID], number: int) -> dict[str, Any]:
    return {name: _value(f"{table.name}.{name}", value, ids, number) for name, value in row.items()}


def _value(name: str, value: Any, ids: Mapping[str, UUID], number: int) -> Any:
    if isinstance(value, UUID):
        return ids.get(str(value), value)
    if isinstance(value, bytes):
        return value[:-4] + number.to_bytes(4, "big") if name in _NUMBERED else value
    if isinstance(value, str):
        return _text(name, value, ids, number)
    return value


def _text(name: str, value: str, ids: Mapping[str, UUID], number: int) -> str:
    found = _UUID.search(value)
    if found is not None and found[0] in ids:
        return value.replace(found[0], str(ids[found[0]]))
    return f"{value[:-7]}{number:07}" if name in _NUMBERED or value.startswith(("sbx_", "card_")) else value
