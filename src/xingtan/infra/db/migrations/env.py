"""Alembic's environment: every model, one metadata, the database that the caller opened."""

import importlib
import importlib.util
import pkgutil

from alembic import context

import xingtan.domains
from xingtan.infra.db.base import Base
from xingtan.infra.db.session import Database

for name in ("analytics", "inbox", "jobs", "outbox", "vault"):
    importlib.import_module(f"xingtan.infra.{name}")
for domain in pkgutil.iter_modules(xingtan.domains.__path__, "xingtan.domains."):
    if importlib.util.find_spec(f"{domain.name}.models"):
        importlib.import_module(f"{domain.name}.models")


def include_object(_item: object, name: str | None, type_: str, *_: object) -> bool:
    """Leave the full-text index alone: its tables differ by database and are written by hand."""
    return not (type_ == "table" and name is not None and name.startswith("search_"))


def run() -> None:
    """Run the revisions in one transaction each, on the caller's database."""
    database: Database = context.config.attributes["database"]
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=database.is_sqlite,
            transaction_per_migration=True,
            compare_type=True,
            include_object=include_object,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
