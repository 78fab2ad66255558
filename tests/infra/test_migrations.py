"""The history of migrations makes what the models say: tables, constraints, triggers; and can be taken back."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

import xingtan.domains
from xingtan.infra.db import Base, Database, migrate

_TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
}


def triggers(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text(_TRIGGERS[connection.dialect.name]))
    return {name: " ".join(sql.split()) for name, sql in rows if "search" not in name}


@pytest.fixture
def made_from_models(tmp_path: Path) -> Database:
    for domain in pkgutil.iter_modules(xingtan.domains.__path__, "xingtan.domains."):
        importlib.import_module(f"{domain.name}.models")
    made = Database(f"sqlite:///{tmp_path / 'models.sqlite3'}")
    Base.metadata.create_all(made.engine)
    return made


def test_nothing_is_missing_from_the_history(database: Database) -> None:
    with database.engine.connect() as connection:
        ours = lambda _item, name, kind, *_: not (kind == "table" and str(name).startswith("search_"))  # noqa: E731 - handed over at once
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
        assert compare_metadata(context, Base.metadata) == []


def test_the_triggers_are_those_of_the_models(database: Database, made_from_models: Database) -> None:
    with database.engine.connect() as migrated, made_from_models.engine.connect() as modelled:
        found, wanted = triggers(migrated), triggers(modelled)
    assert len(wanted) > 0
    if database.is_sqlite:
        assert found == wanted
    else:  # PostgreSQL needs fewer: one for update, delete and truncate alike
        assert {name.split("_")[0] for name in found} == {name.split("_")[0] for name in wanted}


def test_the_history_can_be_taken_back_and_run_again(database: Database) -> None:
    configuration = migrate._config(database)
    command.downgrade(configuration, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(database)
    assert migrate.current(database) == migrate.newest()
